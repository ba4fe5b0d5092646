/** How documents read, in numbers: the share of table rows, and how many words a sentence has. */

/** What {@link measureProse} finds in one document, or in many together. */
export interface Prose {
  /** Lines with something on them, outside of code. */
  readonly lines: number;
  /** Lines of tables, heads and rules included. */
  readonly tableRows: number;
  /** Words of every sentence, in the order of the text. */
  readonly sentences: readonly number[];
  /** Lines of prose that are longer than {@link COLUMNS}, as `number: text`. */
  readonly long: readonly string[];
}

/** Where prose wraps. A line without a space to wrap at (a link, a long word) may be longer. */
export const COLUMNS = 100;

const FENCE = /^\s*(```|~~~)/;
const TABLE_ROW = /^\s*\|/;
const HEADING = /^#{1,6} /;
const LIST_ITEM = /^\s*([-*]|\d+\.) +/;
const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

/** Counts the lines, table rows and sentences of a Markdown text. */
export function measureProse(markdown: string): Prose {
  const sentences: number[] = [];
  const long: string[] = [];
  let lines = 0;
  let tableRows = 0;
  let paragraph: string[] = [];
  const endParagraph = (): void => {
    sentences.push(...wordsOfSentences(paragraph.join(' ')));
    paragraph = [];
  };
  let inCode = false;
  for (const [index, line] of withoutFrontMatter(markdown).entries()) {
    if (FENCE.test(line)) {
      inCode = !inCode;
      endParagraph();
      continue;
    }
    if (inCode) continue;
    if (line.trim() !== '') lines++;
    if (TABLE_ROW.test(line)) {
      tableRows++;
      endParagraph();
    } else if (line.trim() === '' || HEADING.test(line) || /^\s*<|^:::/.test(line)) {
      endParagraph();
    } else {
      if (
        line.length > COLUMNS &&
        !line.startsWith('![') &&
        line.trimEnd().lastIndexOf(' ', COLUMNS) > indentOf(line)
      ) {
        long.push(`${index + 1}: ${line.slice(0, 60)}`);
      }
      if (LIST_ITEM.test(line)) endParagraph();
      paragraph.push(line.replace(LIST_ITEM, '').trim());
    }
  }
  endParagraph();
  return { lines, tableRows, sentences, long };
}

/** The value below which the share `share` (0 to 1) of `values` lies, as numpy's `percentile` with `higher`. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(share * (sorted.length - 1))] ?? 0;
}

/** Words of each sentence of running text. A span of code or a link's text counts as what one reads. */
function wordsOfSentences(text: string): number[] {
  const plain = text
    .replaceAll(/!\[[^\]]*\]\([^)]*\)/g, '')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/`[^`]*`/g, 'Code')
    .replaceAll(/[*_]{1,2}(?=\S)|(?<=\S)[*_]{1,2}/g, '');
  return [...segmenter.segment(plain)]
    .map(({ segment }) => segment.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length)
    .filter((words) => words > 0);
}

function withoutFrontMatter(markdown: string): string[] {
  return markdown.replace(/^---\n[^]*?\n---\n/, '').split('\n');
}

function indentOf(line: string): number {
  return line.length - line.replace(/^\s*([-*]|\d+\.)?\s*/, '').length;
}
