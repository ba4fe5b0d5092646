import { spawn } from 'node:child_process';
import { PassThrough } from 'node:stream';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PcmFormat } from '../../src/audio/pcm.ts';
import { encodeS16le } from '../../src/audio/pcm.ts';
import { wavHeader } from '../../src/audio/wavWriter.ts';
import { fromStdin } from '../../src/streams/fromStdin.ts';
import { createGate } from '../../src/streams/gate.ts';
import { anyCuts, cutInto } from '../helpers/cuts.ts';
import { play, wavBytes } from '../helpers/recording.ts';
import { clipSamples } from '../helpers/speech.ts';

const speech = clipSamples('kathleen-a0004').subarray(8000, 14_000);
const raw: PcmFormat = { encoding: 's16le', sampleRate: 16_000, channels: 1 };

describe('fromStdin', () => {
  it('knows a WAV file by its first bytes, declared or not, cut anywhere', async () => {
    const bytes = wavBytes(speech);
    await fc.assert(
      fc.asyncProperty(anyCuts(bytes.length), fc.boolean(), async (lengths, declared) => {
        const input = cutInto(bytes, lengths);
        const played = await play(fromStdin({ input, ...(declared && { raw }) }));
        expect(played.error).toBeUndefined();
        expect(played.samples).toEqual(speech);
      }),
      { numRuns: 10 },
    );
  });

  it('takes anything else as the raw samples that were declared', async () => {
    const bytes = encodeS16le(speech);
    await fc.assert(
      fc.asyncProperty(anyCuts(bytes.length), async (lengths) => {
        expect((await play(fromStdin({ input: cutInto(bytes, lengths), raw }))).samples).toEqual(
          speech,
        );
      }),
      { numRuns: 10 },
    );
  });

  it('reads a WAV file of unknown length from a pipe', async () => {
    const header = wavHeader({ sampleRate: 16_000, channels: 1 });
    const played = await play(fromStdin({ input: [header, encodeS16le(speech)] }));
    expect(played).toMatchObject({ samples: speech, error: undefined });
  });

  it.each([
    ['undeclared raw samples', [encodeS16le(speech)], undefined, 'SYLSTREAM_ERR_AUDIO_FORMAT'],
    ['nothing', [], undefined, 'SYLSTREAM_ERR_AUDIO_EMPTY'],
    ['nothing where raw samples were declared', [], raw, 'SYLSTREAM_ERR_AUDIO_EMPTY'],
    ['3 raw samples', [new Uint8Array(6)], raw, 'SYLSTREAM_ERR_AUDIO_SHORT'],
    ['5 raw bytes', [new Uint8Array(5)], raw, 'SYLSTREAM_ERR_AUDIO_BYTES'],
    ['RIFF and then nothing', [Buffer.from('RIFF')], undefined, 'SYLSTREAM_ERR_AUDIO_FORMAT'],
  ])('refuses %s', async (_, input, declared, code) => {
    expect((await play(fromStdin({ input, raw: declared }))).error).toMatchObject({ code });
  });

  it('says what the undeclared bytes are', async () => {
    const { error } = await play(fromStdin({ input: [Uint8Array.of(1, 255, 3)] }));
    expect(error).toMatchObject({
      message: expect.stringContaining('expected a WAV file, got bytes that begin 01 ff 03;'),
    });
  });

  it('lets the writer wait while the gate is shut', async () => {
    const gate = createGate({ aheadMs: 1000 });
    const input = new PassThrough();
    const subscription = fromStdin({ input, raw, gate }).subscribe();
    let written = 0;
    // A writer with manners: it stops when the stream is full.
    while (written < 10_000_000 && input.write(new Uint8Array(3200))) {
      written += 3200;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    expect(written).toBeLessThan(200_000);
    subscription.unsubscribe();
  });

  it('lets the program end when unsubscribed while nothing is piped in', async () => {
    const script = `import { fromStdin } from './src/streams/fromStdin.ts';
      const s = fromStdin().subscribe(); setTimeout(() => s.unsubscribe(), 100);`;
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', script],
      {
        stdio: ['pipe', 'inherit', 'inherit'],
      },
    );
    // Its standard input stays open: only closing it on this side of the pipe would end it otherwise.
    const code = await new Promise((resolve) => child.on('exit', resolve));
    expect(code).toBe(0);
  });

  it('refuses raw formats that are none', () => {
    expect(() => fromStdin({ raw: { ...raw, sampleRate: 1 } })).toThrow(RangeError);
    expect(() => Reflect.apply(fromStdin, undefined, [{ raw: 's16le' }])).toThrow(TypeError);
  });
});
