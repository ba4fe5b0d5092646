/** Counts of the server's lag histogram by upper edge in seconds, as `/metrics` shows them. */
export type LagBuckets = ReadonlyMap<number, number>;

/** Reads the lag histogram of a server. */
export async function scrapeLag(serverUrl: string): Promise<LagBuckets> {
  const text = await (await fetch(`${serverUrl}/metrics`)).text();
  const lines = text.matchAll(/^sylstream_stream_lag_seconds_bucket\{le="(.+)"\} (\d+)$/gm);
  return new Map([...lines].map(([, le, n]) => [le === '+Inf' ? Infinity : Number(le), Number(n)]));
}

/** A quantile of what was added between two scrapes, in ms, linear within a bucket as Prometheus does it. */
export function lagQuantileMs(before: LagBuckets, after: LagBuckets, q: number): number {
  const added = [...after].map(([le, n]) => [le, n - (before.get(le) ?? 0)] as const);
  const rank = q * added[added.length - 1][1];
  const place = added.findIndex(([, n]) => n >= rank);
  const [le, n] = added[place];
  const [below, fewer] = place === 0 ? [0, 0] : added[place - 1];
  if (le === Infinity) return below * 1000;
  return 1000 * (below + ((le - below) * (rank - fewer)) / Math.max(1, n - fewer));
}
