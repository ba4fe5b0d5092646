import { PROTOCOL_MINOR } from '../protocol/index.ts';
import type { Hello } from '../protocol/index.ts';
import type { ResolvedOptions } from './options.ts';

/** The hello of a stream with these options, without what resumes it. */
export function helloOf(options: ResolvedOptions): Hello {
  const { format: fmt, sampleRate, channels: ch } = options;
  const { model, partials, features, continuation } = options;
  const { pace, rate, maxDelayMs, client, takeoverBytes } = options;
  return {
    t: 'hello',
    v: PROTOCOL_MINOR,
    audio: { fmt, rate: sampleRate, ch },
    pace,
    want: {
      partials: partials ?? false,
      features: features ?? false,
      ...(continuation !== undefined && { continuation }),
      ...(takeoverBytes > 0 && { takeover: true }),
    },
    ...(model !== undefined && { model }),
    ...(rate !== undefined && { rate }),
    ...(maxDelayMs !== undefined && { max_delay_ms: Math.min(60_000, maxDelayMs) }),
    ...(client !== undefined && { client }),
  };
}

/** What a client has of a session. */
export interface KnownSession {
  readonly after: number;
  readonly flush: string | number | undefined;
  /** All that was sent is still here. */
  readonly isWhole: boolean;
}

/** What a hello says of the session that goes on: its token, the last unit and the last answer to a flush that came. One that is whole may be begun again. */
export function resumeOf(
  { onLost }: ResolvedOptions,
  token: string,
  { after, flush, isWhole }: KnownSession,
): NonNullable<Hello['resume']> {
  return {
    token,
    after,
    only: onLost === 'fail' && !isWhole,
    ...(flush !== undefined && { flush }),
  };
}
