import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { npy } from '../../src/formats/npy.ts';
import { pythonWith, runPython } from '../helpers/python.ts';
import { formatted, unit, UNITS } from '../helpers/units.ts';

describe('npy', () => {
  it('begins with the magic, version 1.0 and a header padded to 64 bytes', () => {
    const file = formatted(npy());
    expect(file.subarray(0, 8).toString('latin1')).toBe('\x93NUMPY\x01\x00');
    const dataStart = 10 + file.readUInt16LE(8);
    expect(dataStart % 64).toBe(0);
    expect(file[dataStart - 1]).toBe(0x0a);
    expect(file.length - dataStart).toBe(UNITS.length * 42);
  });

  it('writes an array of no units for a recording without any', () => {
    expect(formatted(npy(), []).toString('latin1')).toContain("'shape': (0,)");
  });

  it.runIf(pythonWith('numpy'))('is read back by NumPy, vectors too', () => {
    const vectors = UNITS.map((u, n) => unit({ ...u, vector: Float32Array.of(n, n / 3) }));
    const path = join(mkdtempSync(join(tmpdir(), 'sylstream-')), 'units.npy');
    writeFileSync(path, formatted(npy({ vectorWidth: 2 }), vectors));
    const program = `
import json, sys, numpy
a = numpy.load(sys.argv[1], allow_pickle=False)
print(json.dumps({name: a[name].tolist() for name in a.dtype.names}))`;
    const columns = JSON.parse(runPython(program, path).replaceAll('NaN', 'null')) as Record<
      string,
      unknown[]
    >;
    for (const name of ['index', 'id', 'start', 'end', 'decided', 'pause', 'forced'] as const) {
      expect(columns[name]).toEqual(UNITS.map((u) => u[name]));
    }
    expect(columns['fine']).toEqual(UNITS.map((u) => u.fine ?? 0));
    expect(columns['confidence']).toEqual(
      UNITS.map((u) => (u.confidence === undefined ? null : Math.fround(u.confidence))),
    );
    expect(columns['vector']).toEqual(vectors.map((u) => Array.from(u.vector!)));
  });
});
