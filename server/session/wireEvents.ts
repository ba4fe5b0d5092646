import type { FinalUnit, ProvisionalUnits } from '../../src/protocol/index.ts';
import type { SpeechEvent, Unit } from '../../src/core/types.ts';

/** A final unit as it travels. */
export function toFinalUnit(unit: Unit): FinalUnit {
  return {
    t: 'u',
    i: unit.index,
    id: unit.id,
    ...(unit.fine !== undefined && { fine: unit.fine }),
    s: unit.start,
    e: unit.end,
    at: unit.decided,
    ...(unit.confidence !== undefined && { c: unit.confidence }),
    ...(unit.pause && { pause: true }),
    ...(unit.forced && { forced: true }),
    ...(unit.vector && { f: littleEndian(unit.vector) }),
  };
}

/** The provisional tail as it travels. */
export function toProvisional(
  event: Extract<SpeechEvent, { readonly type: 'provisional' }>,
): ProvisionalUnits {
  return {
    t: 'p',
    from: event.from,
    us: event.units.map(({ id, start, end }) => [id, start, end] as const),
  };
}

/** Float32 values as bytes, whatever the machine. */
function littleEndian(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setFloat32(4 * index, value, true));
  return bytes;
}
