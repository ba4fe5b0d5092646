/** A Markdown table: its head and its rows. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Text as one cell of a table: on one line, with nothing in it that Markdown or HTML would read. */
function cell(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll('|', String.raw`\|`)
    .replaceAll(/<(?![^`]*`(?:[^`]*`[^`]*`)*[^`]*$)/g, '&lt;');
}

/** Text as a span of code; '' stays ''. */
export function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}
