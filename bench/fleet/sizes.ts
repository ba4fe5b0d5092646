/** Streams at the same time. */
export const LOADS: readonly number[] = [10_000, 100_000, 1_000_000];

/** What things cost. */
export interface Costs {
  readonly gatewayMs: number;
  readonly encoderMs: number;
  readonly takeoverMs: number;
  readonly cores: number;
  readonly usable: number;
  readonly fill: number;
  readonly server: number;
}

/** A kind of fleet. */
export interface Kind {
  readonly name: string;
  readonly gateways: number;
  /** Streams that one gateway admits. */
  readonly capacity: number;
  /** CPU milliseconds of a gateway for a takeover. */
  readonly takeoverMs: number;
}

/** 16 kHz, 16 bit, in messages of 20 ms with 40 bytes of headers each. */
const UP_BYTES = 32_000 + 50 * 40;
/** Units, acknowledgements and a seal of 3 KB a second. */
const DOWN_BYTES = 3_500;
/** A chunk of mel and its rows every 160 ms. */
const ENCODER_BYTES = 51_200 + 52_000;
/** Of a takeover's work what is not the encoder's: log-mel and sockets. */
const FRONT_PART = 0.15;

/** What so many streams take, with the encoder in the gateways and behind Triton. */
export function sizesOf(
  streams: number,
  costs: Costs,
): { told: Record<string, string>; kinds: Kind[] } {
  const { gatewayMs, encoderMs, takeoverMs, cores, usable, fill, server } = costs;
  const kind = (name: string, ms: number, takeover: number): Kind => {
    const capacity = Math.floor((1000 * cores * usable) / ms);
    return {
      name,
      capacity,
      gateways: Math.ceil(streams / (capacity * fill)),
      takeoverMs: takeover,
    };
  };
  const kinds = [
    kind('encoder in the gateways', gatewayMs, takeoverMs),
    kind('encoder behind Triton', gatewayMs - encoderMs, FRONT_PART * takeoverMs),
  ];
  const gbit = (bytes: number): string => `${((8 * bytes * streams) / 1e9).toFixed(1)} Gbit/s`;
  const told = {
    ...Object.fromEntries(
      kinds.map(({ name, gateways, capacity }) => [
        `gateways, ${name}`,
        `${gateways} of ${cores} cores, ${capacity} streams each at most`,
      ]),
    ),
    'encoder servers behind Triton': `${Math.ceil(streams / (server * fill))} of ${server} streams (assumed)`,
    'from and to clients': `${gbit(UP_BYTES)} in, ${gbit(DOWN_BYTES)} out`,
    'to and from Triton': gbit(ENCODER_BYTES),
  };
  return { told, kinds };
}
