/** What has a place in time, in samples. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** The spans of an ordered list that touch the samples [from, to). */
export function visibleUnits<T extends Span>(spans: readonly T[], from: number, to: number): T[] {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle].end <= from) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < spans.length && spans[end].start < to) end++;
  return spans.slice(low, end);
}
