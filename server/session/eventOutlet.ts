import type { WireId } from '../../src/protocol/index.ts';
import type { SpeechEvent } from '../../src/core/types.ts';
import type { EventLog, LoggedEvent } from './eventLog.ts';
import type { KnownEvents } from './known.ts';
import type { Link } from './link.ts';
import { toProvisional } from './wireEvents.ts';

/** A session's events on their way to its client. */
export class EventOutlet {
  readonly #log: EventLog;
  /** What the client has of what comes again after a takeover. */
  #known: KnownEvents | undefined;
  /** Number of the next event for the link. */
  #cursor = 0;

  constructor(log: EventLog, known: KnownEvents | undefined) {
    this.#log = log;
    this.#known = known;
  }

  /** Whether all has gone out. */
  get isEmpty(): boolean {
    return this.#cursor === this.#log.end;
  }

  /** Reckoned for what is kept. */
  get bytes(): number {
    return this.#log.bytes;
  }

  /** The number of the first event that a client lacks, or undefined when the log no longer has it. */
  find(after: number, flush?: WireId): number | undefined {
    return this.#log.find(after, flush);
  }

  /** Events go out from this number on. */
  begin(cursor: number): void {
    this.#cursor = cursor;
  }

  /** Notes an event; one that the client has counts as sent. */
  push(event: LoggedEvent): void {
    this.#log.push(event);
    if (!this.#known) return;
    if (this.#known.has(event)) this.#cursor = this.#log.end;
    else if (event.t === 'u') this.#known = undefined;
  }

  /** Sends how the tail looks, where nothing else waits. */
  provisional(
    event: Extract<SpeechEvent, { readonly type: 'provisional' }>,
    link: Link | undefined,
  ): void {
    if (this.#known && event.from <= this.#known.after) return;
    if (link?.hasRoom() && this.isEmpty) link.send(toProvisional(event));
  }

  /** Sends what waits while the link has room and is the session's; false when some of it is gone. */
  send(link: Link, isOurs: () => boolean): boolean {
    if (this.#cursor < this.#log.start) return false;
    while (isOurs() && !this.isEmpty && link.hasRoom()) link.send(this.#log.at(this.#cursor++));
    return true;
  }
}
