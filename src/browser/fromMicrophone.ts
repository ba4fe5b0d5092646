import { Observable } from 'rxjs';
import { PipelineError } from '../core/errors.ts';
import type { PcmChunk } from '../core/types.ts';
import { type Capture, captureSound, UNPROCESSED } from './captureSound.ts';

/** Options of the browser's `fromMicrophone()`. */
export interface FromMicrophoneOptions {
  /** Address of the AudioWorklet's script, `sylstream/browser/capture`. */
  readonly capture: string | URL;
  /** What to listen to instead of the microphone: a tab, a call, one device of several. It ends with the subscription. */
  readonly stream?: MediaStream | undefined;
}

/**
 * The microphone as 16 kHz mono chunks of about 20 ms, without the browser's processing for calls. Asks the person at
 * subscription; unsubscribing lets go of the device.
 *
 * Errors: `SYLSTREAM_ERR_MICROPHONE_MISSING` (none there, not allowed, or plain http), `SYLSTREAM_ERR_MICROPHONE_FAILED` (it went away).
 *
 * @example
 * import capture from 'sylstream/browser/capture?url'; // Vite
 * speechUnits(fromMicrophone({ capture }), models, { partials: true }).subscribe(console.log);
 */
export function fromMicrophone({ capture, stream }: FromMicrophoneOptions): Observable<PcmChunk> {
  return new Observable((subscriber) => {
    let capturing: Capture | undefined;

    async function listen(): Promise<void> {
      const heard = stream ?? (await askForMicrophone());
      const opened = await captureSound(heard, capture, {
        onAudio: (samples) => subscriber.next({ samples }),
        onLost: () => subscriber.error(failed('it was unplugged, or its permission taken back')),
      });
      if (subscriber.closed) await opened.stop();
      else capturing = opened;
    }

    listen().catch((cause: unknown) => {
      if (cause instanceof PipelineError) return subscriber.error(cause);
      subscriber.error(failed(cause instanceof Error ? cause.message : String(cause), cause));
    });
    return () => void capturing?.stop();
  });
}

async function askForMicrophone(): Promise<MediaStream> {
  // Browsers hide the device from plain http, except on this very machine.
  if (!isSecureContext || navigator.mediaDevices === undefined) {
    throw missing('the page came over plain http; serve it over https, or from localhost');
  }
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: UNPROCESSED });
  } catch (cause) {
    throw missing(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function missing(why: string, cause?: unknown): PipelineError {
  const message = `expected a microphone, and the browser gives none (${why}); connect one, and allow the page to use it`;
  return new PipelineError('SYLSTREAM_ERR_MICROPHONE_MISSING', message, { cause });
}

function failed(why: string, cause?: unknown): PipelineError {
  const message = `expected the microphone to go on, and it broke off (${why}); start again`;
  return new PipelineError('SYLSTREAM_ERR_MICROPHONE_FAILED', message, { cause });
}
