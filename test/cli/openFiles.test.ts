import { execFileSync, spawnSync } from 'node:child_process';
import { linkSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { limitParallel } from '../../src/cli/openFiles.ts';
import { ENGINE } from '../helpers/cli.ts';
import { program } from '../helpers/require.ts';
import { fixture } from '../helpers/speech.ts';

const SOURCES = new URL('../../src/cli/main.ts', import.meta.url).href;

describe('recordings at the same time', () => {
  it('are as many as were asked for where there are handles enough', () => {
    expect(limitParallel(8, 5_000)).toEqual({ parallel: 8 });
  });

  it.runIf(process.platform === 'linux' && program('ffmpeg'))(
    'are as many as there are file handles for, and none fails',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'sylstream-'));
      const flac = join(folder, '0.flac');
      const source = fixture('kathleen-a0002.wav');
      execFileSync('ffmpeg', ['-loglevel', 'error', '-t', '0.4', '-i', source, flac]);
      for (let n = 1; n < 40; n++) linkSync(flac, join(folder, `${n}.flac`));
      const run = `import('${SOURCES}').then(({run})=>run(process.argv.slice(1))).then((c)=>{process.exitCode=c})`;
      const args = [
        'tokenize',
        folder,
        ...ENGINE,
        '--parallel',
        '40',
        '--text',
        '-o',
        `${folder}/units/`,
      ];
      const limited = `ulimit -n 200; exec "$0" --import tsx -e "$1" -- ${args.join(' ')}`;
      const { status, stderr } = spawnSync('sh', ['-c', limited, process.execPath, run], {
        cwd: resolve(import.meta.dirname, '../..'),
        encoding: 'utf8',
      });
      expect(stderr).toMatch(
        /^\d+ recordings at the same time instead of 40: 200 open files are allowed \(ulimit -n\)\n$/,
      );
      expect(status).toBe(0);
    },
    180_000,
  );
});
