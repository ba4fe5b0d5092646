import { defineConfig } from 'vitest/config';

/** Tests that pace real audio through real browsers and sound servers. */
const LIVE = [
  'test/web/**/*.test.ts',
  'test/browser/**/*.test.ts',
  'test/streams/microphone/**/*.test.ts',
  'test/cli/listen.test.ts',
  'test/mel/browser.test.ts',
  'test/examples/pythonLive.test.ts',
];

/** What only .ci/scale can run. */
const SCALE = ['test/scale/**'];

const config: ReturnType<typeof defineConfig> = defineConfig({
  test: {
    setupFiles: ['test/helpers/loadWasm.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      // No second try: a law that holds bit for bit holds at once.
      {
        extends: true,
        test: { name: 'exact', include: ['test/**/*.test.ts'], exclude: [...LIVE, ...SCALE] },
      },
      // On a shared machine one of these may starve once.
      {
        extends: true,
        test: { name: 'live', include: LIVE, retry: process.env['CI'] === 'true' ? 1 : 0 },
      },
    ],
  },
});
export default config;
