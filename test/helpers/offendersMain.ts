/** A process of offenders: for every address that it is sent it attacks once, and answers when all of them are gone. */
import { bytewise, deaf, dribbler, mute, silent } from './offenders.ts';
import type { Offender } from './offenders.ts';

const CROWD: readonly (readonly [number, Offender])[] = [
  [200, silent],
  [40, bytewise],
  [40, mute],
  [20, dribbler],
  [20, deaf],
];

process.on('message', (url: string) => {
  const offenders = CROWD.flatMap(([count, open]) =>
    Array.from({ length: count }, () => open(url)),
  );
  void Promise.all(offenders.map(({ gone }) => gone)).then(() => process.send?.('gone'));
});
process.send?.('ready');
