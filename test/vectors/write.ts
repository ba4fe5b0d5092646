/**
 * Writes the golden files beside it: `<side>.<name>.bin` is the MessagePack form, `.json` the same message in the
 * JSON form; `refused.<name>.bin` must be refused with the code in its `.json`. Run by hand, `npx tsx test/vectors/write.ts`,
 * when the protocol gains a message; files that are there must never change within a minor version.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codecOf, SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK } from '../../src/protocol/index.ts';
import { CLIENT_EXAMPLES, REFUSED_EXAMPLES, SERVER_EXAMPLES } from './examples.ts';

const msgpack = codecOf(SUBPROTOCOL_MSGPACK)!;
const json = codecOf(SUBPROTOCOL_JSON)!;

for (const [side, examples] of Object.entries({
  client: CLIENT_EXAMPLES,
  server: SERVER_EXAMPLES,
})) {
  for (const [name, message] of Object.entries(examples)) {
    write(`${side}.${name}.bin`, msgpack.encode(message));
    write(`${side}.${name}.json`, `${json.encode(message) as string}\n`);
  }
}
for (const [name, hex] of Object.entries(REFUSED_EXAMPLES)) {
  write(`refused.${name}.bin`, Buffer.from(hex, 'hex'));
  write(`refused.${name}.json`, '{"code":"malformed"}\n');
}

function write(name: string, content: Uint8Array | string): void {
  writeFileSync(join(import.meta.dirname, name), content);
}
