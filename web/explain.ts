import { PipelineError } from '../src/core/errors.ts';
import { MAX_SECONDS } from './recording.ts';
import { PageError } from './pageError.ts';
import type { PageProblem } from './pageError.ts';

/** A problem in words for a person. */
export interface Explanation {
  /** Stable, for tests and bug reports. */
  readonly code: string;
  readonly title: string;
  readonly text: string;
  readonly action?: 'retry' | 'recut' | 'token';
}

type Words = Omit<Explanation, 'code'>;

const PAGE: Readonly<Record<PageProblem, Words>> = {
  'insecure-origin': {
    title: 'The microphone needs a secure page',
    text: 'Browsers give it to https pages and to localhost only. Open this page over https, or on the machine that runs the server. Sound files work here, too.',
  },
  'no-permission': {
    title: 'The microphone is blocked',
    text: 'Allow it for this page in the address bar (and in the system’s privacy settings), then try again. The sound is used for this picture and is not stored.',
    action: 'retry',
  },
  'no-microphone': {
    title: 'No microphone found',
    text: 'Plug one in or switch it on, then try again. You can also drop a sound file.',
    action: 'retry',
  },
  'microphone-busy': {
    title: 'The microphone does not start',
    text: 'Another program may be using it. Close that one, then try again.',
    action: 'retry',
  },
  'microphone-lost': {
    title: 'The microphone went away',
    text: 'It was unplugged or its permission was taken back. What was heard before is kept below.',
  },
  reconnecting: {
    title: 'The connection dropped',
    text: 'The page connects again by itself and sends what it hears meanwhile. What is here already can be saved.',
  },
  'went-on': {
    title: 'Another session went on with this recording',
    text: 'The server was started again, or was away too long. Nothing of the sound is lost: the new session began behind the last unit and catches up.',
  },
  'pieced-together': {
    title: 'The units come from more than one session',
    text: 'The connection was lost while you spoke. The sound is whole; around the gap a unit may be cut otherwise. Cut the recording anew to have all units from one session, or keep it as it is.',
    action: 'recut',
  },
  'unreadable-file': {
    title: 'This file cannot be read as sound',
    text: 'The browser knows no decoder for it. WAV always works: ffmpeg -i FILE -ac 1 -ar 16000 OUT.wav',
  },
  'empty-file': {
    title: 'There is no sound in this file',
    text: 'It has a header, but no samples. Record it again.',
  },
  'too-long': {
    title: `The page keeps ${MAX_SECONDS / 60} minutes at most`,
    text: 'Save what is here and begin anew. For long recordings use the command line: sylstream tokenize FILE',
  },
};

const WIRE: Readonly<Record<string, Words>> = {
  SYLSTREAM_ERR_CAPACITY: {
    title: 'The server is full',
    text: 'It serves as many streams as it can. The page asks again by itself for half a minute; the sound is kept.',
    action: 'retry',
  },
  SYLSTREAM_ERR_RATE_LIMITED: {
    title: 'Too many connections from here',
    text: 'Close other tabs with this page, wait a moment, then try again.',
    action: 'retry',
  },
  SYLSTREAM_ERR_DRAINING: {
    title: 'The server is restarting',
    text: 'Try again in a moment.',
    action: 'retry',
  },
  SYLSTREAM_ERR_AUTH: {
    title: 'This server wants to know who you are',
    text: 'Enter the access token that you were given. It stays in this page.',
    action: 'token',
  },
  SYLSTREAM_ERR_ORIGIN: {
    title: 'The server does not take this page’s address',
    text: `Ask whoever runs it to allow the origin ${globalThis.location?.origin ?? ''}.`,
  },
  SYLSTREAM_ERR_CONNECTION: {
    title: 'No connection to the server',
    text: 'It does not answer. Is it still running? What was heard is kept; try again to send it.',
    action: 'retry',
  },
  SYLSTREAM_ERR_RESUME_EXPIRED: {
    title: 'The connection was away too long',
    text: 'The server has forgotten this recording; the page still has the sound.',
    action: 'retry',
  },
  SYLSTREAM_ERR_SESSION_LIMIT: {
    title: 'The recording reached the server’s limit',
    text: 'Save it and begin a new one.',
  },
  SYLSTREAM_ERR_AUDIO_SUSPECT: {
    title: 'No speech is heard',
    text: 'Is the right microphone chosen, is it loud enough? A file whose two channels cancel each other out is heard as silence, too.',
  },
  SYLSTREAM_ERR_OVERRUN: {
    title: 'The connection is too slow, or this device',
    text: 'The sound came faster than it could be sent, or cut here. Try again on a better connection, on another device, or drop a file instead.',
    action: 'retry',
  },
};

/** Puts an error into words: what happened and what to do about it. */
export function explain(error: unknown): Explanation {
  if (error instanceof PageError) return { code: error.problem, ...PAGE[error.problem] };
  if (error instanceof PipelineError) {
    const words = WIRE[error.code] ?? {
      title: 'That did not work',
      text: error.message,
      action: 'retry',
    };
    return { code: error.code, ...words };
  }
  return {
    code: 'unexpected',
    title: 'Something unexpected happened in this page',
    text: error instanceof Error ? error.message : String(error),
    action: 'retry',
  };
}
