import { createMono } from '../audio/mono.ts';
import { speex } from '../audio/speex.ts';
import type { Machine } from '../core/machine.ts';
import type { PcmChunk } from '../core/types.ts';

/** A microphone, or another source of live sound, that is being listened to. */
export interface Capture {
  /** Hz of the device, before resampling. */
  readonly sampleRate: number;
  /** Lets go of the device and hands out the resampler's last samples. */
  stop(): Promise<void>;
}

/** What a capture reports to. */
export interface CaptureListener {
  /** 16 kHz mono, as it is heard. */
  readonly onAudio: (samples: Float32Array) => void;
  /** The device went away: unplugged, or its permission taken back. */
  readonly onLost: () => void;
}

/** What `captureProcessor.ts` sends. */
interface CapturedAudio {
  readonly samples: Float32Array;
  readonly channels: number;
}

/** How a microphone is asked for: the browser's own echo, noise and gain processing is made for calls, and would change the units. */
export const UNPROCESSED: MediaTrackConstraints = {
  channelCount: { ideal: 1 },
  echoCancellation: false,
  noiseSuppression: false,
  autoGainControl: false,
};

/**
 * Listens to a stream of the browser through an AudioWorklet. The stream ends with it.
 *
 * @param script address of the worklet's script (`sylstream/browser/capture`)
 */
export async function captureSound(
  stream: MediaStream,
  script: string | URL,
  { onAudio, onLost }: CaptureListener,
): Promise<Capture> {
  const wasm = await speex.load();
  const context = contextFor(stream);
  let mono: Machine<PcmChunk, PcmChunk> | undefined;
  let channels = 0;
  const tell = (chunks: Iterable<PcmChunk> = []): void => {
    for (const { samples } of chunks) onAudio(samples);
  };
  const drain = (): void => {
    tell(mono?.flush());
    mono?.release?.();
    mono = undefined;
  };
  try {
    await context.audioWorklet.addModule(script);
    const node = new AudioWorkletNode(context, 'capture', { numberOfOutputs: 0 });
    const capture = ({ data }: MessageEvent<CapturedAudio>): void => {
      if (mono === undefined || data.channels !== channels) {
        drain();
        channels = data.channels;
        mono = createMono({ sampleRate: context.sampleRate, channels }, wasm);
      }
      tell(mono.push({ samples: data.samples }));
    };
    node.port.addEventListener('message', capture);
    node.port.start();
    context.createMediaStreamSource(stream).connect(node);
    await context.resume();
    const [track] = stream.getAudioTracks();
    track.addEventListener('ended', onLost);
    return {
      sampleRate: context.sampleRate,
      async stop() {
        track.removeEventListener('ended', onLost);
        release(stream);
        await context.close();
        node.port.removeEventListener('message', capture);
        drain();
      },
    };
  } catch (cause) {
    release(stream);
    await context.close();
    throw cause;
  }
}

/** An audio context at the stream's own rate where it is known, so that nobody resamples before the project does. */
function contextFor(stream: MediaStream): AudioContext {
  const { sampleRate } = stream.getAudioTracks()[0].getSettings();
  const latencyHint = 'interactive';
  if (sampleRate === undefined) return new AudioContext({ latencyHint });
  try {
    return new AudioContext({ latencyHint, sampleRate });
  } catch {
    return new AudioContext({ latencyHint }); // a rate that this browser does not run at; it resamples itself
  }
}

function release(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
