import { expect, test } from 'vitest';
import { createLogMel } from '../../../src/mel/logMel.ts';
import { fft } from '../../../src/mel/pffft.ts';
import type { MelBlock } from '../../../src/core/types.ts';
import { createWaveChunker } from '../../../src/models/encoder/waveChunker.ts';
import { cutChunks, seeded } from '../../helpers/cuts.ts';

const random = seeded(3);
const audio = Float32Array.from({ length: 320 * 50 + 77 }, () => random() - 0.5);

/** The audio's frames, in blocks as they come of these chunks. */
async function blocksOf(chunks: Iterable<{ samples: Float32Array }>): Promise<MelBlock[]> {
  await fft.load();
  const machine = createLogMel({ wave: true });
  return [...chunks].flatMap((chunk) => [...machine.push(chunk)] as MelBlock[]);
}

test('a block brings the samples that its frames are of', async () => {
  const blocks = await blocksOf(cutChunks(audio, 1, 2000));
  expect(blocks.length).toBeGreaterThan(5);
  for (const { firstFrame, frames, wave } of blocks) {
    const first = 160 * firstFrame;
    expect(wave).toEqual(audio.slice(first, first + 160 * frames + 240));
  }
});

test('chunks are the audio of their tokens and the 15 ms behind it, for any grouping of frames', async () => {
  for (const seed of [1, 2, 3]) {
    const chunker = createWaveChunker(8);
    const chunks = (await blocksOf(cutChunks(audio, seed, 3000))).flatMap(chunker.push);
    expect(chunks).toHaveLength(6);
    chunks.forEach(({ row, levels }, n) => {
      expect(row).toEqual(audio.slice(2560 * n, 2560 * (n + 1) + 240));
      expect(levels).toHaveLength(8);
    });
    const { row, levels } = chunker.rest();
    expect(levels).toHaveLength(1);
    expect(row).toEqual(audio.slice(320 * 48, 320 * 49 + 240));
  }
});

test('levels are the mean of the log-mel of a token', async () => {
  const [block] = await blocksOf([{ samples: audio.slice(0, 320 * 8 + 240) }]);
  const [{ levels }] = createWaveChunker(8).push(block);
  levels.forEach((level, t) => {
    const mel = block.mel.subarray(256 * t, 256 * (t + 1));
    expect(level).toBeCloseTo(mel.reduce((sum, value) => sum + value, 0) / 256, 4);
  });
});

test('blocks without their samples are refused', () => {
  const block = { firstFrame: 0, frames: 1, mel: new Float32Array(128) };
  expect(() => createWaveChunker(8).push(block)).toThrow(TypeError);
});
