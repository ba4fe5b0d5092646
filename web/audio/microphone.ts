import { toPipelineAudio } from './toPipeline.ts';
import type { PipelineAudio } from './toPipeline.ts';
import { PageError } from '../pageError.ts';

/** A running microphone. */
export interface Microphone {
  /** Hz of the device, before resampling. */
  readonly sampleRate: number;
  /** Lets go of the device and hands out the filter's last samples. */
  stop(): Promise<void>;
}

/** What `openMicrophone` reports to. */
export interface MicrophoneListener {
  /** 16 kHz mono, as it is heard. */
  readonly onAudio: (samples: Float32Array) => void;
  /** The device went away: unplugged, or its permission taken back. */
  readonly onLost: () => void;
}

interface CapturedAudio {
  readonly samples: Float32Array;
  readonly channels: number;
}

/**
 * Asks for the microphone and ships what it hears. The browser's own echo, noise and gain processing is off: it is made
 * for calls and would change the units.
 *
 * @throws PageError that says what a person can do: insecure origin, no permission, no microphone, microphone in use
 */
export async function openMicrophone(listener: MicrophoneListener): Promise<Microphone> {
  // Browsers hide the device from plain http, except on this very machine.
  if (!isSecureContext || navigator.mediaDevices === undefined) {
    throw new PageError('insecure-origin');
  }
  const stream = await requestStream();
  const context = contextFor(stream);
  let audio: PipelineAudio | undefined;
  let channelsNow = 0;
  const drain = (): void => audio?.finish().forEach(listener.onAudio);
  try {
    await context.audioWorklet.addModule(new URL('captureProcessor.js', import.meta.url));
    const node = new AudioWorkletNode(context, 'capture', { numberOfOutputs: 0 });
    const capture = ({ data }: MessageEvent<CapturedAudio>): void => {
      if (data.channels !== channelsNow) {
        drain();
        channelsNow = data.channels;
        audio = toPipelineAudio({ sampleRate: context.sampleRate, channels: channelsNow });
      }
      audio?.push(data.samples).forEach(listener.onAudio);
    };
    node.port.addEventListener('message', capture);
    node.port.start();
    context.createMediaStreamSource(stream).connect(node);
    await context.resume();
    stream.getAudioTracks()[0].addEventListener('ended', listener.onLost);
    return {
      sampleRate: context.sampleRate,
      async stop() {
        stream.getAudioTracks()[0].removeEventListener('ended', listener.onLost);
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

/** An audio context at the microphone's own rate where it is known, so that nobody resamples before the project does. */
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

async function requestStream(): Promise<MediaStream> {
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: {
        channelCount: { ideal: 1 },
        echoCancellation: false,
        noiseSuppression: false,
        autoGainControl: false,
      },
    });
  } catch (cause) {
    // The names are those of the Media Capture specification, section 10.3.
    const name = cause instanceof DOMException ? cause.name : '';
    if (name === 'NotAllowedError' || name === 'SecurityError')
      throw new PageError('no-permission', { cause });
    if (name === 'NotFoundError' || name === 'OverconstrainedError')
      throw new PageError('no-microphone', { cause });
    throw new PageError('microphone-busy', { cause });
  }
}
