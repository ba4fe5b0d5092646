import type { Models } from '../../src/models/loadModels.ts';
import {
  bytesPerMoment,
  disposition,
  errorCodeOf,
  validateClientMessage,
} from '../../src/protocol/index.ts';
import type {
  Audio,
  ClientMessage,
  Codec,
  Hello,
  WireCode,
  WireId,
} from '../../src/protocol/index.ts';
import { settingFor } from '../../src/segments/rateDial.ts';
import { PipelineError } from '../../src/core/errors.ts';

/** What a server must do with a message. */
export type Verdict =
  /** Nothing comes back. */
  | { readonly kind: 'none' }
  /** Exactly this comes back, in the order of the messages. */
  | { readonly kind: 'answer'; readonly message: Readonly<Record<string, unknown>> }
  /** A `flushed` of this id comes back in time. */
  | { readonly kind: 'flushed'; readonly id: WireId }
  /** In time one of: `gend` of this id without `more`, or a non-fatal `rate_limited` or `option` about it. */
  | { readonly kind: 'asked'; readonly id: WireId }
  /** A `ready` comes back: the hello was good. */
  | { readonly kind: 'ready' }
  /** The rest of the answers, `done`, and close 1000. */
  | { readonly kind: 'done' }
  /** This error, fatal, then its close code. */
  | { readonly kind: 'fatal'; readonly code: WireCode; readonly close: number }
  /** The clock decides: do not send it. */
  | { readonly kind: 'unclear' };

/** Options of `createOracle()`. */
export interface OracleOptions {
  readonly models: Models;
  readonly codec: Codec;
  /** The hello that was answered already; without it the first message must be one. */
  readonly hello?: Hello;
  /** Seconds of audio that the server lets in at once, and those that it can have let in at the end. */
  readonly creditSeconds: { readonly sure: number; readonly most: number };
}

/**
 * The protocol as a function of the messages of one connection: `docs/protocol.md` once more, without sockets, clock or
 * pipeline. Bytes are read by the library's own codec and checks, which `test/protocol` holds to the golden messages.
 */
export interface Oracle {
  /** Samples that were taken. */
  readonly received: number;
  /** Different flushes so far. */
  readonly flushes: number;
  /** Judges the next message, and takes it as sent unless it is `unclear`. */
  judge(data: Uint8Array | string): Verdict;
}

/** Makes an oracle for a fresh connection. */
export function createOracle({ models, codec, hello, creditSeconds }: OracleOptions): Oracle {
  const flushed = new Set<WireId>();
  let audio = hello?.audio;
  let received = 0;
  /** The number that the next `set` or `flush` has, if it says none. */
  let controls = 0;

  function judge(data: Uint8Array | string): Verdict {
    let message: ClientMessage;
    try {
      message = validateClientMessage(codec.decode(data));
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error;
      const isUnknown = error.code === 'SYLSTREAM_ERR_UNKNOWN_TYPE';
      if (!isUnknown) return fatal('malformed');
      return audio === undefined ? fatal('order') : mistake('unknown_type');
    }
    return audio === undefined ? first(message) : later(message, audio);
  }

  function first(message: ClientMessage): Verdict {
    if (message.t !== 'hello') return fatal('order');
    const { fmt, rate, ch } = message.audio;
    const isTaken =
      ['s16le', 'f32le', 'mulaw', 'alaw'].includes(fmt) &&
      rate >= 8000 &&
      rate <= 192_000 &&
      ch >= 1 &&
      ch <= 6;
    if (!isTaken) return fatal('audio_format');
    const { manifest, hash } = models.bundle;
    if (![undefined, manifest.name, hash].includes(message.model)) return fatal('model');
    if (message.resume?.only === true) return fatal('resume_expired');
    if (message.rate !== undefined && !offers(message.rate)) return fatal('option');
    audio = message.audio;
    return { kind: 'ready' };
  }

  function later(message: ClientMessage, { fmt, ch, rate }: Hello['audio']): Verdict {
    switch (message.t) {
      case 'hello':
        return fatal('order');
      case 'a': {
        const size = bytesPerMoment({ fmt, ch, rate });
        if (message.d.byteLength % size !== 0) return fatal('audio_bytes');
        const known = Math.max(0, received - message.n);
        return (
          audioTo(message, message.d.byteLength / size, rate) ??
          (fmt === 'f32le' ? finite(message.d.subarray(known * size), ch) : { kind: 'none' })
        );
      }
      case 'again': {
        const size = bytesPerMoment({ fmt, ch, rate });
        if (message.d !== undefined && message.d.byteLength % size !== 0)
          return fatal('audio_bytes');
        return message.n > received ? fatal('audio_gap') : { kind: 'none' };
      }
      case 'gap':
        return audioTo(message, message.len, rate) ?? { kind: 'none' };
      case 'set':
        if (!isNewControl(message.k)) return { kind: 'none' };
        return offers(message.rate) ? { kind: 'none' } : mistake('option', 'set');
      case 'flush':
        if (!isNewControl(message.k)) return { kind: 'none' };
        if (flushed.has(message.id)) return { kind: 'none' };
        flushed.add(message.id);
        return { kind: 'flushed', id: message.id };
      case 'gen':
        return { kind: 'asked', id: message.id };
      case 'say': // the tiny bundle has no vocoder
        return answer({ t: 'wend', id: message.id, reason: 'unsupported', n: 0 });
      case 'heard':
      case 'cancel':
        return { kind: 'none' };
      case 'ping':
        return answer({ ...message, t: 'pong' });
      case 'pong':
        return { kind: 'none' };
      case 'end':
        return { kind: 'done' };
    }
  }

  /** Whether a control of this number was not taken before: after a takeover a client says its controls again. */
  function isNewControl(number = controls): boolean {
    if (number < controls) return false;
    controls = number + 1;
    return true;
  }

  /** What is wrong with the place of audio; undefined when it is taken. */
  function audioTo({ n }: Pick<Audio, 'n'>, length: number, rate: number): Verdict | undefined {
    if (n > received) return fatal('audio_gap');
    const end = n + length;
    if (end > creditSeconds.most * rate) return fatal('overrun');
    if (end > creditSeconds.sure * rate) return { kind: 'unclear' };
    received = Math.max(received, end);
    return undefined;
  }

  function offers(rate: 'natural' | number): boolean {
    try {
      settingFor(models.bundle.config.boundaries, rate);
      return true;
    } catch {
      return false; // a RangeError is its way to say no
    }
  }

  return {
    get received() {
      return received;
    },
    get flushes() {
      return flushed.size;
    },
    judge,
  };
}

/** Judges float samples. */
/** What is heard is the mean of the channels. */
function finite(bytes: Uint8Array, channels: number): Verdict {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.byteLength; at += 4 * channels) {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += view.getFloat32(at + 4 * c, true);
    if (!(Math.abs(sum / channels) <= 1e9)) return fatal('audio_not_finite');
  }
  return { kind: 'none' };
}

function fatal(code: WireCode): Verdict {
  return { kind: 'fatal', code, close: disposition(errorCodeOf(code)).close };
}

function answer(message: Readonly<Record<string, unknown>>): Verdict {
  return { kind: 'answer', message };
}

function mistake(code: WireCode, ref?: WireId): Verdict {
  return answer({ t: 'error', code, fatal: false, ...(ref !== undefined && { ref }) });
}
