import { checkNumber, whole } from '../core/check.ts';
import type { Rate } from '../core/types.ts';
import type { WireAudioFormat } from '../protocol/index.ts';
import type { WebSocketFactory } from './webSocket.ts';

/** Options of `openStream()`. */
export interface StreamOptions {
  /** Samples a second of what is written, 8,000 to 192,000; default 16,000. */
  readonly sampleRate?: number;
  /** Interleaved channels of what is written, 1 to 6; default 1. */
  readonly channels?: number;
  /** How samples travel; bytes that are written must be in this format. Default `s16le`. */
  readonly format?: WireAudioFormat;
  /** `live` (default) or `file`: faster than real time. */
  readonly pace?: 'live' | 'file';
  /** Place of the rate dial; default `natural`. */
  readonly rate?: Rate;
  /** Longest wait for a decision, in milliseconds of audio; default 800. */
  readonly maxDelayMs?: number;
  /** Also emit the provisional tail; default false. */
  readonly partials?: boolean;
  /** Units carry their vectors; default false. */
  readonly features?: boolean;
  /** Continuations will be asked for: the server's language model reads along from the start. Default false. */
  readonly continuation?: boolean;
  /** A bundle's name or hash that the server must run. */
  readonly model?: string;
  /** Bearer token; not in browsers, which cannot set headers. */
  readonly token?: string;
  /** Fetches a one-time ticket; called before every connection. */
  readonly ticket?: () => Promise<string>;
  /** Speak JSON instead of MessagePack, to read along; default false. */
  readonly json?: boolean;
  /** Name and version for the server's log. */
  readonly client?: { readonly name: string; readonly version: string };
  /** What to do when a session cannot be resumed: fail (default), or begin anew with the audio that is still here. */
  readonly onLost?: 'fail' | 'restart';
  /** Milliseconds without a connection after which the stream fails; default 30,000. 0: never try again. */
  readonly giveUpMs?: number;
  /** Milliseconds until the first new attempt, doubled every time; default 100. */
  readonly backOffMs?: number;
  /** Audio that may wait here, in milliseconds, before `write` fails; default 30,000. */
  readonly bufferMs?: number;
  /** Milliseconds for a connection and its `ready`; default 10,000. */
  readonly connectTimeoutMs?: number;
  /**
   * Bytes of audio that may be kept here so that another gateway can take the stream over when this one goes; where the server
   * asks for more, it is not done. Default 8 MiB; 0: never.
   */
  readonly takeoverBytes?: number;
  /** Milliseconds without a message after which the client pings; after three times that it reconnects. Default 15,000. */
  readonly pingMs?: number;
  /** Makes the socket; default: the platform's, or the package `ws`. */
  readonly webSocket?: WebSocketFactory;
}

/** The options with their defaults. */
export type ResolvedOptions = StreamOptions &
  Required<
    Pick<
      StreamOptions,
      | 'sampleRate'
      | 'channels'
      | 'format'
      | 'pace'
      | 'onLost'
      | 'giveUpMs'
      | 'backOffMs'
      | 'bufferMs'
      | 'connectTimeoutMs'
      | 'pingMs'
      | 'takeoverBytes'
    >
  >;

/** Fills in the defaults; throws `RangeError` or `TypeError` naming what is wrong. */
export function resolveOptions(options: StreamOptions): ResolvedOptions {
  const resolved = {
    sampleRate: 16_000,
    channels: 1,
    format: 's16le',
    pace: 'live',
    onLost: 'fail',
    giveUpMs: 30_000,
    backOffMs: 100,
    bufferMs: 30_000,
    connectTimeoutMs: 10_000,
    pingMs: 15_000,
    takeoverBytes: 8_388_608,
    ...options,
  } as const;
  checkNumber('sampleRate', resolved.sampleRate, whole(8000, 192_000));
  checkNumber('channels', resolved.channels, whole(1, 6));
  checkNumber('giveUpMs', resolved.giveUpMs, whole(0, Number.MAX_SAFE_INTEGER));
  checkNumber('backOffMs', resolved.backOffMs, whole(1, 60_000));
  checkNumber('bufferMs', resolved.bufferMs, whole(100, 3_600_000));
  checkNumber('connectTimeoutMs', resolved.connectTimeoutMs, whole(1, 600_000));
  checkNumber('pingMs', resolved.pingMs, whole(10, 600_000));
  checkNumber('takeoverBytes', resolved.takeoverBytes, whole(0, 1_073_741_824));
  if (options.token !== undefined && options.ticket !== undefined) {
    throw new TypeError('token and ticket exclude each other');
  }
  return resolved;
}
