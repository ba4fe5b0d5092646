import type { ReferenceSource } from '../formats/readReference.ts';

/** What the references of several recordings are, one line each kind: `tier "words" of 3 TextGrids (assumed)`. */
export function referenceLines(sources: readonly ReferenceSource[]): string[] {
  return counted(sources.map(phrase)).map(([text, count]) => text.replace('#', String(count)));
}

/** Warnings about tiers that were assumed, one each kind. */
export function assumedTierWarnings(sources: readonly ReferenceSource[]): string[] {
  const assumed = sources.filter((source) => source.assumed);
  const texts = assumed.map(({ tier, tiers }) => {
    const others = tiers?.map((name) => `"${name}"`).join(', ');
    return `tier "${tier}" is taken for the syllables of # TextGrids, by its place alone (there are: ${others}); name one with --tier`;
  });
  return counted(texts).map(([text, count]) => `warning: ${text.replace('#', String(count))}`);
}

function phrase({ tier, assumed }: ReferenceSource): string {
  if (tier === undefined) return '# of JSON';
  return `# of TextGrid, tier "${tier}"${assumed ? ' (assumed; --tier names another)' : ''}`;
}

function counted(texts: readonly string[]): [text: string, count: number][] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts];
}
