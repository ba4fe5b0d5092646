/** A link of a Markdown text to a file of the project: `path` is '' for a heading of the same page. */
export interface Link {
  readonly path: string;
  readonly anchor?: string;
}

/** Links and pictures that point into the project, in the order of the text; those in code and those to other sites left out. */
export function linksOf(markdown: string): Link[] {
  return [...withoutCode(markdown).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, url]) => url)
    .filter((url) => !/^[a-z]+:/.test(url))
    .map((url) => {
      const [path, anchor] = url.split('#');
      return anchor === undefined ? { path } : { path, anchor };
    });
}

/** What headings are called in links. */
export function anchorsOf(markdown: string): string[] {
  const headings = markdown.replaceAll(/^(```|~~~)[^]*?^\1/gm, '').matchAll(/^#{1,6} (.+)$/gm);
  return [...headings].map(([, title]) => anchorOf(title));
}

/** What a heading is called in links, as GitHub makes it of its text; so does the site. */
export function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^(```|~~~)[^]*?^\1/gm, '').replaceAll(/`[^`\n]*`/g, '');
}
