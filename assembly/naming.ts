// The arithmetic of naming a segment, in AssemblyScript: a projection head's layers and the search for the nearest centroid.
// `npm run build:wasm` compiles it into src/models/codebook/namingWasm.ts; src/models/codebook/namingKernel.ts lays out its memory and calls it.
//
// No result depends on the processor: every sum is added in the order that docs/bundle.md states, products are never fused with
// additions, and no relaxed instruction is used.

/** Rows of a layer that are worked on together, four to a vector: layerPanels.ts packs weights by so many. */
const PANEL_ROWS: usize = 32;
const PANEL_STEP: usize = PANEL_ROWS * 4; // bytes of one input's weights in a panel
/** Centroids that are looked at together, four to a vector. */
const BLOCK: i32 = 16;
const BLOCK_STEP: usize = 32; // bytes of one pair of entries in a block

/**
 * Writes max(floor, x), as float32, of those of the `count` float64 at `input` for which it is not 0 to `values`, and at `offsets`
 * the place of their weights within a panel; returns how many they are. Adding 0 · weight would change no sum.
 */
export function compact(input: usize, count: i32, floor: f64, values: usize, offsets: usize): i32 {
  let kept: i32 = 0;
  for (let i = 0; i < count; i++) {
    const x = <f32>max(floor, load<f64>(input + ((<usize>i) << 3)));
    store<f32>(values + ((<usize>kept) << 2), x);
    store<i32>(offsets + ((<usize>kept) << 2), i * <i32>PANEL_STEP);
    kept += i32(x != 0);
  }
  return kept;
}

/** sum + x · w in float32, rounded twice. */
function step(sum: v128, x: v128, weights: usize): v128 {
  return f32x4.add(sum, f32x4.mul(x, v128.load(weights)));
}

/** Writes four float32 as float64. */
function widen(sums: v128, output: usize): void {
  v128.store(output, f64x2.promote_low_f32x4(sums));
  v128.store(output, f64x2.promote_low_f32x4(v128.shuffle<i32>(sums, sums, 2, 3, 2, 3)), 16);
}

/**
 * One linear layer over what `compact` kept: output[r] = ((bias[r] + w[r, 0]·x[0]) + w[r, 1]·x[1]) + …, in float32; the output is
 * written as float64. A panel holds `width` times the weights of one input for all its PANEL_ROWS rows.
 */
export function layer(
  weights: usize,
  panels: i32,
  width: i32,
  bias: usize,
  values: usize,
  offsets: usize,
  count: i32,
  output: usize,
): void {
  for (let panel = 0; panel < panels; panel++) {
    let s0 = v128.load(bias, 0);
    let s1 = v128.load(bias, 16);
    let s2 = v128.load(bias, 32);
    let s3 = v128.load(bias, 48);
    let s4 = v128.load(bias, 64);
    let s5 = v128.load(bias, 80);
    let s6 = v128.load(bias, 96);
    let s7 = v128.load(bias, 112);
    for (let i = 0; i < count; i++) {
      const x = v128.load32_splat(values + ((<usize>i) << 2));
      const w = weights + <usize>load<i32>(offsets + ((<usize>i) << 2));
      s0 = step(s0, x, w);
      s1 = step(s1, x, w + 16);
      s2 = step(s2, x, w + 32);
      s3 = step(s3, x, w + 48);
      s4 = step(s4, x, w + 64);
      s5 = step(s5, x, w + 80);
      s6 = step(s6, x, w + 96);
      s7 = step(s7, x, w + 112);
    }
    widen(s0, output);
    widen(s1, output + 32);
    widen(s2, output + 64);
    widen(s3, output + 96);
    widen(s4, output + 128);
    widen(s5, output + 160);
    widen(s6, output + 192);
    widen(s7, output + 224);
    weights += <usize>width * PANEL_STEP;
    bias += PANEL_ROWS * 4;
    output += PANEL_ROWS * 8;
  }
}

/** Two float32 as float64. */
function wide(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}

/**
 * ‖point − centroid‖²: four sums over the entries 0, 1, 2 and 3 modulo 4 of the whole strides of 32, added from the left, plus
 * the sum of the entries after them.
 */
function squaredDistance(point: usize, centroid: usize, width: i32): f64 {
  let even = f64x2.splat(0);
  let odd = f64x2.splat(0);
  const end = centroid + ((<usize>(width & ~31)) << 2);
  while (centroid < end) {
    const a = f64x2.sub(v128.load(point), wide(centroid));
    const b = f64x2.sub(v128.load(point, 16), wide(centroid + 8));
    even = f64x2.add(even, f64x2.mul(a, a));
    odd = f64x2.add(odd, f64x2.mul(b, b));
    point += 32;
    centroid += 16;
  }
  const s01 = f64x2.extract_lane(even, 0) + f64x2.extract_lane(even, 1);
  const total = s01 + f64x2.extract_lane(odd, 0) + f64x2.extract_lane(odd, 1);
  let rest: f64 = 0;
  for (let i = 0; i < (width & 31); i++) {
    const d = load<f64>(point + ((<usize>i) << 3)) - <f64>load<f32>(centroid + ((<usize>i) << 2));
    rest += d * d;
  }
  return total + rest;
}

/** How much of ‖x‖² the bounds are widened by: over all roundings in float32 and float64. */
const FUZZ: f64 = 4e-6;

let nearest: f64 = 0; // squared distance to the nearest centroid so far
let other: f64 = 0; // … to the nearest of another unit
let winner: i32 = 0; // its index

/** Measures centroid k and takes its place in the order; ties go to the lower index. */
function measure(k: i32, point: usize, width: i32, centroids: usize, units: usize): void {
  const distance = squaredDistance(point, centroids + ((<usize>(k * width)) << 2), width);
  if (distance >= other) return;
  const isSame =
    winner >= 0 &&
    load<i32>(units + ((<usize>k) << 2)) == load<i32>(units + ((<usize>winner) << 2));
  if (distance >= nearest) {
    if (!isSame) other = distance;
    return;
  }
  if (!isSame) other = nearest;
  nearest = distance;
  winner = k;
}

/** Rounds the entries of `point` to whole multiples of `unit`, as int16 at `rounded`, with zeros up to an even number. */
function round(point: usize, width: i32, unit: f64, rounded: usize): void {
  store<i16>(rounded + ((<usize>width) << 1), 0);
  for (let i: usize = 0; i < <usize>width; i++) {
    store<i16>(rounded + (i << 1), <i16>(<i32>Math.round(load<f64>(point + (i << 3)) / unit)));
  }
}

let square: f64 = 0; // ‖point‖²
let isSafe = false; // float32 can hold the bounds
let scale: v128 = f32x4.splat(0); // of the rounded point
let length: v128 = f32x4.splat(0); // 2‖point‖

/** Rounds the point that `find` and `share` look at. */
function look(point: usize, width: i32, rounded: usize, levels: f64): void {
  let most: f64 = 0;
  square = 0;
  for (let i = 0; i < width; i++) {
    const x = load<f64>(point + ((<usize>i) << 3));
    square += x * x;
    most = max(most, abs(x));
  }
  isSafe = square > 1e-20 && square < 1e30;
  const unit = most / levels;
  if (isSafe) round(point, width, unit, rounded);
  scale = f32x4.splat(<f32>unit);
  length = f32x4.splat(<f32>(2 * sqrt(square)));
}

/** A bit for each centroid of a block whose squared distance may be below `reach`; all of them where the bounds cannot tell. */
function open(
  block: usize,
  pairs: i32,
  rounded: usize,
  reach: f64,
  norms: usize,
  steps: usize,
  slacks: usize,
): i32 {
  let a = i32x4.splat(0);
  let b = i32x4.splat(0);
  let c = i32x4.splat(0);
  let d = i32x4.splat(0);
  for (let pair = 0; pair < pairs; pair++) {
    const x = v128.load32_splat(rounded + ((<usize>pair) << 2));
    a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load8x8_s(block), x));
    b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load8x8_s(block, 8), x));
    c = i32x4.add(c, i32x4.dot_i16x8_s(v128.load8x8_s(block, 16), x));
    d = i32x4.add(d, i32x4.dot_i16x8_s(v128.load8x8_s(block, 24), x));
    block += BLOCK_STEP;
  }
  if (!isSafe) return 0xffff;
  const limit = f32x4.splat(<f32>(reach - square + FUZZ * square));
  return (
    mayMatter(a, limit, norms, steps, slacks) |
    (mayMatter(b, limit, norms + 16, steps + 16, slacks + 16) << 4) |
    (mayMatter(c, limit, norms + 32, steps + 32, slacks + 32) << 8) |
    (mayMatter(d, limit, norms + 48, steps + 48, slacks + 48) << 12)
  );
}

/**
 * Finds the centroid nearest to `point` and returns its index; writes its squared distance, and that of the nearest of another
 * unit (Infinity where there is none), to `distances`.
 *
 * Whole numbers tell which centroids cannot matter: with the point rounded to u·p, the rounded centroid q, both of known
 * error, ‖x − c‖² − ‖x‖² is at least norm − u·step·(p·q) − 2‖x‖·slack, and a centroid whose bound is not below that of the
 * nearest of another unit so far need not be measured. `norms`, `steps` and `slacks` are float32; how they are made and why
 * this loses nothing is in roundedCentroids.ts. `blocks` has the rounded centroids as int8, BLOCK of them at a time, for each pair of
 * entries the two of all of them.
 */
export function find(
  point: usize,
  width: i32,
  count: i32,
  centroids: usize,
  units: usize,
  blocks: usize,
  norms: usize,
  steps: usize,
  slacks: usize,
  rounded: usize,
  levels: f64,
  distances: usize,
): i32 {
  look(point, width, rounded, levels);
  nearest = Infinity;
  other = Infinity;
  winner = -1;
  const pairs = (width + 1) >> 1;
  for (let first = 0; first < count; first += BLOCK) {
    const at = (<usize>first) << 2;
    let bits = open(blocks, pairs, rounded, other, norms + at, steps + at, slacks + at);
    blocks += <usize>pairs * BLOCK_STEP;
    while (bits != 0) {
      const k = first + ctz(bits);
      bits &= bits - 1;
      if (k < count) measure(k, point, width, centroids, units);
    }
  }
  store<f64>(distances, nearest);
  store<f64>(distances, other, 8);
  return winner;
}

/** Squared distances beyond the nearest one's that a share does not count: e^−20 of its weight. */
const REACH: f64 = 20;

/** The whole number nearest to x. */
function nearestWhole(x: f64): f64 {
  return floor(x + 0.5);
}

/** e^x for −REACH <= x <= 0, by e^(k·ln 2 + r) and r's series to the 13th power: the library's has a table, for which this memory has no place. */
function exponential(x: f64): f64 {
  const k = nearestWhole(x * 1.4426950408889634);
  const r = x - k * 0.6931471805599453;
  let sum: f64 = 1;
  for (let n = 13; n > 0; n--) sum = 1 + (sum * r) / <f64>n;
  return sum * reinterpret<f64>((<i64>k + 1023) << 52);
}

/**
 * Of the point that `find` last looked at: the sum of e^(d₀² − dₖ²) over the centroids of the nearest one's unit, over that of all
 * centroids, d₀ the nearest one's distance; centroids further off than d₀² + REACH count for nothing.
 */
export function share(
  point: usize,
  width: i32,
  count: i32,
  centroids: usize,
  units: usize,
  blocks: usize,
  norms: usize,
  steps: usize,
  slacks: usize,
  rounded: usize,
): f64 {
  let own: f64 = 0;
  let all: f64 = 0;
  const unit = load<i32>(units + ((<usize>winner) << 2));
  const pairs = (width + 1) >> 1;
  for (let first = 0; first < count; first += BLOCK) {
    const at = (<usize>first) << 2;
    let bits = open(blocks, pairs, rounded, nearest + REACH, norms + at, steps + at, slacks + at);
    blocks += <usize>pairs * BLOCK_STEP;
    while (bits != 0) {
      const k = first + ctz(bits);
      bits &= bits - 1;
      if (k >= count) continue;
      const beyond =
        squaredDistance(point, centroids + ((<usize>(k * width)) << 2), width) - nearest;
      if (beyond > REACH) continue;
      const weight = exponential(-beyond);
      all += weight;
      if (load<i32>(units + ((<usize>k) << 2)) == unit) own += weight;
    }
  }
  return own / all;
}

/** A bit for each of four centroids whose bound is not at or above `limit`. */
function mayMatter(products: v128, limit: v128, norms: usize, steps: usize, slacks: usize): i32 {
  const cross = f32x4.mul(f32x4.mul(scale, v128.load(steps)), f32x4.convert_i32x4_s(products));
  const bound = f32x4.sub(f32x4.sub(v128.load(norms), cross), f32x4.mul(length, v128.load(slacks)));
  return i32x4.bitmask(v128.not(f32x4.ge(bound, limit)));
}
