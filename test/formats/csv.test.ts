import { describe, expect, it } from 'vitest';
import { csv } from '../../src/formats/csv.ts';
import { formatted, PROVENANCE, unit, UNITS } from '../helpers/units.ts';
import { pythonWith, runPython } from '../helpers/python.ts';

/** Of one unit alone. */
const labelOf = ({ id }: { readonly id: number }) => (id === 203 ? 'ness, or so' : undefined);

describe('csv', () => {
  it('writes names and one row a unit, with what the numbers mean on every row', () => {
    const rows = formatted(csv({ provenance: PROVENANCE, labelOf }))
      .toString()
      .split('\r\n');
    expect(rows).toHaveLength(UNITS.length + 2);
    expect(rows[0]).toBe(
      'index,id,fine,label,start,end,decided,startSeconds,endSeconds,confidence,pause,forced,bundle,version,hash,precision,rate,lambda,w',
    );
    expect(rows[3]).toBe(
      `2,203,1700,"ness, or so",8761,12921,17921,0.5475625,0.8075625,0.2500,0,1,tiny,0.0.1,${'ab'.repeat(32)},int8,natural,2.25,1`,
    );
    expect(rows.at(-1)).toBe('');
  });

  it('leaves the names out for the second recording of a table', () => {
    expect(csv({ provenance: PROVENANCE, names: false }).begin()).toBe('');
  });

  it('quotes commas, quotes and line ends as RFC 4180 says', () => {
    const row = csv({ provenance: PROVENANCE, file: 'a,"b"\n.wav' }).unit(UNITS[1]);
    expect(row.startsWith('"a,""b""\n.wav",1,17,')).toBe(true);
  });

  it('gives each number of a vector its column', () => {
    const formatter = csv({ provenance: PROVENANCE, vectorWidth: 2 });
    expect(formatter.begin()).toContain('forced,v0,v1,bundle');
    const row = formatter.unit(unit({ start: 0, end: 1, vector: Float32Array.of(0.5, -2) }));
    expect(row).toContain(',0.500000000,-2.00000000,tiny');
  });

  it.runIf(pythonWith('csv'))("is read back by Python's csv module", () => {
    const text = formatted(csv({ provenance: PROVENANCE, file: 'a,"b".wav' })).toString();
    const program =
      'import csv,io,json,sys; print(json.dumps(list(csv.DictReader(io.StringIO(sys.argv[1])))))';
    const rows = JSON.parse(runPython(program, text)) as Record<string, string>[];
    expect(rows.map((row) => row['id'])).toEqual(['0', '17', '203', '17', '0']);
    expect(rows.every((row) => row['file'] === 'a,"b".wav' && row['lambda'] === '2.25')).toBe(true);
  });
});
