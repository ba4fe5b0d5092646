import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { textGrid } from '../../src/formats/textGrid.ts';
import { loadModels } from '../../src/models/loadModels.ts';
import type { Unit } from '../../src/core/types.ts';
import { SMALL, TINY } from '../helpers/bundles.ts';
import { ENGINE, sylstream } from '../helpers/cli.ts';
import { wholeUnits } from '../helpers/pipeline.ts';
import { clipSamples, fixture } from '../helpers/speech.ts';
import { present } from '../helpers/require.ts';
import { formatted, PROVENANCE } from '../helpers/units.ts';
import { programs, withoutSound } from '../helpers/virtualMicrophone.ts';

const folder = mkdtempSync(join(tmpdir(), 'sylstream-'));
const CLIP = fixture('kathleen-a0002.wav');
const SPEECH = clipSamples('kathleen-a0002');

describe('sylstream', () => {
  it('prints its version and its help on standard output', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await sylstream(['--version'])).toMatchObject({ status: 0, stdout: `${version}\n` });
    const help = await sylstream(['--help']);
    expect(help).toMatchObject({ status: 0, stderr: '' });
    for (const command of ['tokenize', 'listen', 'evaluate', 'model', 'serve', 'doctor']) {
      expect(help.stdout).toContain(`  ${command} `);
    }
    expect(help.stdout).toContain('Exit status: 0 done');
  });

  it.each([
    [['sing'], /unknown command 'sing'/],
    [['tokenize'], /missing required argument 'file'/],
    [['tokenize', CLIP, '--loud'], /unknown option '--loud'/],
    [['tokenize', CLIP, '--rate', 'fast'], /"natural" or a number.*got "fast"/],
    [['tokenize', CLIP, '--max-delay', '-1'], /milliseconds above 0, or "none", got "-1"/],
    [['tokenize', CLIP, '--providers', 'abacus'], /cpu, cuda, webgpu, got "abacus"/],
    [['tokenize', CLIP, '--format', 'csv', '--header'], /--header with --format jsonl/],
    [['tokenize', CLIP, '--format', 'npy', '--partials'], /--partials with --format jsonl/],
    [['tokenize', CLIP, '--plot', 'picture.gif'], /\.svg, \.png or \.html, got "picture\.gif"/],
    [['tokenize', CLIP, CLIP, '--plot', 'a.svg'], /one recording for --plot, got 2/],
    [
      ['tokenize', CLIP, CLIP, '--format', 'textgrid'],
      /one recording for --format textgrid, got 2/,
    ],
    [['tokenize', CLIP, CLIP, '--output', `${folder}/`], /different names/],
    [['tokenize', CLIP, '--output', CLIP], /another place to write to/],
    [['tokenize', '-', '-'], /standard input \(-\) once/],
    [['tokenize', CLIP, ...ENGINE, '--rate', '99'], /within the bundle's 5 to 8\.33, got 99/],
    [['tokenize', CLIP, ...ENGINE, '--sample-rate', '7000', '--input-format', 's16le'], /7000/],
    [['evaluate', CLIP], /required option '--ref <folder>' not specified/],
  ])('ends with status 2 for %j', async (args, says) => {
    const { status, stdout, stderr } = await sylstream(args);
    expect(stderr).toMatch(/^SYLSTREAM_ERR_USAGE /);
    expect(stderr).toMatch(says);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });

  it('prints a stack only with --verbose', async () => {
    const args = ['tokenize', ...ENGINE, join(folder, 'absent.wav')];
    expect((await sylstream(args)).stderr).not.toMatch(/\n\s+at /);
    const { status, stderr } = await sylstream([...args, '--verbose']);
    expect(status).toBe(3);
    expect(stderr).toMatch(/^SYLSTREAM_ERR_FILE_READ .*\nPipelineError: .*\n\s+at /);
    expect(stderr).toContain('ENOENT');
  });
});

describe('sylstream evaluate', () => {
  let units: Unit[];
  beforeAll(async () => {
    const models = await loadModels({ bundle: TINY, workers: 1 });
    units = await wholeUnits(SPEECH, models);
    await models.close();
    mkdirSync(join(folder, 'grids'));
    const grid = formatted(textGrid({ provenance: PROVENANCE }), units, SPEECH.length);
    writeFileSync(join(folder, 'grids/kathleen-a0002.TextGrid'), grid);
    mkdirSync(join(folder, 'lists'));
    const spoken = units.filter((unit) => !unit.pause);
    const late = spoken.map(({ start, end }) => ({
      start: start / 16_000 + 0.03,
      end: end / 16_000 + 0.03,
    }));
    writeFileSync(
      join(folder, 'lists/all.json'),
      JSON.stringify([{ id: 'kathleen-a0002', syllables: late }]),
    );
  });

  const evaluate = (...args: string[]) => sylstream(['evaluate', ...ENGINE, ...args, CLIP]);

  it("gives full marks for a TextGrid of one's own units", async () => {
    const { status, stdout } = await evaluate('--ref', join(folder, 'grids'), '--json');
    expect(status).toBe(0);
    const report = JSON.parse(stdout) as Record<string, Record<string, object>>;
    const { found } = (report['boundaries'] as Record<string, { found: number }>)['20'];
    const perfect = { precision: 1, recall: 1, f1: 1, rValue: 1 };
    // In a TextGrid the last unit ends with the recording, up to 40 ms later.
    expect(report['boundaries']).toMatchObject({ 20: { hits: found - 1 }, 50: perfect });
    expect(report).toMatchObject({
      bundle: 'tiny',
      shiftMs: 0,
      bundleShiftSamples: -40,
      maxDelayMs: 800,
    });
    expect(report).toMatchObject({ units: units.filter((unit) => !unit.pause).length });
    expect(report['recordings']).toHaveLength(1);
  });

  it('counts what lies 30 ms off at 50 ms and not at 20, until it is shifted', async () => {
    const lists = join(folder, 'lists');
    const scores = async (...args: string[]): Promise<[number, number]> => {
      const { stdout } = await evaluate('--ref', lists, '--json', ...args);
      const { boundaries } = JSON.parse(stdout) as { boundaries: Record<string, { f1: number }> };
      return [boundaries['20'].f1, boundaries['50'].f1];
    };
    const [strict, loose] = await scores();
    expect(strict).toBeLessThan(0.5);
    expect(loose).toBe(1);
    expect(await scores('--shift', '30')).toEqual([1, 1]);
  });

  it('prints a table for people that says which shift was used', async () => {
    const { stdout } = await evaluate('--ref', join(folder, 'lists'), '--shift', '30');
    expect(stdout).toContain('shift 30 ms');
    expect(stdout).toMatch(/20 ms +1\.000 +1\.000 +1\.000 +1\.000/);
    expect(stdout).toMatch(/units .* a second of speech, .* bits a second \(log2 of 4\)/);
    expect(stdout).toMatch(/delay .* ms median, .* ms 95th percentile, .* % forced/);
  });

  it('names the tier in the report, and warns where it is assumed', async () => {
    const unsure = join(folder, 'unsure');
    mkdirSync(unsure);
    const tier = (name: string): string => `"IntervalTier" "${name}" 0 2 2 0 0.5 "a" 0.5 2 "b"`;
    const grid = (...names: string[]): void =>
      writeFileSync(
        join(unsure, 'kathleen-a0002.TextGrid'),
        `"ooTextFile" "TextGrid" 0 2 <exists> ${names.length} ${names.map(tier).join('\n')}`,
      );
    grid('words', 'phones');
    const assumed = await evaluate('--ref', unsure);
    expect(assumed.status).toBe(0);
    expect(assumed.stderr).toMatch(
      /^evaluate: warning: tier "words" is taken .* "words", "phones".*--tier\n$/,
    );
    expect(assumed.stdout).toContain('reference: 1 of TextGrid, tier "words" (assumed');
    const chosen = await evaluate('--ref', unsure, '--tier', 'Phones', '--json');
    expect(chosen).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(chosen.stdout)).toMatchObject({ recordings: [{ tier: 'phones' }] });
    grid('words', 'syllables');
    const sure = await evaluate('--ref', unsure);
    expect(sure).toMatchObject({ status: 0, stderr: '' });
    expect(sure.stdout).toContain('reference: 1 of TextGrid, tier "syllables"\n');
  });

  it('ends with status 7 for a missing or damaged reference', async () => {
    const bad = join(folder, 'bad');
    mkdirSync(bad);
    const absent = await evaluate('--ref', bad);
    expect(absent.status).toBe(7);
    expect(absent.stderr).toMatch(/^SYLSTREAM_ERR_REFERENCE expected kathleen-a0002\.TextGrid/);
    writeFileSync(join(bad, 'kathleen-a0002.TextGrid'), 'File type = "ooTextFile"');
    const damaged = await evaluate('--ref', bad);
    expect(damaged.status).toBe(7);
    expect(damaged.stderr).toMatch(/^SYLSTREAM_ERR_REFERENCE .*the end of the file/);
    expect((await evaluate('--ref', join(folder, 'nowhere'))).status).toBe(7);
  });
});

describe('sylstream model', () => {
  it('says what a bundle is, for people and as JSON', async () => {
    const { status, stdout } = await sylstream(['model', 'info', TINY]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^name +tiny/m);
    expect(stdout).toMatch(/^hash +[0-9a-f]{64}$/m);
    const json = JSON.parse((await sylstream(['model', 'info', TINY, '--json'])).stdout) as object;
    expect(json).toMatchObject({ manifest: { name: 'tiny' }, config: { units: { merged: 4 } } });
  });

  it("verifies files and both precisions against the bundle's own units", async () => {
    const { status, stdout } = await sylstream(['model', 'verify', TINY]);
    expect(status).toBe(0);
    const [files, fp32, lmFp32, int8, lmInt8] = stdout.split('\n');
    expect(files).toMatch(/^files +\d+ whole, hash [0-9a-f]{64}$/);
    for (const [line, precision] of [
      [lmFp32, 'fp32'],
      [lmInt8, 'int8'],
    ]) {
      expect(line).toMatch(
        new RegExp(`^lm ${precision} +\\d+ golden units: mean log-probability -\\d`),
      );
    }
    expect(Number(/further off than (.*)$/.exec(lmFp32)![1])).toBeLessThan(1e-4);
    for (const line of [fp32, int8]) {
      const [, equal, expected] = /(\d+) of (\d+) golden units/.exec(line)!;
      expect(Number(equal)).toBeGreaterThanOrEqual(0.95 * Number(expected));
    }
  });
});

describe.runIf(present('bundle small', existsSync(SMALL)))(
  'head and voices of the bundle small',
  () => {
    it('are named by model info, and checked by model verify', async () => {
      const info = await sylstream(['model', 'info']);
      expect(info.stdout).toMatch(/^head +voice: man, woman; 4 s at once$/m);
      expect(info.stdout).toMatch(
        /^voices +kathleen \(a woman, American English, recorded\); rms /m,
      );
      const { status, stdout } = await sylstream(['model', 'verify']);
      expect({ status, stdout }).toMatchObject({ status: 0 });
      expect(stdout).toMatch(/^speak +\d+ golden frames of 7 units, no value further off than/m);
      for (const precision of ['fp32', 'int8']) {
        expect(stdout).toMatch(
          new RegExp(
            `^head ${precision} +(\\d+) of \\1 golden windows of voice, no probability`,
            'm',
          ),
        );
      }
    });
  },
);

describe('sylstream doctor', () => {
  interface Finding {
    readonly what: string;
    readonly state: string;
    readonly advice?: string;
  }

  it('says what is here and what to do about the rest', async () => {
    const env = { ...withoutSound(), PATH: programs({}) };
    const { status, stdout } = await sylstream(['doctor', '--bundle', TINY, '--json'], { env });
    expect(status).toBe(0);
    const findings = JSON.parse(stdout) as Finding[];
    const state = Object.fromEntries(findings.map((finding) => [finding.what, finding.state]));
    expect(state).toMatchObject({
      node: 'ok',
      'onnxruntime-node': 'ok',
      bundle: 'ok',
      'provider cpu': 'ok',
      ffmpeg: 'warn',
      'microphone parec': 'warn',
      'microphone arecord': 'warn',
    });
    const advice = findings.map((finding) => finding.advice ?? '').join('\n');
    expect(advice).toMatch(/install ffmpeg/);
    expect(advice).toMatch(/connect a microphone/);
  });

  it('ends with status 4 when the bundle is not there', async () => {
    const env = { ...withoutSound(), PATH: programs({}) };
    const { status, stdout } = await sylstream(['doctor', '--bundle', folder], { env });
    expect(status).toBe(4);
    expect(stdout).toMatch(/^\[FAIL\] bundle +SYLSTREAM_ERR_BUNDLE_MISSING/m);
  });
});
