import type { PipelineError } from '../core/errors.ts';
import type { Hello, Ready, ServerMessage } from '../protocol/index.ts';
import type { ResolvedOptions } from './options.ts';
import { connectWire } from './wireConnection.ts';
import type { WireConnection } from './wireConnection.ts';

/** A stream on its way to another gateway, while the old one still serves it. */
export interface Move {
  /** Gives it up. */
  close(): void;
}

/** What a move tells. */
export interface MoveHandlers {
  /** Milliseconds until the old gateway ends. */
  readonly deadlineMs: number;
  /** Made for every attempt. */
  readonly hello: () => Hello;
  /** Another gateway has the session now, and this is the way to it. */
  readonly onArrived: (wire: WireConnection, ready: Ready) => void;
  /** What it says after that, and when its socket is gone. */
  readonly onMessage: (message: ServerMessage) => void;
  readonly onClosed: (error: PipelineError, code: number) => void;
  /** Nobody took it until the deadline. */
  readonly onStayed: () => void;
}

/** Milliseconds between two attempts: a balancer takes a moment to see who is not ready. */
const AGAIN_MS = 250;

/** Begins to move; it tries again until it arrives, is closed, or the deadline comes. */
export function startMove(url: string, options: ResolvedOptions, handlers: MoveHandlers): Move {
  const until = Date.now() + handlers.deadlineMs;
  let wire: WireConnection;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let hasArrived = false;

  function attempt(): void {
    const own = connectWire(url, options, {
      onOpen: () => own.send(handlers.hello()),
      onMessage(message) {
        if (hasArrived) return handlers.onMessage(message);
        if (message.t !== 'ready') return;
        hasArrived = true;
        handlers.onArrived(own, message);
      },
      onClosed(error, code) {
        if (hasArrived) return handlers.onClosed(error, code);
        if (Date.now() + AGAIN_MS > until) return handlers.onStayed();
        timer = setTimeout(attempt, AGAIN_MS);
      },
    });
    wire = own;
  }

  attempt();
  return {
    close() {
      clearTimeout(timer);
      if (!hasArrived) wire.close();
    },
  };
}
