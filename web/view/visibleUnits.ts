/** What has a place in time, in samples. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** The spans of an ordered list that touch the samples [from, to). */
export function visibleUnits<T extends Span>(spans: readonly T[], from: number, to: number): T[] {
  const first = firstAfter(spans, from);
  let end = first;
  while (end < spans.length && spans[end].start < to) end++;
  return spans.slice(first, end);
}

/** Place in an ordered list of the span that holds a sample, or of the one before it where none does; −1 before all. */
export function placeOf(spans: readonly Span[], sample: number): number {
  const place = firstAfter(spans, sample);
  return place < spans.length && spans[place].start <= sample ? place : place - 1;
}

/** Place of the first span that ends after a sample. */
function firstAfter(spans: readonly Span[], sample: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle].end <= sample) low = middle + 1;
    else high = middle;
  }
  return low;
}
