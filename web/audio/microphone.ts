import {
  type Capture,
  type CaptureListener,
  captureSound,
  UNPROCESSED,
} from '../../src/browser/captureSound.ts';
import { PageError } from '../pageError.ts';

/** A running microphone. */
export type Microphone = Capture;

/**
 * Asks for the microphone and ships what it hears, without the browser's processing for calls.
 *
 * @throws PageError that says what a person can do: insecure origin, no permission, no microphone, microphone in use
 */
export async function openMicrophone(listener: CaptureListener): Promise<Microphone> {
  // Browsers hide the device from plain http, except on this very machine.
  if (!isSecureContext || navigator.mediaDevices === undefined) {
    throw new PageError('insecure-origin');
  }
  const stream = await requestStream();
  return captureSound(stream, new URL('captureProcessor.js', import.meta.url), listener);
}

async function requestStream(): Promise<MediaStream> {
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: UNPROCESSED });
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
