const BINARY = 2;
const TEXT = 1;

/** An HTTP request that asks for a WebSocket of a subprotocol. */
export function upgradeRequest(url: string, subprotocol: string): string {
  return [
    'GET /v1/stream HTTP/1.1',
    `Host: ${new URL(url).host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    `Sec-WebSocket-Protocol: ${subprotocol}`,
    '',
    '',
  ].join('\r\n');
}

/** A whole client frame with an all-zero mask (RFC 6455, 5.2), of less than 64 KiB. */
export function frame(
  payload: Uint8Array,
  isText = false,
  opcode: number = isText ? TEXT : BINARY,
): Buffer {
  const isLong = payload.length > 125;
  const head = Buffer.alloc(isLong ? 8 : 6);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (isLong ? 126 : payload.length);
  if (isLong) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}
