/** Buffers that carry audio to a thread and come back: new ones each turn would wait for the collectors of two threads. */
export interface AudioBuffers {
  /** A buffer of at least so many bytes; what lies in it is anything. */
  take(bytes: number): Uint8Array<ArrayBuffer>;
  giveBack(buffers: readonly Uint8Array<ArrayBuffer>[]): void;
}

const FIRST_BYTES = 1 << 14;
/** At most so many wait; larger ones than this go to the collector. */
const MAX_SPARE = 8;
const MAX_SPARE_BYTES = 1 << 20;

/** Makes an empty store. Sizes are powers of two. */
export function createAudioBuffers(): AudioBuffers {
  let spare: Uint8Array<ArrayBuffer>[] = [];
  return {
    take(bytes) {
      if (bytes === 0) return new Uint8Array(0);
      const fits = spare.find(({ length }) => length >= bytes);
      if (fits === undefined) return new Uint8Array(sizeFor(bytes));
      spare = spare.filter((one) => one !== fits);
      return fits;
    },
    giveBack(buffers) {
      // The largest stay: they fit whatever comes.
      spare = [...spare, ...buffers.filter(isWorthKeeping)]
        .toSorted((a, b) => a.length - b.length)
        .slice(-MAX_SPARE);
    },
  };
}

const isWorthKeeping = ({ length }: Uint8Array): boolean => length > 0 && length <= MAX_SPARE_BYTES;

function sizeFor(bytes: number): number {
  return Math.max(FIRST_BYTES, 2 ** Math.ceil(Math.log2(bytes)));
}
