import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { program } from '../helpers/require.ts';
import { fixture } from '../helpers/speech.ts';

const folder = mkdtempSync(join(tmpdir(), 'sylstream-'));
const module = (path: string): string =>
  JSON.stringify(new URL(`../../src/streams/${path}`, import.meta.url).href);

/** What a process says that opens a source with only so many file handles left, closes them again and tries once more. */
function withHandlesLeft(left: number, imports: string, source: string): string[] {
  const script = join(folder, `left-${left}.mts`);
  writeFileSync(
    script,
    `import { closeSync, openSync } from 'node:fs';
     ${imports}
     const attempt = () => new Promise((done) => {
       let samples = 0;
       ${source}.subscribe({
         next: (chunk) => (samples += chunk.samples.length),
         error: (error) => done(error.code + ' ' + error.message),
         complete: () => done('read ' + samples),
       });
     });
     await attempt(); // what is loaded late is loaded now
     const held = [];
     try { for (;;) held.push(openSync('/dev/null', 'r')); } catch {}
     for (let n = 0; n < ${left}; n++) closeSync(held.pop());
     const scarce = await attempt();
     for (const descriptor of held) closeSync(descriptor);
     console.log(scarce);
     console.log(await attempt());`,
  );
  const limited = `ulimit -n 256; exec "${process.execPath}" --import tsx "${script}"`;
  const { status, stdout, stderr } = spawnSync('sh', ['-c', limited], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.trim().split('\n');
}

describe.runIf(process.platform !== 'win32')('a process that has no file handle left', () => {
  const flac = join(folder, 'speech.flac');
  const fromFile = `import { fromFile } from ${module('fromFile.ts')};`;

  it.runIf(program('ffmpeg'))('is told so when ffmpeg cannot be started, and goes on', () => {
    execFileSync('ffmpeg', ['-loglevel', 'error', '-y', '-i', fixture('kathleen-a0002.wav'), flac]);
    const [scarce, after] = withHandlesLeft(1, fromFile, `fromFile(${JSON.stringify(flac)})`);
    expect(scarce).toMatch(/^SYLSTREAM_ERR_FFMPEG_FAILED .*EMFILE.*ulimit -n/);
    expect(after).toMatch(/^read \d{5}/);
  });

  it('is told so when a file cannot be opened, and goes on', () => {
    const wav = JSON.stringify(fixture('kathleen-a0002.wav'));
    const [scarce, after] = withHandlesLeft(0, fromFile, `fromFile(${wav})`);
    expect(scarce).toMatch(/^SYLSTREAM_ERR_FILE_READ .*EMFILE.*ulimit -n/);
    expect(after).toMatch(/^read \d{5}/);
  });

  it('is told so when a microphone’s program cannot be started, and goes on', () => {
    const imports = `import { fromMicrophone } from ${module('microphone/fromMicrophone.ts')};`;
    const [scarce, after] = withHandlesLeft(
      2,
      imports,
      `fromMicrophone({ source: 'arecord', device: 'none' })`,
    );
    expect(scarce).toMatch(/^SYLSTREAM_ERR_MICROPHONE_MISSING .*EMFILE/);
    expect(after).toMatch(/^SYLSTREAM_ERR_MICROPHONE_MISSING/);
    expect(after).not.toContain('EMFILE');
  });
});
