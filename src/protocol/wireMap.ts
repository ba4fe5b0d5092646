/** A decoded map of the wire, before its fields are checked. */
export type WireMap = Readonly<Record<string, unknown>>;

/** Whether a decoded value is a map. */
export function isWireMap(value: unknown): value is WireMap {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  );
}
