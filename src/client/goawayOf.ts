import type { GoAway } from '../protocol/index.ts';
import type { StreamEvent } from './events.ts';

/** The stream's event of a `goaway`. */
export function goawayOf({ deadline_ms: deadlineMs, reason }: GoAway): StreamEvent {
  return { type: 'goaway', deadlineMs, reason };
}
