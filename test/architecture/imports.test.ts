import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { circlesOf, importsOf, readSource, sourcesOf } from '../helpers/sources.ts';

const ENGINES = ['encoder', 'codebook', 'lm', 'head', 'speak'].map((room) => `src/models/${room}`);
const MODELS = ['src/models/bundle', 'src/models/inference', ...ENGINES, 'src/models'];
const ARITHMETIC = ['src/core', 'src/audio', 'src/mel', 'src/segments', 'src/speak'];
const STREAMS = [
  'src/operators',
  'src/streams',
  'src/streams/microphone',
  'src/streams/loudspeaker',
  'src/streams/pool',
];
const SERVER = ['address', 'settings', 'observe', 'limits', 'admission', 'http', 'session'].map(
  (room) => `server/${room}`,
);

/** Rooms, and the rooms that each may import beside itself: `docs/architecture.md` has the picture. */
const RULES: Readonly<Partial<Record<string, readonly string[]>>> = {
  'src/core': [],
  'src/audio': ['src/core'],
  'src/mel': ['src/core'],
  'src/segments': ['src/core'],
  'src/speak': ['src/core'],
  'src/models/bundle': ['src/core'],
  'src/models/inference': ['src/core'],
  // The engines never import each other.
  ...Object.fromEntries(
    ENGINES.map((room) => [room, ['src/core', 'src/models/bundle', 'src/models/inference']]),
  ),
  // Its thread makes the sound too.
  'src/models/speak': ['src/core', 'src/speak', 'src/models/bundle', 'src/models/inference'],
  // Puts the engines together; it also waits for the WebAssembly of the resampler and the FFT.
  'src/models': ['src/core', 'src/audio', 'src/mel', ...MODELS],
  'src/operators': [...ARITHMETIC, ...MODELS],
  'src/streams': [...ARITHMETIC, ...MODELS, 'src/operators'],
  'src/streams/microphone': [...ARITHMETIC, 'src/operators', 'src/streams'],
  'src/streams/loudspeaker': [...ARITHMETIC],
  'src/streams/pool': [...ARITHMETIC, ...MODELS, 'src/operators', 'src/streams'],
  'src/protocol': ['src/core'],
  'src/client': ['src/core', 'src/protocol', 'src/audio'],
  // The library without Node: the same machines, other files, threads and sounds.
  'src/browser': [...ARITHMETIC, ...MODELS, 'src/operators', 'src/streams'],
  'src/formats': ['src/core', 'src/segments', 'src/models/bundle', 'src/models/lm'],
  'src/bench': [...ARITHMETIC, ...MODELS, ...STREAMS],
  'src/cli': [...ARITHMETIC, ...MODELS, ...STREAMS, 'src/formats', 'src/bench'],
  src: [...ARITHMETIC, ...MODELS, ...STREAMS, 'src/formats'],
  ...Object.fromEntries(
    [...SERVER, 'server'].map((room) => [
      room,
      [...ARITHMETIC, ...MODELS, 'src/streams', 'src/streams/pool', 'src/protocol', ...SERVER],
    ]),
  ),
  bin: ['src/cli', 'server'],
};

const files = sourcesOf('src', 'server', 'bin');
const imports = new Map(files.map((file) => [file, importsOf(file)]));
const folders = new Map<string, Set<string>>();
for (const [file, targets] of imports) {
  const from = folders.get(dirname(file)) ?? new Set();
  folders.set(dirname(file), from);
  for (const target of targets) if (dirname(target) !== dirname(file)) from.add(dirname(target));
}

describe('the rooms', () => {
  it('are all in the table', () => {
    expect([...folders.keys()].filter((folder) => !(folder in RULES))).toEqual([]);
  });

  it('import only what lies under them', () => {
    const wrong = files.flatMap((file) =>
      imports
        .get(file)!
        .filter((target) => {
          const [from, to] = [dirname(file), dirname(target)];
          return from !== to && RULES[from]?.includes(to) !== true;
        })
        .map((target) => `${file} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('stand in no circle, nor do the folders of the project', () => {
    expect(circlesOf(folders)).toEqual([]);
    const tops = ['src', 'server', 'bin', 'bench', 'web'].map((top) => {
      const targets = sourcesOf(top).flatMap(importsOf);
      return [top, new Set(targets.map((target) => target.split('/')[0]))] as const;
    });
    expect(circlesOf(new Map(tops))).toEqual([]);
  });

  it('hold no circle of files, imports of types included', () => {
    const all = sourcesOf('src', 'server', 'bin', 'bench', 'web', 'test');
    expect(circlesOf(new Map(all.map((file) => [file, importsOf(file)])))).toEqual([]);
  });

  it('have short files: the median under 80 lines, none over 400', () => {
    const lines = files
      .map((file) => readSource(file).split('\n').length - 1)
      .sort((a, b) => a - b);
    expect(lines.at(-1)).toBeLessThanOrEqual(400);
    expect(lines[Math.floor(lines.length / 2)]).toBeLessThan(80);
  });
});
