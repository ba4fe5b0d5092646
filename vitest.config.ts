import { defineConfig } from 'vitest/config';

const config: ReturnType<typeof defineConfig> = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/helpers/loadWasm.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Live tests pace real audio through real browsers and sound servers; on a shared machine one may starve once.
    retry: process.env['CI'] === 'true' ? 1 : 0,
  },
});
export default config;
