import { crc32, deflateSync } from 'node:zlib';

/** A picture with at most 256 colours. */
export interface IndexedImage {
  readonly width: number;
  readonly height: number;
  /** `[height, width]`: number of the colour of every pixel, top row first. */
  readonly pixels: Uint8Array;
  /** Colours as `[red, green, blue]`, 0 to 255 each. */
  readonly palette: readonly (readonly [number, number, number])[];
  /** Texts of the file by their keywords, such as `Title` (section 11.3.4.2). */
  readonly texts?: Readonly<Record<string, string>>;
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** Encodes a picture as PNG, colour type 3 with 8 bits a pixel (PNG specification, sections 5 and 11). */
export function encodePng(image: IndexedImage): Buffer {
  const { width, height, pixels, palette, texts = {} } = image;
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8); // bit depth, colour type, compression, filter, no interlace
  const rows = Buffer.alloc((width + 1) * height); // each row begins with its filter, 0 = none
  for (let y = 0; y < height; y++) {
    rows.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  }
  return Buffer.concat([
    SIGNATURE,
    pngChunk('IHDR', head),
    pngChunk('PLTE', Uint8Array.from(palette.flat())),
    ...Object.entries(texts).map(([keyword, text]) => pngChunk('iTXt', itxt(keyword, text))),
    pngChunk('IDAT', deflateSync(rows, { level: 9 })),
    pngChunk('IEND', new Uint8Array(0)),
  ]);
}

/** International text, UTF-8: keyword, not compressed, no language, no translated keyword (section 11.3.4.5). */
function itxt(keyword: string, text: string): Buffer {
  return Buffer.concat([Buffer.from(keyword, 'latin1'), Buffer.alloc(5), Buffer.from(text)]);
}

function pngChunk(type: string, data: Uint8Array): Buffer {
  const chunk = Buffer.alloc(12 + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, 'latin1');
  chunk.set(data, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return chunk;
}
