/** The part of a WebSocket that the client uses: browsers' own, Node's (22 and later), or that of the package `ws`. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number }) => void): void;
  send(data: Uint8Array | string): void;
  close(code?: number): void;
}

/** What a connection asks for. */
export interface WebSocketRequest {
  readonly url: string;
  readonly protocols: readonly string[];
  /** Only where the platform can set them. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Makes a socket that is about to connect. */
export type WebSocketFactory = (
  request: WebSocketRequest,
) => WebSocketLike | Promise<WebSocketLike>;

type Constructor = new (
  url: string,
  protocols: string[],
  options?: { headers: Readonly<Record<string, string>>; perMessageDeflate: boolean },
) => WebSocketLike;

/** Not a literal, so that no bundler pulls it into a page. */
const PACKAGE: string = 'ws';

/** The platform's WebSocket in browsers; in Node the package `ws`, which can set headers. */
export const platformWebSocket: WebSocketFactory = async ({ url, protocols, headers }) => {
  const isNode = typeof process === 'object' && process.versions?.node !== undefined;
  if (isNode) {
    const { WebSocket } = (await import(PACKAGE)) as { readonly WebSocket: Constructor };
    return new WebSocket(url, [...protocols], { headers, perMessageDeflate: false });
  }
  if (Object.keys(headers).length > 0) {
    throw new TypeError('a browser cannot send a bearer token; fetch a ticket instead');
  }
  return new (globalThis as unknown as { WebSocket: Constructor }).WebSocket(url, [...protocols]);
};
