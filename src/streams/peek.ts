/** The beginning of a byte stream and the whole of it, beginning included. */
export interface Peeked {
  /** The first bytes, as many as were asked for unless the stream is shorter. */
  readonly head: Uint8Array;
  /** Everything, head included; can be read once, and then closes the source. */
  readonly all: AsyncGenerator<Uint8Array>;
}

/** Reads at least `count` bytes ahead and gives them back with the stream. */
export async function peek(source: AsyncGenerator<Uint8Array>, count: number): Promise<Peeked> {
  const pieces: Uint8Array[] = [];
  let held = 0;
  while (held < count) {
    const step = await source.next();
    if (step.done === true) break;
    pieces.push(step.value);
    held += step.value.length;
  }
  return { head: joined(pieces).subarray(0, count), all: replay(pieces, source) };
}

async function* replay(
  pieces: readonly Uint8Array[],
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
