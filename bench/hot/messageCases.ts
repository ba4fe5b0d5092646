import { createMapCheck } from '../../src/protocol/checkMap.ts';
import { CLIENT_MESSAGES } from '../../src/protocol/clientMessages.ts';
import type { Fields, MapKind } from '../../src/protocol/kinds.ts';
import { SERVER_MESSAGES } from '../../src/protocol/serverMessages.ts';
import type { WireMap } from '../../src/protocol/wireMap.ts';
import { createPlainCheck } from '../../test/helpers/reference/checkFields.ts';
import { CLIENT_EXAMPLES, SERVER_EXAMPLES } from '../../test/vectors/examples.ts';
import type { HotCase } from './hotCase.ts';

/** Messages a second, so that a round is long enough: a live stream sends 50 at most, and gets 6 units. */
const PER_SECOND = 1000;

/** The checks of the messages that come all the time, after they were decoded. */
export function messageCases(seconds: number): HotCase[] {
  const { u, 'u-pause': pause } = SERVER_EXAMPLES;
  return [
    messageCase('a', CLIENT_MESSAGES.a, [CLIENT_EXAMPLES['a'], CLIENT_EXAMPLES['a-late']]),
    messageCase('u', SERVER_MESSAGES.u, [u, pause]),
    messageCase('p', SERVER_MESSAGES.p, [SERVER_EXAMPLES['p']]),
    messageCase('ack', SERVER_MESSAGES.ack, [SERVER_EXAMPLES['ack']]),
  ];

  function messageCase(t: string, kind: MapKind<Fields>, messages: readonly object[]): HotCase {
    const maps = messages as readonly WireMap[];
    const run =
      (check: (map: WireMap, path: string) => unknown): (() => void) =>
      () => {
        for (let i = 0; i < seconds * PER_SECOND; i++) check(maps[i % maps.length], t);
      };
    return {
      name: `checking ${PER_SECOND} \`${t}\` a second`,
      before: run(createPlainCheck(kind.json)),
      now: run(createMapCheck(kind)),
    };
  }
}
