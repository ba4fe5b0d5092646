/** Where in a recording a piece of known sound lies, and how sure that is. */
export interface Place {
  /** Sample of the recording at which the piece begins. */
  readonly at: number;
  /** Normalised correlation there, at most 1. */
  readonly correlation: number;
}

/** Finds a piece in a recording between two samples: the lag of the highest normalised correlation. */
export function locate(
  piece: Float32Array,
  recording: Float32Array,
  from: number,
  to: number,
): Place {
  const norm = energy(piece);
  let best: Place = { at: from, correlation: -1 };
  for (let at = Math.max(0, from); at <= Math.min(to, recording.length - piece.length); at++) {
    let product = 0;
    let other = 0;
    for (let i = 0; i < piece.length; i++) {
      product += piece[i] * recording[at + i];
      other += recording[at + i] ** 2;
    }
    const correlation = product / Math.sqrt(norm * other || 1);
    if (correlation > best.correlation) best = { at, correlation };
  }
  return best;
}

function energy(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample ** 2;
  return sum;
}

/** The sound behind so many samples of silence. */
export function delayed(samples: Float32Array, by: number): Float32Array {
  const later = new Float32Array(samples.length + by);
  later.set(samples, by);
  return later;
}
