import { extname } from 'node:path';
import { EXTENSIONS, type Format, FORMATS } from './formatters.ts';
import { namesFolder } from './outputPlan.ts';
import { misuse } from './usage.ts';

/** Other names for what a format's file ends in. */
const ALIASES: Readonly<Record<string, Format>> = { '.ndjson': 'jsonl' };
/** What a picture's file ends in. */
const PICTURE = /\.(svg|html?|png)$/i;
/** An extension that says only that it is text. */
const ANY_TEXT = '.txt';

/** What was asked for. */
export interface FormatWish {
  readonly format?: Format | undefined;
  readonly text?: boolean | undefined;
  readonly output?: string | undefined;
}

/**
 * The format of what is written: that of `--format` or `--text`, else what the output's extension says, else JSONL.
 *
 * @throws CommanderError when they contradict each other
 */
export function chosenFormat({ format, text = false, output }: FormatWish): Format {
  if (text && format !== undefined && format !== 'text') {
    throw misuse(`Expected --text or --format, got --text and --format ${format}.`);
  }
  const asked = text ? 'text' : format;
  const said = output === undefined || namesFolder(output) ? undefined : saidBy(output);
  if (asked !== undefined && said !== undefined && asked !== said && !isAnyText(output)) {
    throw misuse(
      `Expected --output to end in ${EXTENSIONS[asked]} for the format ${asked}, got "${output}"; leave the format out or name another file.`,
    );
  }
  return asked ?? said ?? 'jsonl';
}

function saidBy(output: string): Format | undefined {
  if (PICTURE.test(output)) {
    throw misuse(`Expected a picture to be named by --plot, got --output "${output}".`);
  }
  const extension = extname(output).toLowerCase();
  return (
    FORMATS.find((format) => EXTENSIONS[format].toLowerCase() === extension) ?? ALIASES[extension]
  );
}

function isAnyText(output: string | undefined): boolean {
  return output !== undefined && extname(output).toLowerCase() === ANY_TEXT;
}
