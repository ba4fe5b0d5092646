import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { createLogMel } from '../../src/mel/logMel.ts';
import { createResampler } from '../../src/audio/resampler.ts';
import { speex as wasm } from '../../src/audio/speex.ts';
import { isControl } from '../../src/core/types.ts';
import { drive, join as joined, joinChunks, seeded } from '../helpers/cuts.ts';
import { inChromium } from '../helpers/browser.ts';
import type { Files } from '../helpers/browser.ts';
import { program } from '../helpers/require.ts';

const speex = wasm.get();

/** Runs in the page, in the AudioWorklet and, in its own words, here: 44.1 kHz stereo of a seeded generator. */
const SIGNAL = `
  const random = seeded(21);
  const samples = Float32Array.from({ length: 60_000 }, () => random() - 0.5);
  function resampled(speex) {
    const machine = createResampler({ sampleRate: 44_100, channels: 2 }, speex);
    const chunks = [];
    for (let at = 0; at < samples.length; at += 256) chunks.push({ samples: samples.subarray(at, at + 256) });
    return joinChunks(drive(machine, chunks));
  }`;
const IMPORTS = `
  import { createResampler } from './src/audio/resampler.ts';
  import { drive, join, joinChunks, seeded } from './test/helpers/cuts.ts';`;
const PAGE = `${IMPORTS}
  import { createLogMel } from './src/mel/logMel.ts';
  import { fft } from './src/mel/pffft.ts';
  import { speex as wasm } from './src/audio/speex.ts';
  ${SIGNAL}
  const speex = await wasm.load();
  await fft.load();
  globalThis.inPage = () => Array.from(resampled(speex));
  globalThis.mel = () =>
    Array.from(join(drive(createLogMel(), [{ samples: resampled(speex) }]).map((block) => block.mel)));
  globalThis.inWorklet = async () => {
    const context = new OfflineAudioContext(1, 1, 44_100);
    await context.audioWorklet.addModule('/worklet.js');
    const wasm = await (await fetch('/speex-resampler-simd.wasm')).arrayBuffer();
    const node = new AudioWorkletNode(context, 'resampling', { processorOptions: { wasm } });
    return new Promise((resolve) => (node.port.onmessage = ({ data }) => resolve(data)));
  };
  globalThis.ready = true;`;
const WORKLET = `${IMPORTS}
  import createSpeex from '@echogarden/speex-resampler-wasm/simd';
  ${SIGNAL}
  registerProcessor('resampling', class extends AudioWorkletProcessor {
    constructor({ processorOptions: { wasm } }) {
      super();
      createSpeex({ wasmBinary: wasm, locateFile: (name) => name }).then(
        (speex) => this.port.postMessage(Array.from(resampled(speex))),
        (error) => this.port.postMessage(String(error)),
      );
    }
    process() { return true; }
  });`;

async function bundled(contents: string): Promise<string> {
  const result = await build({
    stdin: { contents, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: ['module'],
    write: false,
  });
  return result.outputFiles[0].text;
}

async function files(): Promise<Files> {
  const { resolve } = createRequire(import.meta.url);
  const wasm = (of: string, name: string): Files[string] => ({
    type: 'application/wasm',
    body: readFileSync(join(dirname(resolve(of)), name)),
  });
  const script = 'text/javascript';
  return {
    '/': { type: 'text/html', body: '<script type="module" src="/page.js"></script>' },
    '/page.js': { type: script, body: await bundled(PAGE) },
    '/worklet.js': { type: script, body: await bundled(WORKLET) },
    '/speex-resampler-simd.wasm': wasm(
      '@echogarden/speex-resampler-wasm/simd',
      'speex-resampler-simd.wasm',
    ),
    '/pffft.wasm': wasm('@echogarden/pffft-wasm/simd', 'pffft.wasm'),
  };
}

const digest = (values: Float32Array): string => createHash('sha256').update(values).digest('hex');

describe.runIf(program('chromium'))('the audio machines in Chromium', () => {
  it('give the bits of Node, in a page and in an AudioWorklet', async () => {
    const random = seeded(21);
    const samples = Float32Array.from({ length: 60_000 }, () => random() - 0.5);
    const resampled = joinChunks(
      drive(createResampler({ sampleRate: 44_100, channels: 2 }, speex), [{ samples }]),
    );
    const mel = joined(
      drive(createLogMel(), [{ samples: resampled }]).flatMap((b) => (isControl(b) ? [] : [b.mel])),
    );
    const there = await inChromium(await files(), async (page) => {
      await page.waitForFunction('globalThis.ready');
      const run = async (name: string): Promise<Float32Array> => {
        const values: unknown = await page.evaluate(`globalThis.${name}()`);
        if (!Array.isArray(values)) throw new Error(`${name}: ${String(values)}`);
        return Float32Array.from(values);
      };
      return { page: await run('inPage'), worklet: await run('inWorklet'), mel: await run('mel') };
    });
    expect(resampled).toHaveLength(Math.ceil((30_000 * 16_000) / 44_100));
    expect(digest(there.page)).toBe(digest(resampled));
    expect(digest(there.worklet)).toBe(digest(resampled));
    expect(there.mel).toHaveLength(mel.length);
    expect(digest(there.mel)).toBe(digest(mel));
  });
});
