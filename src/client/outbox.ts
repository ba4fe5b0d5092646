import type { ClientMessage } from '../protocol/index.ts';

/** What a client has to say at a place between two samples: it counts once however often it is sent. */
export type WireControl = Extract<ClientMessage, { readonly t: 'set' | 'flush' | 'end' }>;

/**
 * Everything that the server may not have yet, in order: audio by its index, and controls at their place in it.
 * Nothing is forgotten before the server has acknowledged it, so any of it can be sent again.
 */
export interface Outbox {
  /** Index of the sample after the last one written. */
  readonly written: number;
  /** Index of the first sample that is still here. */
  readonly first: number;
  /** Index from which on everything is still here. */
  readonly kept: number;
  /** Samples that wait or are not acknowledged. */
  readonly held: number;
  /** Appends audio: whole moments. */
  pushAudio(bytes: Uint8Array): void;
  /** Appends a hole of so many samples. */
  pushGap(moments: number): void;
  /** Appends a control at the current place. */
  pushControl(message: WireControl): void;
  /** The next message that fits before sample `limit`, or undefined. */
  take(limit: number): ClientMessage | undefined;
  /** The server has all samples before `n`, and so all controls that came before them; what comes from `keep` on is kept. */
  acknowledge(n: number, keep?: number): void;
  /** A flush was answered: it need not be sent again. */
  forget(flush: string | number): void;
  /** Sends again from sample `n` on, which must still be here. */
  rewind(n: number): void;
  /** The same for another gateway: from the past on, which does not count as sent before `next`, controls from number `k` on. */
  replay(past: { readonly from: number; readonly next: number; readonly k: number }): void;
}

type Item =
  | { readonly at: number; readonly moments: number; readonly bytes?: Uint8Array }
  | { readonly at: number; readonly moments: 0; readonly control: WireControl };

/** Bytes of one `a`: half the message limit, far above any sensible chunk. */
const MAX_AUDIO_BYTES = 32 * 1024;

/** Makes an empty outbox for audio of `momentBytes` a sample of all channels. */
export function createOutbox(momentBytes: number): Outbox {
  const maxMoments = Math.floor(MAX_AUDIO_BYTES / momentBytes);
  let items: Item[] = [];
  /** Place in `items` of what is sent next, and how much of it was sent. */
  let cursor = 0;
  let sentOfItem = 0;
  let written = 0;
  let acknowledged = 0;
  let kept = 0;
  /** Audio before it goes as `again`. */
  let past = 0;
  /** Controls with a lower number are known. */
  let firstControl = 0;

  function takeAudio(item: Item, limit: number): ClientMessage | undefined {
    const n = item.at + sentOfItem;
    const isPast = n < past;
    const moments = Math.min(item.moments - sentOfItem, (isPast ? past : limit) - n, maxMoments);
    if (moments <= 0) return undefined;
    const from = sentOfItem * momentBytes;
    sentOfItem += moments;
    if (sentOfItem === item.moments) next();
    if (!('bytes' in item) || item.bytes === undefined)
      return { t: isPast ? 'again' : 'gap', n, len: moments };
    return {
      t: isPast ? 'again' : 'a',
      n,
      d: item.bytes.subarray(from, from + moments * momentBytes),
    };
  }

  /** Goes to what comes at `n` or later. */
  function seek(n: number): void {
    cursor = items.findIndex((item) => item.at >= n || item.at + item.moments > n);
    if (cursor < 0) cursor = items.length;
    const item = items[cursor];
    sentOfItem = item === undefined ? 0 : Math.max(0, n - item.at);
  }

  const isKnown = (control: WireControl): boolean =>
    control.t !== 'end' && control.k !== undefined && control.k < firstControl;

  function next(): void {
    cursor++;
    sentOfItem = 0;
  }

  return {
    get written() {
      return written;
    },
    get first() {
      return Math.min(acknowledged, written);
    },
    get kept() {
      return kept;
    },
    get held() {
      return written - acknowledged;
    },
    pushAudio(bytes) {
      const moments = bytes.byteLength / momentBytes;
      if (moments === 0) return;
      items.push({ at: written, moments, bytes });
      written += moments;
    },
    pushGap(moments) {
      items.push({ at: written, moments });
      written += moments;
    },
    pushControl(control) {
      items.push({ at: written, moments: 0, control });
    },
    take(limit) {
      for (let item = items[cursor]; item !== undefined; item = items[cursor]) {
        if (!('control' in item)) return takeAudio(item, limit);
        next();
        if (!isKnown(item.control)) return item.control;
      }
      return undefined;
    },
    acknowledge(n, keep = n) {
      acknowledged = Math.max(acknowledged, Math.min(n, written));
      kept = Math.max(kept, Math.min(keep, n));
      let done = 0;
      while (done < cursor && items[done].at + items[done].moments <= kept && items[done].at < kept)
        done++;
      if (done < 64 && done < items.length) return; // cut in blocks
      items = items.slice(done);
      cursor -= done;
    },
    forget(flush) {
      const index = items.findIndex(
        (item) => 'control' in item && item.control.t === 'flush' && item.control.id === flush,
      );
      if (index < 0) return;
      items.splice(index, 1);
      if (index < cursor) cursor--;
    },
    rewind(n) {
      past = 0;
      firstControl = 0;
      seek(n);
    },
    replay({ from, next: until, k }) {
      past = until;
      firstControl = k;
      seek(from);
    },
  };
}
