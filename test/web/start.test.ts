import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SMALL } from '../helpers/bundles.ts';
import { jsonLines, sylstream } from '../helpers/cli.ts';
import { present, program } from '../helpers/require.ts';
import { fixture } from '../helpers/speech.ts';
import {
  activity,
  bundledPage,
  dropFile,
  PATIENCE_MS,
  savedUnits,
  screenshot,
  withPage,
} from './studioPage.ts';

const FILE = fixture('kathleen-a0004.wav');
const ready = program('chromium') && present('models/small', existsSync(SMALL));

describe.runIf(ready)('npm start', { timeout: 4 * PATIENCE_MS }, () => {
  const built = bundledPage();

  it('prints an address whose page gives the units of `sylstream tokenize` for a dropped file', async () => {
    const flags = ['--port', '0', '--web', built.folder, '--log-level', 'silent'];
    let stop = (): void => undefined;
    let printed: (url: string) => void;
    const url = new Promise<string>((resolve) => (printed = resolve));
    const server = sylstream(['serve', ...flags], {
      onStart(child) {
        stop = () => void child.kill('SIGTERM');
        child.stdout?.on('data', (text: string) => {
          const address = /listens on (http:\S+)/.exec(text)?.[1];
          if (address !== undefined) printed(address);
        });
      },
    });
    try {
      const early = server.then(({ status, stderr }) => {
        throw new Error(`the server ended with ${status}: ${stderr}`);
      });
      const { units, chips } = await withPage(
        await Promise.race([url, early]),
        {},
        async (page) => {
          await dropFile(page, 'speech.wav', readFileSync(FILE));
          await activity(page, 'done');
          await screenshot(page, 'npm-start-dark');
          const chips = await page.locator('#chips span:not(.pause)').allInnerTexts();
          return { units: await savedUnits(page), chips };
        },
      );
      expect(units.length).toBeGreaterThan(5);
      const { stdout } = await sylstream(['tokenize', FILE]);
      const printed = jsonLines<{ label?: string; pause?: true }>(stdout);
      expect(units).toEqual(printed);
      expect(chips).toEqual(printed.flatMap(({ pause, label }) => (pause ? [] : [label])));
    } finally {
      stop();
    }
    expect((await server).status).toBe(0);
  });
});
