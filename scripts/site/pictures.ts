import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';

/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Where a PNG file says its width and height: in IHDR, its first chunk (PNG, third edition, 11.2.1). */
const IHDR = { width: 16, height: 20 } as const;

/** The size of a PNG or SVG file, as it says itself. @throws Error where it does not */
export function pictureSize(path: string): Size {
  const bytes = readFileSync(path);
  if (path.endsWith('.png')) {
    return { width: bytes.readUInt32BE(IHDR.width), height: bytes.readUInt32BE(IHDR.height) };
  }
  const [, tag = ''] = /<svg\b([^>]*)>/.exec(bytes.toString('utf8')) ?? [];
  const [width, height] = ['width', 'height'].map((name) =>
    Number(new RegExp(`\\b${name}="(\\d+)"`).exec(tag)?.[1]),
  );
  if (width > 0 && height > 0) return { width, height };
  throw new Error(`${path} does not say its width and height`);
}

/**
 * Says of each picture of the document `page` how large it is, so that nothing moves when it comes, and has all but the first
 * wait until they are scrolled to. VitePress reads it from braces behind the picture.
 */
export function withSizes(markdown: string, page: string, sizeOf: (path: string) => Size): string {
  let count = 0;
  return markdown.replaceAll(/!\[[^\]]*\]\(([^)\s:]+)\)/g, (picture, path: string) => {
    const { width, height } = sizeOf(join(dirname(page), path));
    const later = count++ > 0 ? ' loading=lazy' : '';
    return `${picture}{width=${width} height=${height}${later}}`;
  });
}
