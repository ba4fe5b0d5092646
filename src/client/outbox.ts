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
  /** The server has all samples before `n`, and so all controls that came before them. */
  acknowledge(n: number): void;
  /** A flush was answered: it need not be sent again. */
  forget(flush: string | number): void;
  /** Sends again from sample `n` on, which must still be here. */
  rewind(n: number): void;
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

  function takeAudio(item: Item, limit: number): ClientMessage | undefined {
    const n = item.at + sentOfItem;
    const moments = Math.min(item.moments - sentOfItem, limit - n, maxMoments);
    if (moments <= 0) return undefined;
    const from = sentOfItem * momentBytes;
    sentOfItem += moments;
    if (sentOfItem === item.moments) next();
    if (!('bytes' in item) || item.bytes === undefined) return { t: 'gap', n, len: moments };
    return { t: 'a', n, d: item.bytes.subarray(from, from + moments * momentBytes) };
  }

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
      const item = items[cursor];
      if (item === undefined) return undefined;
      if (!('control' in item)) return takeAudio(item, limit);
      next();
      return item.control;
    },
    acknowledge(n) {
      acknowledged = Math.max(acknowledged, Math.min(n, written));
      let done = 0;
      while (done < cursor && items[done].at + items[done].moments <= n && items[done].at < n)
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
      cursor = items.findIndex((item) => item.at >= n || item.at + item.moments > n);
      if (cursor < 0) cursor = items.length;
      const item = items[cursor];
      sentOfItem = item === undefined ? 0 : Math.max(0, n - item.at);
    },
  };
}
