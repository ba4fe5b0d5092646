import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pictureSize, withSizes } from '../../scripts/site/pictures.ts';

const pictures = resolve(import.meta.dirname, '../../docs/pictures');

describe('pictureSize', () => {
  it('reads what a PNG and an SVG say of themselves', () => {
    expect(pictureSize(join(pictures, 'page.png'))).toEqual({ width: 1200, height: 800 });
    expect(pictureSize(join(pictures, 'kathleen-a0002.svg')).width).toBe(1600);
  });

  it('refuses an SVG that does not say it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sylstream-'));
    const path = join(folder, 'a.svg');
    writeFileSync(path, '<svg viewBox="0 0 3 4"></svg>');
    expect(() => pictureSize(path)).toThrow('a.svg does not say its width and height');
    rmSync(folder, { recursive: true });
  });
});

describe('withSizes', () => {
  const asked: string[] = [];
  const sizeOf = (path: string) => {
    asked.push(path);
    return { width: 3, height: 4 };
  };

  it('says sizes behind pictures of the project, and lets all but the first wait', () => {
    const text =
      '![a](../pictures/a.svg) [b](b.md)\n![c: d](c.png)\n![e](https://example.org/e.png)';
    expect(withSizes(text, 'docs/guides/file.md', sizeOf)).toBe(
      '![a](../pictures/a.svg){width=3 height=4} [b](b.md)\n![c: d](c.png){width=3 height=4 loading=lazy}\n![e](https://example.org/e.png)',
    );
    expect(asked).toEqual(['docs/pictures/a.svg', 'docs/guides/c.png']);
  });
});
