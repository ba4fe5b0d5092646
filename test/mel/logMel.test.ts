import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogMel } from '../../src/mel/logMel.ts';
import type { Control, MelBlock, PcmChunk } from '../../src/core/types.ts';
import { isControl } from '../../src/core/types.ts';
import { anyCuts, cutChunks, cutInto, drive, join } from '../helpers/cuts.ts';
import { clipSamples } from '../helpers/speech.ts';

const samples = clipSamples('kathleen-a0004');

function melOf(values: (PcmChunk | Control)[]): Float32Array {
  const blocks = drive(createLogMel(), values).filter(
    (value): value is MelBlock => !isControl(value),
  );
  let next = 0;
  for (const block of blocks) {
    expect(block.firstFrame).toBe(next);
    expect(block.mel).toHaveLength(128 * block.frames);
    expect(block.frames).toBeGreaterThan(0);
    expect(block.frames).toBeLessThanOrEqual(100);
    next += block.frames;
  }
  return join(blocks.map((block) => block.mel));
}

describe('createLogMel', () => {
  it('gives the same frames, bit for bit, for any chunking', () => {
    const whole = melOf([{ samples }]);
    expect(whole).toHaveLength(260 * 128);
    fc.assert(
      fc.property(anyCuts(samples.length), (lengths) => {
        expect(melOf(cutInto(samples, lengths).map((piece) => ({ samples: piece })))).toEqual(
          whole,
        );
      }),
      { numRuns: 8 },
    );
  });

  it('gives the same frames sample by sample', () => {
    const part = samples.slice(8000, 12_000);
    const singles = [...part].map((sample) => ({ samples: Float32Array.of(sample) }));
    expect(melOf(singles)).toEqual(melOf([{ samples: part }]));
  });

  it('gives no block for a stream shorter than a window', () => {
    expect(drive(createLogMel(), [])).toEqual([]);
    expect(drive(createLogMel(), [{ samples: new Float32Array(399) }])).toEqual([]);
    expect(drive(createLogMel(), [{ samples: new Float32Array(400) }])).toHaveLength(1);
  });

  it('never writes to a block it has given', () => {
    const machine = createLogMel();
    const [first] = machine.push({ samples: samples.subarray(0, 8000) });
    if (isControl(first)) throw new Error('expected a block');
    const copy = first.mel.slice();
    drive(machine, [{ samples: samples.subarray(8000) }]);
    expect(first.mel).toEqual(copy);
  });

  it('passes controls through between the frames before and after them', () => {
    const flush = { control: 'flush', id: 7 } as const;
    const rate = { control: 'rate', rate: 5 } as const;
    const out = drive(createLogMel(), [
      { samples: samples.subarray(0, 500) },
      flush,
      rate,
      { samples: samples.subarray(500, 1000) },
    ]);
    expect(out.map((value) => (isControl(value) ? value : value.frames))).toEqual([
      1,
      flush,
      rate,
      3,
    ]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'gives the frames before a sample that is %s, then throws with its index',
    (value) => {
      const broken = samples.slice(0, 2000);
      broken[1234] = value;
      const whole = melOf([{ samples: samples.subarray(0, 1234) }]);
      for (const seed of [1, 2, 3]) {
        const machine = createLogMel();
        const blocks: MelBlock[] = [];
        const run = (): void => {
          for (const chunk of cutChunks(broken, seed, 500)) {
            for (const block of machine.push(chunk)) if (!isControl(block)) blocks.push(block);
          }
        };
        expect(run).toThrow(
          expect.objectContaining({
            code: 'SYLSTREAM_ERR_AUDIO_NOT_FINITE',
            message: expect.stringContaining(`got ${value} at sample 1234 (0.077 s)`),
          }),
        );
        expect(join(blocks.map((block) => block.mel))).toEqual(whole);
      }
    },
  );
});
