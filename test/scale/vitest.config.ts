import { defineConfig } from 'vitest/config';

/** What `.ci/scale` runs: tests against servers that are too heavy for `npm test`. */
const config: ReturnType<typeof defineConfig> = defineConfig({
  test: {
    setupFiles: ['test/helpers/loadWasm.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 180_000,
    hookTimeout: 120_000,
    include: ['test/scale/**/*.test.ts'],
  },
});
export default config;
