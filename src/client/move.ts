import type { PipelineError } from '../core/errors.ts';
import type { Hello, Ready, ServerMessage } from '../protocol/index.ts';
import type { ResolvedOptions } from './options.ts';
import { connectWire } from './wireConnection.ts';
import type { WireConnection } from './wireConnection.ts';

/** A stream's way to another gateway, while the old one still serves it. */
export interface Move {
  /** The old gateway ends in so many milliseconds, and waits that the stream leaves. */
  wanted(deadlineMs: number): void;
  /** Begins to move, where that is wanted and can be; it tries again until it arrives or the deadline comes. */
  begin(): void;
  /** Gives it up: the stream is elsewhere, or over. */
  end(): void;
}

/** What a move asks and tells. */
export interface MoveHandlers {
  /** Whether there is a seal. */
  readonly isOpen: () => boolean;
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

/** Makes the moves of a stream. */
export function createMove(url: string, options: ResolvedOptions, handlers: MoveHandlers): Move {
  let until: number | undefined;
  let isUnderWay = false;
  let wire: WireConnection | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function end(): void {
    clearTimeout(timer);
    wire?.close();
    wire = undefined;
    until = undefined;
    isUnderWay = false;
  }

  function attempt(): void {
    let hasArrived = false;
    const own = connectWire(url, options, {
      onOpen: () => own.send(handlers.hello()),
      onMessage(message) {
        if (hasArrived) return handlers.onMessage(message);
        if (message.t !== 'ready') return;
        hasArrived = true;
        wire = undefined; // the stream's
        end();
        handlers.onArrived(own, message);
      },
      onClosed(error, code) {
        if (hasArrived) return handlers.onClosed(error, code);
        if (Date.now() + AGAIN_MS < until!) {
          timer = setTimeout(attempt, AGAIN_MS);
          return;
        }
        end();
        handlers.onStayed();
      },
    });
    wire = own;
  }

  return {
    wanted(deadlineMs) {
      until = Date.now() + deadlineMs;
    },
    begin() {
      if (until === undefined || isUnderWay || !handlers.isOpen()) return;
      isUnderWay = true;
      attempt();
    },
    end,
  };
}
