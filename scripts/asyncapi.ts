/** Makes docs/asyncapi.yaml from the messages of src/protocol: `npm run build:asyncapi` writes it, a test compares. */
import { format, resolveConfig } from 'prettier';
import { stringify } from 'yaml';
import { CLIENT_MESSAGES } from '../src/protocol/clientMessages.ts';
import { disposition, errorCodeOf, WIRE_CODES } from '../src/protocol/index.ts';
import type { Fields, MapKind } from '../src/protocol/kinds.ts';
import { SERVER_MESSAGES } from '../src/protocol/serverMessages.ts';
import { PROTOCOL_MINOR, STREAM_PATH } from '../src/protocol/version.ts';

type Messages = Readonly<Record<string, MapKind<Fields>>>;

const SIDES: readonly (readonly [side: string, messages: Messages])[] = [
  ['client', CLIENT_MESSAGES],
  ['server', SERVER_MESSAGES],
];
/** Codes after which the server never closes. */
const NOT_FATAL = ['unknown_type', 'audio_suspect'];

const HEAD = '# Written by `npm run build:asyncapi` from the messages of src/protocol.\n';

const DESCRIPTION = `Speech in, syllable-like units out, live. docs/protocol.md says what each message means.

Every message is a MessagePack map, sent as binary (subprotocol sylstream.v1.msgpack), or the same as JSON, sent as text, with bytes as base64 (sylstream.v1.json). Unknown fields are ignored. Integers above 2^32 may be written as float 64.
`;

/** The text of docs/asyncapi.yaml, formatted as the project is. */
export async function asyncapiYaml(path: string): Promise<string> {
  const text = stringify(asyncapi(), { aliasDuplicateObjects: false, lineWidth: 100 });
  return format(HEAD + text, { ...(await resolveConfig(path)), filepath: path });
}

function asyncapi(): object {
  const all = SIDES.flatMap(([side, messages]) =>
    Object.entries(messages).map(([t, kind]) => ({ name: `${side}.${t}`, side, t, kind })),
  );
  const refs = (of: string, where: string): { $ref: string }[] =>
    all.flatMap(({ side, name }) => (side === of ? [{ $ref: `${where}/${name}` }] : []));
  const inChannel = '#/channels/stream/messages';
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'sylstream',
      version: `1.${PROTOCOL_MINOR}.0`,
      license: { name: 'Apache-2.0' },
      description: DESCRIPTION,
    },
    defaultContentType: 'application/msgpack',
    servers: {
      local: {
        host: '127.0.0.1:8990',
        protocol: 'ws',
        description: 'As started by `sylstream serve`.',
      },
    },
    channels: {
      stream: {
        address: STREAM_PATH,
        description: 'One session, or the rest of one that dropped.',
        messages: Object.fromEntries(
          all.map(({ name }) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
        bindings: { ws: { method: 'GET' } },
      },
    },
    operations: {
      send: operation('receive', 'What a client sends.', refs('client', inChannel)),
      receive: operation('send', 'What the server sends.', refs('server', inChannel)),
    },
    components: {
      messages: Object.fromEntries(
        all.map(({ name, side, t, kind }) => [name, message(side, t, kind)]),
      ),
    },
    'x-error-codes': Object.fromEntries(WIRE_CODES.map((wire) => [wire, errorCode(wire)])),
  };
}

function operation(action: string, summary: string, messages: readonly object[]): object {
  return { action, channel: { $ref: '#/channels/stream' }, summary, messages };
}

function message(side: string, t: string, kind: MapKind<Fields>): object {
  const { description: summary, ...payload } = kind.json;
  return {
    name: t,
    title: `${t} (${side})`,
    summary,
    contentType: 'application/msgpack',
    payload,
  };
}

function errorCode(wire: (typeof WIRE_CODES)[number]): object {
  const { close, retry, resumable } = disposition(errorCodeOf(wire));
  return { close: NOT_FATAL.includes(wire) ? null : close, retry, resumable };
}
