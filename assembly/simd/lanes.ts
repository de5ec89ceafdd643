// The one file that names the machine: loads, stores, tails, and operations that were chosen by measurement.

/** Lanes of one vector. */
export const LANES: i32 = 4;

/** The lane vocabulary, as a class of `@inline` static members: asc inlines them, and to `tsc` it is plain TypeScript. */
export class V {
  @inline static load(p: usize): v128 {
    return v128.load(p);
  }

  @inline static store(p: usize, x: v128): void {
    v128.store(p, x);
  }

  @inline static splat(x: f32): v128 {
    return f32x4.splat(x);
  }

  /** One f32 in memory, in every lane. */
  @inline static broadcast(p: usize): v128 {
    return v128.load32_splat(p);
  }

  /** The first `n` of four elements (1 ≤ n ≤ 3); the other lanes are 0. Reads nothing beyond them. */
  @inline static loadTail(p: usize, n: i32): v128 {
    if (n == 1) return v128.load32_zero(p);
    const low = v128.load64_zero(p);
    return n == 2 ? low : v128.load32_lane(p + 8, low, 2);
  }

  /** `x` with the lanes from `n` on replaced by those of `filler`. */
  @inline static fill(x: v128, n: i32, filler: v128): v128 {
    return v128.bitselect(x, filler, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(n)));
  }

  /** Writes the first `n` lanes (1 ≤ n ≤ 3) and nothing beyond them. */
  @inline static storeTail(p: usize, x: v128, n: i32): void {
    if (n == 1) {
      v128.store32_lane(p, x, 0);
    } else {
      v128.store64_lane(p, x, 0);
      if (n == 3) v128.store32_lane(p + 8, x, 2);
    }
  }

  /** Four elements `stride` apart; lanes from `n` on are 0. */
  @inline static gather(p: usize, stride: i32, n: i32): v128 {
    const step = (<usize>stride) << 2;
    let x = v128.load32_zero(p);
    if (n > 1) x = v128.load32_lane(p + step, x, 1);
    if (n > 2) x = v128.load32_lane(p + 2 * step, x, 2);
    if (n > 3) x = v128.load32_lane(p + 3 * step, x, 3);
    return x;
  }

  /** One element from each of four places. */
  @inline static four(p0: usize, p1: usize, p2: usize, p3: usize): v128 {
    const low = v128.load32_lane(p1, v128.load32_zero(p0), 1);
    return v128.load32_lane(p3, v128.load32_lane(p2, low, 2), 3);
  }

  /** Writes the first `n` lanes (1 ≤ n), `step` bytes apart. */
  @inline static scatter(p: usize, step: usize, x: v128, n: i32): void {
    v128.store32_lane(p, x, 0);
    if (n > 1) v128.store32_lane(p + step, x, 1);
    if (n > 2) v128.store32_lane(p + 2 * step, x, 2);
    if (n > 3) v128.store32_lane(p + 3 * step, x, 3);
  }

  /** `a0 b0 a1 b1`: with the three below, a 4×4 transpose in eight steps. */
  @inline static zipLow(a: v128, b: v128): v128 {
    return v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  }

  /** `a2 b2 a3 b3`. */
  @inline static zipHigh(a: v128, b: v128): v128 {
    return v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  }

  /** `a0 a1 b0 b1`. */
  @inline static joinLow(a: v128, b: v128): v128 {
    return v128.shuffle<f32>(a, b, 0, 1, 4, 5);
  }

  /** `a2 a3 b2 b3`. */
  @inline static joinHigh(a: v128, b: v128): v128 {
    return v128.shuffle<f32>(a, b, 2, 3, 6, 7);
  }

  /** `a1 a2 a3 b0`: of eight elements side by side the four from 1 on, and below from 2 and from 3. */
  @inline static fromOne(a: v128, b: v128): v128 {
    return v128.shuffle<f32>(a, b, 1, 2, 3, 4);
  }

  /** `a2 a3 b0 b1`. */
  @inline static fromTwo(a: v128, b: v128): v128 {
    return v128.shuffle<f32>(a, b, 2, 3, 4, 5);
  }

  /** `a3 b0 b1 b2`. */
  @inline static fromThree(a: v128, b: v128): v128 {
    return v128.shuffle<f32>(a, b, 3, 4, 5, 6);
  }

  /** `a·b + c`: two roundings in the deterministic build, one if a relaxed engine fuses. */
  @inline static madd(a: v128, b: v128, c: v128): v128 {
    if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
    return f32x4.add(c, f32x4.mul(a, b));
  }

  /** Lanes 2, 3, 0, 1. */
  @inline static swapHalves(x: v128): v128 {
    return v128.shuffle<f32>(x, x, 2, 3, 0, 1);
  }

  /** Lanes 1, 0, 3, 2. */
  @inline static swapPairs(x: v128): v128 {
    return v128.shuffle<f32>(x, x, 1, 0, 3, 2);
  }

  /** Sum of the four lanes as `(x0 + x2) + (x1 + x3)`. */
  @inline static sum(x: v128): f32 {
    const half = f32x4.add(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
    return f32x4.extract_lane(half, 0) + f32x4.extract_lane(half, 1);
  }

  /** `((s + x0) + x1) + x2) + x3`. */
  @inline static inOrder(s: f32, x: v128): f32 {
    const first = s + f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1);
    return first + f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3);
  }

  /** The first lane. */
  @inline static first(x: v128): f32 {
    return f32x4.extract_lane(x, 0);
  }

  /** Largest lane; NaN if one is NaN. */
  @inline static largest(x: v128): f32 {
    const low = max<f32>(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1));
    return max<f32>(low, max<f32>(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)));
  }

  /** Largest lane, for input without NaN. */
  @inline static max(x: v128): f32 {
    const half = f32x4.pmax(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
    const a = f32x4.extract_lane(half, 0);
    const b = f32x4.extract_lane(half, 1);
    return a < b ? b : a;
  }
}
