import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRechunker } from '../../src/audio/rechunk.ts';
import { anyCuts, cutInto, drive, joinChunks } from '../helpers/cuts.ts';

const ramp = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => i);

describe('createRechunker', () => {
  it('gives chunks of one length and a shorter last one, whatever comes', () => {
    const samples = ramp(1234);
    fc.assert(
      fc.property(anyCuts(1234), fc.integer({ min: 1, max: 2000 }), (lengths, chunkSamples) => {
        const chunks = cutInto(samples, lengths).map((piece) => ({ samples: piece }));
        const out = drive(createRechunker(chunkSamples), chunks);
        expect(joinChunks(out)).toEqual(samples);
        expect(out).toHaveLength(Math.ceil(1234 / chunkSamples));
        for (const chunk of out.slice(0, -1)) expect(chunk.samples).toHaveLength(chunkSamples);
      }),
      { numRuns: 40 },
    );
  });

  it('gives a chunk with its last sample and never writes to it again', () => {
    const machine = createRechunker(4);
    const [first] = machine.push({ samples: ramp(5) });
    expect(first.samples).toEqual(ramp(4));
    drive(machine, [{ samples: ramp(9) }]);
    expect(first.samples).toEqual(ramp(4));
  });

  it('gives nothing for nothing', () => {
    expect(drive(createRechunker(4), [])).toEqual([]);
    expect(drive(createRechunker(4), [{ samples: ramp(4) }])).toHaveLength(1);
  });
});
