/** A picture that is drawn into: one colour number a pixel. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  /** `[height, width]`, top row first; 0 at first. */
  readonly pixels: Uint8Array;
  /** Fills a rectangle; what lies outside is left out. */
  fill(x: number, y: number, width: number, height: number, colour: number): void;
  /** Writes digits, `.`, `s` and spaces, each pixel of the font `scale` pixels wide; x, y is the top left corner. */
  write(text: string, x: number, y: number, scale: number, colour: number): void;
}

/** Columns and rows of a character, and columns from one to the next. */
export const GLYPH = { width: 5, height: 7, advance: 6 } as const;

/** Five bits a row, the leftmost highest: the classic 5 by 7 matrix of displays. */
const GLYPHS: Readonly<Record<string, readonly number[]>> = {
  '0': [14, 17, 19, 21, 25, 17, 14],
  '1': [4, 12, 4, 4, 4, 4, 14],
  '2': [14, 17, 1, 2, 4, 8, 31],
  '3': [31, 2, 4, 2, 1, 17, 14],
  '4': [2, 6, 10, 18, 31, 2, 2],
  '5': [31, 16, 30, 1, 1, 17, 14],
  '6': [6, 8, 16, 30, 17, 17, 14],
  '7': [31, 1, 2, 4, 8, 8, 8],
  '8': [14, 17, 17, 14, 17, 17, 14],
  '9': [14, 17, 17, 15, 1, 2, 12],
  '.': [0, 0, 0, 0, 0, 12, 12],
  s: [0, 0, 14, 16, 14, 1, 30],
};

/** Makes an empty canvas. */
export function createCanvas(width: number, height: number): Canvas {
  const pixels = new Uint8Array(width * height);

  function fill(x: number, y: number, w: number, h: number, colour: number): void {
    const from = Math.max(0, Math.round(x));
    const to = Math.min(width, Math.round(x + w));
    const bottom = Math.min(height, Math.round(y + h));
    for (let row = Math.max(0, Math.round(y)); row < bottom && from < to; row++) {
      pixels.fill(colour, row * width + from, row * width + to);
    }
  }

  return {
    width,
    height,
    pixels,
    fill,
    write(text, x, y, scale, colour) {
      text.split('').forEach((character, n) => {
        GLYPHS[character]?.forEach((bits, row) => {
          for (let column = 0; column < GLYPH.width; column++) {
            if (((bits >> (GLYPH.width - 1 - column)) & 1) === 0) continue;
            const left = x + scale * (n * GLYPH.advance + column);
            fill(left, y + scale * row, scale, scale, colour);
          }
        });
      });
    },
  };
}
