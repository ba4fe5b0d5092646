import type { Unit } from '../core/types.ts';
import type { UnitFormatter } from './unitFormatter.ts';

/** Options of `npy()`. */
export interface NpyOptions {
  /** Adds the field `vector`, float32 `[D]`; D here. Default 0: no such field. */
  readonly vectorWidth?: number;
  /** Adds the field `channel`, int32, as the last one. Default: no such field. */
  readonly channels?: boolean;
}

/** Field name, NumPy type, bytes. */
const FIELDS = [
  ['index', '<i4', 4],
  ['id', '<i4', 4],
  ['fine', '<i4', 4],
  ['start', '<i8', 8],
  ['end', '<i8', 8],
  ['decided', '<i8', 8],
  ['confidence', '<f4', 4],
  ['pause', '|b1', 1],
  ['forced', '|b1', 1],
] as const;

const RECORD_BYTES = FIELDS.reduce((sum, [, , bytes]) => sum + bytes, 0);
/** The header is padded so that the data begin at a multiple of this (NumPy's format.py, ARRAY_ALIGN). */
const ALIGN = 64;

/**
 * Writes a NumPy `.npy` file, version 1.0: a structured array `[units]` with the fields `index, id, fine, start,
 * end, decided` (samples at 16 kHz), `confidence` (NaN for a pause), `pause, forced` and, on request, `vector`. Everything comes at the end,
 * because the header holds the count.
 *
 * ```py
 * units = numpy.load('units.npy'); seconds = units['start'] / 16000
 * ```
 */
export function npy(options: NpyOptions = {}): UnitFormatter {
  const { vectorWidth = 0, channels = false } = options;
  const shape = { vectorWidth, channels };
  const units: Unit[] = [];
  return {
    begin: () => '',
    unit: (unit) => {
      units.push(unit);
      return '';
    },
    end: () => {
      const header = headerBytes(units.length, shape);
      const stride = RECORD_BYTES + 4 * vectorWidth + (channels ? 4 : 0);
      const file = new Uint8Array(header.length + stride * units.length);
      file.set(header);
      const view = new DataView(file.buffer);
      units.forEach((unit, row) => writeRecord(view, header.length + row * stride, unit, shape));
      return file;
    },
  };
}

function headerBytes(count: number, { vectorWidth, channels }: Required<NpyOptions>): Uint8Array {
  const fields = FIELDS.map(([name, type]) => `('${name}', '${type}')`);
  if (vectorWidth > 0) fields.push(`('vector', '<f4', (${vectorWidth},))`);
  if (channels) fields.push("('channel', '<i4')");
  const text = `{'descr': [${fields.join(', ')}], 'fortran_order': False, 'shape': (${count},), }`;
  const prefix = 10; // magic 6, version 2, header length 2
  const padded = Math.ceil((prefix + text.length + 1) / ALIGN) * ALIGN - prefix;
  const bytes = new Uint8Array(prefix + padded);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, padded & 0xff, padded >> 8]); // \x93NUMPY 1.0
  bytes.set(new TextEncoder().encode(`${text.padEnd(padded - 1)}\n`), prefix);
  return bytes;
}

function writeRecord(
  view: DataView,
  at: number,
  unit: Unit,
  { vectorWidth, channels }: Required<NpyOptions>,
): void {
  view.setInt32(at, unit.index, true);
  view.setInt32(at + 4, unit.id, true);
  view.setInt32(at + 8, unit.fine ?? 0, true);
  view.setBigInt64(at + 12, BigInt(unit.start), true);
  view.setBigInt64(at + 20, BigInt(unit.end), true);
  view.setBigInt64(at + 28, BigInt(unit.decided), true);
  view.setFloat32(at + 36, unit.confidence ?? Number.NaN, true);
  view.setUint8(at + 40, Number(unit.pause));
  view.setUint8(at + 41, Number(unit.forced));
  for (let d = 0; d < vectorWidth; d++) {
    view.setFloat32(at + RECORD_BYTES + 4 * d, unit.vector?.[d] ?? Number.NaN, true);
  }
  if (channels) view.setInt32(at + RECORD_BYTES + 4 * vectorWidth, unit.channel ?? 1, true);
}
