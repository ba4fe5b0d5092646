import { describe, expect, it } from 'vitest';
import type { Unit } from '../../src/core/types.ts';
import { TILE_FRAMES } from '../../web/melStore.ts';
import { placePredicted } from '../../web/continuation.ts';
import { createRecording, MAX_SECONDS } from '../../web/recording.ts';
import { placeOf, visibleUnits } from '../../web/view/visibleUnits.ts';
import { cut, seeded } from '../helpers/cuts.ts';
import { clipSamples, floats } from '../helpers/speech.ts';
import { unit, UNITS } from '../helpers/units.ts';

const CLIP = 'kathleen-a0002';

describe('createRecording', () => {
  it('keeps the sound and the golden log-mel, however the sound comes', () => {
    const samples = clipSamples(CLIP);
    const recording = createRecording();
    for (const piece of cut(samples, 11)) recording.hear(piece);
    expect(recording.samples).toBe(samples.length);
    expect(recording.slice(0, samples.length)).toEqual(samples);
    expect(recording.slice(-5, 4)).toEqual(samples.slice(0, 4));
    const golden = floats(`${CLIP}.mel.f32`);
    expect(recording.mel.frames).toBe(golden.length / 128);
    for (let frame = 0; frame < recording.mel.frames; frame++) {
      const tile = recording.mel.tile(Math.floor(frame / TILE_FRAMES));
      for (const bin of [0, 17, 64, 127]) {
        const value = tile[(frame % TILE_FRAMES) * 128 + bin] / (255 / 22) - 16;
        expect(Math.abs(value - golden[frame * 128 + bin])).toBeLessThan(0.05);
      }
    }
  });

  it('keeps sound that is longer than a page of its store', () => {
    const recording = createRecording();
    const samples = Float32Array.from({ length: 61 * 16_000 }, (_, n) => (n % 997) / 1000);
    recording.hear(samples.subarray(0, 12_345));
    recording.hear(samples.subarray(12_345));
    const whole = recording.slice(0, samples.length);
    expect(whole.every((sample, n) => sample === samples[n])).toBe(true);
    const edge = [30 * 16_000 - 3, 30 * 16_000 + 5] as const;
    expect(recording.slice(...edge)).toEqual(samples.slice(...edge));
    expect(recording.slice(5, 5)).toEqual(new Float32Array(0));
    expect(recording.slice(samples.length - 2, samples.length + 9).length).toBe(2);
  });

  it('shows a long silence as one pause and keeps the units as they came', () => {
    const recording = createRecording();
    const pause = (start: number, end: number): Unit => unit({ id: 0, pause: true, start, end });
    const units = [
      unit({ start: 0, end: 5 }),
      pause(5, 9),
      pause(9, 20),
      unit({ start: 20, end: 23 }),
      pause(23, 24),
    ];
    for (const each of units) recording.addUnit(each);
    expect(recording.units).toEqual(units);
    expect(recording.shown.map(({ start, end }) => [start, end])).toEqual([
      [0, 5],
      [5, 20],
      [20, 23],
      [23, 24],
    ]);
    recording.forgetUnits();
    expect(recording.shown).toEqual([]);
  });

  it('draws speech over most of the colours', () => {
    const recording = createRecording();
    recording.hear(clipSamples(CLIP));
    const { low, high } = recording.mel.range();
    expect(high - low).toBeGreaterThan(70);
    const silent = createRecording();
    silent.hear(new Float32Array(32_000));
    expect(silent.mel.range().high - silent.mel.range().low).toBeGreaterThan(60);
  });

  it('drops the provisional units that a final unit has overtaken', () => {
    const recording = createRecording();
    const tail = (start: number, end: number): Unit => unit({ start, end });
    recording.setProvisional([tail(0, 100), tail(100, 200), tail(200, 300)]);
    recording.addUnit(unit({ start: 0, end: 150 }));
    expect(recording.provisional.map(({ start }) => start)).toEqual([200]);
    recording.forgetUnits();
    expect([recording.units, recording.provisional]).toEqual([[], []]);
  });

  it('refuses more than it can keep, with the code that the page explains', () => {
    const recording = createRecording();
    recording.hear(new Float32Array(16_000));
    const tooMuch = new Float32Array((MAX_SECONDS - 1) * 16_000 + 1);
    expect(() => recording.hear(tooMuch)).toThrow(expect.objectContaining({ problem: 'too-long' }));
    expect(recording.samples).toBe(16_000);
  });
});

describe('what is predicted next', () => {
  const places = (spans: readonly { id: number; start: number; end: number }[]) =>
    spans.map(({ id, start, end }) => [id, start, end]);

  it('stands behind the last unit, each as long as the last ones of its kind were', () => {
    expect(places(placePredicted([7, 0, 8], UNITS.slice(0, 3), []))).toEqual([
      [7, 12_921, 16_921.5],
      [0, 16_921.5, 21_841.5],
      [8, 21_841.5, 25_842],
    ]);
    expect(places(placePredicted([7], [], []))).toEqual([[7, 0, 3200]]);
  });

  it('leaves out what the undecided tail has already', () => {
    const tail = [unit({ start: 12_921, end: 15_000 }), unit({ start: 15_000, end: 18_000 })];
    expect(places(placePredicted([7, 8, 9], UNITS.slice(0, 3), tail))).toEqual([
      [9, 18_000, 22_000.5],
    ]);
    expect(placePredicted([7], UNITS.slice(0, 3), tail)).toEqual([]);
  });

  it('is forgotten with the next unit, and not taken when it comes too late', () => {
    const recording = createRecording();
    recording.setPredicted(-1, [5]);
    expect(recording.predicted.map(({ id }) => id)).toEqual([5]);
    recording.addUnit(UNITS[0]);
    expect(recording.predicted).toEqual([]);
    recording.setPredicted(-1, [5]);
    expect(recording.predicted).toEqual([]);
    recording.setPredicted(0, [0]);
    expect(recording.predicted).toMatchObject([{ id: 0, pause: true, start: UNITS[0].end }]);
    recording.forgetUnits();
    expect(recording.predicted).toEqual([]);
  });
});

describe('visibleUnits', () => {
  it('finds the spans that touch a stretch, as a filter does', () => {
    const random = seeded(2);
    let at = 0;
    const spans = Array.from({ length: 60 }, () => ({
      start: at,
      end: (at += 1 + Math.floor(random() * 50)),
    }));
    for (let n = 0; n < 500; n++) {
      const from = Math.floor(random() * at) - 20;
      const to = from + Math.floor(random() * 200);
      const expected = spans.filter(({ start, end }) => end > from && start < to);
      expect(visibleUnits(spans, from, to)).toEqual(expected);
    }
    expect(visibleUnits([], 0, 10)).toEqual([]);
  });

  it('has the place of the span that holds a sample, or of the one before', () => {
    const spans = [
      { start: 2, end: 4 },
      { start: 4, end: 5 },
      { start: 8, end: 9 },
    ];
    const places = [0, 1, 2, 3, 4, 5, 7, 8, 9, 100].map((sample) => placeOf(spans, sample));
    expect(places).toEqual([-1, -1, 0, 0, 1, 1, 1, 2, 2, 2]);
    expect(placeOf([], 3)).toBe(-1);
  });
});
