import type { ClientMessage, ContinueRequest, Say, WireId } from '../protocol/index.ts';

/** What was asked of the server beside units, and is not over: continuations and speech. */
export interface Requests {
  /** Asks; a `gen` that finds no connection, or loses it, is asked again. */
  ask(request: ContinueRequest | Say): void;
  /** Ends one, if it is not over. */
  cancel(id: WireId): void;
  /** It is over. */
  over(id: WireId): void;
  /** Lets sound of a speech come, up to sample `n + credit`. */
  heard(id: WireId, n: number, credit: number): void;
  /** A connection is ready: asks again what can be asked again. */
  again(): void;
  /** The connection is gone, and with it what was being said. */
  lost(): void;
}

/** What requests need of their stream. */
export interface RequestsOptions {
  /** Sends where there is a connection that is ready. */
  readonly send: (message: ClientMessage) => void;
  /** Told of every speech that ended with its connection. */
  readonly onLost: (id: WireId) => void;
}

/** Makes the requests of one stream. */
export function createRequests({ send, onLost }: RequestsOptions): Requests {
  const open = new Map<WireId, ContinueRequest | Say>();
  return {
    ask(request) {
      open.set(request.id, request);
      send(request);
    },
    cancel(id) {
      if (open.delete(id)) send({ t: 'cancel', id });
    },
    over: (id) => void open.delete(id),
    heard(id, n, credit) {
      if (open.has(id)) send({ t: 'heard', id, n, credit });
    },
    again() {
      for (const request of open.values()) send(request);
    },
    lost() {
      for (const { t, id } of open.values()) {
        if (t !== 'say') continue;
        open.delete(id);
        onLost(id);
      }
    },
  };
}
