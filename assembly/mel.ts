// The arithmetic of a log-mel frame around its Fourier transform, in AssemblyScript.
// `npm run build:wasm` compiles it into src/mel/melWasm.ts; src/mel/melKernel.ts lays out its memory and calls it.
//
// All sums are in float64 and none depends on the processor. The logarithm is this file's own: the same bits in every engine.

/** Share of the sample before that pre-emphasis takes away (Kaldi's default). */
const PREEMPHASIS: f64 = 0.97;
/** The least power of a band: the smallest step of single precision at 1 (Kaldi, `std::numeric_limits<float>::epsilon()`). */
const POWER_FLOOR: f64 = 1.1920929e-7;

/** The upper two of four float32, as float64. */
function upper(values: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i32>(values, values, 2, 3, 2, 3));
}

/** (now − 0.97 · before) · taper of two samples, the mean taken away. */
function emphasised(now: v128, before: v128, mean: v128, weights: v128): v128 {
  const share = f64x2.mul(f64x2.splat(PREEMPHASIS), f64x2.sub(before, mean));
  return f64x2.mul(f64x2.sub(f64x2.sub(now, mean), share), weights);
}

/**
 * Takes the mean of `count` float32 at `samples` away, pre-emphasises them and multiplies them by the float64 at `weights`;
 * writes float32 to `output`. `count` is a multiple of 4; the four bytes before `samples` are written to: the first sample is
 * its own predecessor.
 */
export function taper(samples: usize, count: i32, weights: usize, output: usize): void {
  store<f32>(samples - 4, load<f32>(samples));
  const end = samples + ((<usize>count) << 2);
  let even = f64x2.splat(0);
  let odd = f64x2.splat(0);
  for (let at = samples; at < end; at += 16) {
    const four = v128.load(at);
    even = f64x2.add(even, f64x2.promote_low_f32x4(four));
    odd = f64x2.add(odd, upper(four));
  }
  const sums = f64x2.add(even, odd);
  const mean = f64x2.splat(
    (f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1)) / <f64>count,
  );
  for (let at = samples; at < end; at += 16) {
    const now = v128.load(at);
    const before = v128.load(at - 4);
    const low = emphasised(
      f64x2.promote_low_f32x4(now),
      f64x2.promote_low_f32x4(before),
      mean,
      v128.load(weights),
    );
    const high = emphasised(upper(now), upper(before), mean, v128.load(weights, 16));
    v128.store(
      output,
      v128.shuffle<i32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5),
    );
    weights += 32;
    output += 16;
  }
}

/**
 * Writes the logarithms, float32, of the energies of `count` mel bands of the spectrum at `spectrum`: float32 re 0, re n/2, re 1, im 1, …
 * of `points` / 2 bins, as PFFFT orders them; the first and the last bin belong to no band. Band m is the sum of the bins from
 * `first[m]` on times the weights from `offset[m]` to `offset[m + 1]`. `count` is even, `power` takes `points` / 2 float64, `energies` `count`.
 */
export function bands(
  spectrum: usize,
  points: i32,
  power: usize,
  first: usize,
  offset: usize,
  weights: usize,
  count: i32,
  energies: usize,
  output: usize,
): void {
  // Bins 0 and n/2 make one number that nobody reads.
  for (let k: usize = 0; k < (<usize>points) >> 1; k += 2) {
    const pairs = v128.load(spectrum + (k << 3));
    const low = f64x2.promote_low_f32x4(pairs);
    const high = upper(pairs);
    const a = f64x2.mul(low, low);
    const b = f64x2.mul(high, high);
    v128.store(
      power + (k << 3),
      f64x2.add(v128.shuffle<i64>(a, b, 0, 2), v128.shuffle<i64>(a, b, 1, 3)),
    );
  }
  let from = load<i32>(offset);
  for (let m: usize = 0; m < <usize>count; m++) {
    const to = load<i32>(offset + ((m + 1) << 2));
    let at = power + ((<usize>load<i32>(first + (m << 2))) << 3);
    let energy: f64 = 0;
    for (let w = from; w < to; w++) {
      energy += load<f64>(at) * load<f64>(weights + ((<usize>w) << 3));
      at += 8;
    }
    store<f64>(energies + (m << 3), max(energy, POWER_FLOOR));
    from = to;
  }
  for (let m: usize = 0; m < <usize>count; m += 2) {
    const logs = f32x4.demote_f64x2_zero(log2x(v128.load(energies + (m << 3))));
    v128.store64_lane(output + (m << 2), logs, 0);
  }
}

/** The bits of √½: above them a number's exponent is counted one higher, so that its mantissa lies in [√½, √2). */
const ROOT_HALF: i64 = 0x3fe6a09e00000000;
const EXPONENT: i64 = 0xfff0000000000000;

/** a + b · c */
function plus(a: f64, b: v128, c: v128): v128 {
  return f64x2.add(f64x2.splat(a), f64x2.mul(b, c));
}

/**
 * The natural logarithms of two normal positive float64, to a step or two of float64: x = 2^k · (1 + f), ln(1 + f) by a
 * polynomial in s = f / (2 + f) (FreeBSD's and fdlibm's `e_log.c`, Sun Microsystems 1993). What is not finite stays as it is.
 */
function log2x(x: v128): v128 {
  const above = i64x2.sub(x, i64x2.splat(ROOT_HALF));
  const exponents = i64x2.shr_s(above, 52);
  const k = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(exponents, exponents, 0, 2, 0, 2));
  const mantissa = i64x2.sub(x, v128.and(above, i64x2.splat(EXPONENT)));
  const f = f64x2.sub(mantissa, f64x2.splat(1));
  const s = f64x2.div(f, f64x2.add(f64x2.splat(2), f));
  const z = f64x2.mul(s, s);
  const w = f64x2.mul(z, z);
  const even = f64x2.mul(
    w,
    plus(
      3.999999999940941908e-1,
      w,
      plus(2.222219843214978396e-1, w, f64x2.splat(1.531383769920937332e-1)),
    ),
  );
  const odd = f64x2.mul(
    z,
    plus(
      6.66666666666673513e-1,
      w,
      plus(
        2.857142874366239149e-1,
        w,
        plus(1.818357216161805012e-1, w, f64x2.splat(1.479819860511658591e-1)),
      ),
    ),
  );
  const r = f64x2.add(even, odd);
  const half = f64x2.mul(f64x2.mul(f64x2.splat(0.5), f), f);
  const tail = f64x2.add(
    f64x2.mul(s, f64x2.add(half, r)),
    f64x2.mul(k, f64x2.splat(1.90821492927058770002e-10)),
  );
  const log = f64x2.sub(
    f64x2.mul(k, f64x2.splat(6.9314718036912381649e-1)),
    f64x2.sub(f64x2.sub(half, tail), f),
  );
  return v128.bitselect(log, x, f64x2.lt(x, f64x2.splat(Infinity)));
}
