/**
 * `npm run simulate`: a fleet of gateways under many live streams, and what the loss of a zone does to it. Says how many gateways,
 * encoder servers and how much bandwidth 10^4, 10^5 and 10^6 streams take. docs/scale.md has what it said, and where its numbers come from.
 */
import { parseArgs } from 'node:util';
import { simulateZoneLoss, type Fleet } from './fleet/zoneLoss.ts';
import { LOADS, sizesOf, type Costs } from './fleet/sizes.ts';

const { values } = parseArgs({
  options: {
    /** CPU milliseconds of a gateway for a second of a stream; of them the encoder's. */
    gatewayMs: { type: 'string', default: '25' },
    encoderMs: { type: 'string', default: '10' },
    /** CPU milliseconds of a takeover: 17.6 s of audio once more through log-mel and encoder. */
    takeoverMs: { type: 'string', default: '200' },
    /** Cores of a gateway, and the part of them that live streams may fill (what `capacity` measures by). */
    cores: { type: 'string', default: '4' },
    usable: { type: 'string', default: '0.6' },
    /** Part of the capacity that is in use before the zone is lost. */
    fill: { type: 'string', default: '0.6' },
    /** Streams of one encoder server: an assumption, no GPU was measured. */
    server: { type: 'string', default: '2000' },
    zones: { type: 'string', default: '3' },
    /** Length of a stream: log-normal. */
    medianS: { type: 'string', default: '120' },
    meanS: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
  },
});
const given = Object.fromEntries(
  Object.entries(values).map(([name, value]) => [name, Number(value)]),
) as unknown as Costs & Omit<Fleet, 'streams' | 'gateways' | 'capacity'>;

console.log(`given: ${JSON.stringify(given)}`);
for (const streams of LOADS) {
  const sizes = sizesOf(streams, given);
  console.log(`\n${streams} streams`);
  for (const [what, much] of Object.entries(sizes.told)) console.log(`  ${what}: ${much}`);
  for (const { name, gateways, capacity, takeoverMs } of sizes.kinds) {
    const loss = simulateZoneLoss({ ...given, streams, gateways, capacity, takeoverMs });
    console.log(
      `  a zone of ${given.zones} lost, ${name}: ${loss.moved} streams move, half of them in ${loss.p50S.toFixed(1)} s, 95 % in ${loss.p95S.toFixed(1)} s, ` +
        `all in ${loss.lastS.toFixed(1)} s; ${loss.refused} find no place within 30 s; fullest gateway ${(100 * loss.fullest).toFixed(0)} %`,
    );
  }
}
