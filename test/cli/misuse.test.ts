import { describe, expect, it } from 'vitest';
import { EXIT, exitCodeFor } from '../../src/cli/exitCodes.ts';
import { errorLine } from '../../src/cli/report.ts';
import { fromOptions, misuse } from '../../src/cli/usage.ts';
import { ENGINE, sylstream } from '../helpers/cli.ts';
import { TINY_HEAD } from '../helpers/bundles.ts';

const CLIP = 'test/fixtures/kathleen-a0002.wav';

describe('a usage error', () => {
  it.each([new TypeError('x is undefined'), new RangeError('Invalid array length')])(
    'is not what a bug of ours throws: %s',
    (error) => {
      expect(errorLine(error)).toMatch(/^SYLSTREAM_ERR_INTERNAL /);
      expect(exitCodeFor(error)).toBe(EXIT.internal);
    },
  );

  it('is what misuse() makes, and a RangeError about an option', () => {
    const outOfRange = (): never => {
      throw new RangeError('rate must be within 5 to 8, got 99');
    };
    for (const make of [() => fromOptions(outOfRange), () => fromOptions(() => misuse('wrong'))]) {
      let error: unknown;
      try {
        error = make();
      } catch (thrown) {
        error = thrown;
      }
      expect(errorLine(error)).toMatch(/^SYLSTREAM_ERR_USAGE (rate must be within|wrong)/);
      expect(exitCodeFor(error)).toBe(EXIT.usage);
    }
  });

  it('is not a TypeError, whatever led to it', () => {
    const broken = (): never => {
      throw new TypeError('x is not a function');
    };
    expect(() => fromOptions(broken)).toThrow(TypeError);
  });

  it.each([
    [['tokenize', CLIP, '--workers', '65'], /from 1 to 64, got "65"/],
    [['tokenize', CLIP, '--input-format', 's16le', '--channels', '99'], /99/],
    [['tokenize', CLIP, '--rate', '99'], /rate must be .*, got 99/],
    [['classify', CLIP, '--head', TINY_HEAD, '--window', '30'], /multiple of 20/],
    [['continue', CLIP, '--channels', '99', '--input-format', 's16le'], /99/],
  ])('is said of %j', async (args, says) => {
    const { status, stdout, stderr } = await sylstream([...args, ...ENGINE]);
    expect(stderr).toMatch(/^SYLSTREAM_ERR_USAGE [^\n]*\n/);
    expect(stderr).toMatch(says);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });
});
