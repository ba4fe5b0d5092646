import { PipelineError } from '../core/errors.ts';
import {
  codecOf,
  errorCodeOfClose,
  SUBPROTOCOL_JSON,
  SUBPROTOCOL_MSGPACK,
  TICKET_PREFIX,
  validateServerMessage,
} from '../protocol/index.ts';
import type { ClientMessage, ServerMessage } from '../protocol/index.ts';
import type { ResolvedOptions } from './options.ts';
import { platformWebSocket } from './webSocket.ts';
import type { WebSocketLike } from './webSocket.ts';

/** One socket's life, as messages. */
export interface WireConnection {
  send(message: ClientMessage): void;
  /** Closes in order; `onClosed` is not called any more. */
  close(): void;
}

/** What a connection tells. Nothing is called after `onClosed`, nor after `close()`. */
export interface WireHandlers {
  readonly onOpen: () => void;
  readonly onMessage: (message: ServerMessage) => void;
  /** The socket is gone; `error` says why, as well as a close code can. */
  readonly onClosed: (error: PipelineError, code: number) => void;
}

const OPEN = 1;

/** Connects; failures of any kind come through `onClosed`. */
export function connectWire(
  url: string,
  options: ResolvedOptions,
  handlers: WireHandlers,
): WireConnection {
  const codec = codecOf(options.json ? SUBPROTOCOL_JSON : SUBPROTOCOL_MSGPACK)!;
  let socket: WebSocketLike | undefined;
  let isOver = false;
  let lastMessageAt = Date.now();

  const deadline = setTimeout(
    () => end(connectionError(`no answer within ${options.connectTimeoutMs} ms`)),
    options.connectTimeoutMs,
  );
  const heart = setInterval(beat, options.pingMs);

  function end(error: PipelineError, code = 1006): void {
    if (isOver) return;
    release();
    handlers.onClosed(error, code);
  }

  function release(): void {
    isOver = true;
    clearTimeout(deadline);
    clearInterval(heart);
    socket?.close(1000);
  }

  function beat(): void {
    const silence = Date.now() - lastMessageAt;
    if (silence > 3 * options.pingMs)
      end(connectionError(`nothing from the server for ${silence} ms`));
    else if (silence >= options.pingMs) send({ t: 'ping' });
  }

  function send(message: ClientMessage): void {
    if (!isOver && socket?.readyState === OPEN) socket.send(codec.encode(message));
  }

  function receive(data: unknown): void {
    lastMessageAt = Date.now();
    let message: ServerMessage;
    try {
      message = validateServerMessage(
        codec.decode(typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer)),
      );
    } catch (error) {
      const isNewer = error instanceof PipelineError && error.code === 'SYLSTREAM_ERR_UNKNOWN_TYPE';
      if (!isNewer) end(connectionError('the server sent what is no message', error));
      return;
    }
    if (message.t === 'ready' || message.t === 'error') clearTimeout(deadline);
    if (message.t === 'ping') send({ ...message, t: 'pong' });
    else handlers.onMessage(message);
  }

  async function open(): Promise<void> {
    const ticket = await options.ticket?.();
    const made = await (options.webSocket ?? platformWebSocket)({
      url,
      protocols: [codec.subprotocol, ...(ticket === undefined ? [] : [TICKET_PREFIX + ticket])],
      headers: options.token === undefined ? {} : { authorization: `Bearer ${options.token}` },
    });
    made.addEventListener('error', () => undefined); // a close follows, and tells more
    socket = made;
    if (isOver) return release();
    made.binaryType = 'arraybuffer';
    made.addEventListener('open', () => {
      if (!isOver) handlers.onOpen();
    });
    made.addEventListener('message', (event) => {
      if (!isOver) receive(event.data);
    });
    made.addEventListener('close', ({ code }) =>
      end(new PipelineError(errorCodeOfClose(code), `the socket closed with ${code}`), code),
    );
  }

  open().catch((cause: unknown) => {
    end(cause instanceof PipelineError ? cause : connectionError('cannot connect', cause));
  });
  return { send, close: release };
}

function connectionError(message: string, cause?: unknown): PipelineError {
  return new PipelineError('SYLSTREAM_ERR_CONNECTION', message, { cause });
}
