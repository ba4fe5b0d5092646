/** A block of code of a Markdown text. */
export interface CodeBlock {
  /** What stands behind the fence: `ts`, `sh`, …; '' where nothing does. */
  readonly language: string;
  readonly code: string;
  /** Line of the text on which the fence opens, from 1 on. */
  readonly line: number;
}

/** The fenced blocks of a Markdown text, in its order. */
export function codeBlocks(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(/^```(\w*)\n([^]*?)^```/gm)].map((match) => ({
    language: match[1],
    code: match[2],
    line: markdown.slice(0, match.index).split('\n').length,
  }));
}
