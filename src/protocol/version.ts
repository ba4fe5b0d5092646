/** The major version lives in these names; a change that old peers cannot read gets new ones. */
export const SUBPROTOCOL_MSGPACK = 'sylstream.v1.msgpack';
/** For debugging by hand: text messages, JSON, bytes as base64. */
export const SUBPROTOCOL_JSON = 'sylstream.v1.json';
/** A ticket travels as a second subprotocol item with this prefix, so that it stands in no URL. */
export const TICKET_PREFIX = 'sylstream.ticket.';
/** Where the socket is opened. */
export const STREAM_PATH = '/v1/stream';
/** Where a one-time ticket is fetched with a bearer token. */
export const TICKET_PATH = '/v1/tickets';
/** Where `GET` answers with what units stand for. */
export const LABELS_PATH = '/v1/labels';
/** What a client says in `hello.v`: the minor version it knows. Higher ones are served as this one. */
export const PROTOCOL_MINOR = 1;
