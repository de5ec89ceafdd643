// One pass over a parameter p, its gradient g and the optimiser's state, all of n elements. The caller computes factors that depend only on
// the step (bias corrections, `1 − β`) in float64. `g` does not change.
import { Part } from "../loops/part";
import { V } from "../simd/lanes";

/** The two formulas of which every optimiser consists. */
class Step {
  /** β s + (1 − β) x, with both factors given. */
  @inline static blend(s: v128, x: v128, beta: f32, rest: f32): v128 {
    return f32x4.add(f32x4.mul(V.splat(beta), s), f32x4.mul(V.splat(rest), x));
  }

  /** p − rate · x */
  @inline static descend(p: v128, x: v128, rate: f32): v128 {
    return f32x4.sub(p, f32x4.mul(V.splat(rate), x));
  }
}

/**
 * Adam (Kingma and Ba 2015, algorithm 1) and AdamW (Loshchilov and Hutter 2019, algorithm 2). `p ← keep p`, `g' = g + decay p`,
 * `m ← β₁ m + rest₁ g'`, `v ← β₂ v + rest₂ g'²`, `p ← p − rate m / (scale √v + ε)`, with rate = lr / (1 − β₁ᵗ), scale = 1 / √(1 − β₂ᵗ),
 * keep = 1 − lr · weight decay (AdamW, else 1), decay = weight decay (Adam, else 0).
 */
export function adam(
  p: usize,
  g: usize,
  m: usize,
  v: usize,
  n: i32,
  rate: f32,
  scale: f32,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  epsilon: f32,
  keep: f32,
  decay: f32,
): void {
  for (let i = n; i > 0; i -= 4) {
    let x = f32x4.mul(Part.load(p, i), V.splat(keep));
    const d = f32x4.add(Part.load(g, i), f32x4.mul(V.splat(decay), x));
    const first = Step.blend(Part.load(m, i), d, beta1, rest1);
    const second = Step.blend(Part.load(v, i), f32x4.mul(d, d), beta2, rest2);
    const width = f32x4.add(f32x4.mul(f32x4.sqrt(second), V.splat(scale)), V.splat(epsilon));
    x = Step.descend(x, f32x4.div(first, width), rate);
    Part.store(p, x, i);
    Part.store(m, first, i);
    Part.store(v, second, i);
    p += 16;
    g += 16;
    m += 16;
    v += 16;
  }
}

/**
 * `g' = g + decay p`; without a buffer (`b` 0) `p ← p − rate g'`; with one `b ← momentum b + rest g'` and `p ← p − rate b`, or Nesterov's
 * `p ← p − rate (g' + momentum b)` (Sutskever et al. 2013, in PyTorch's form).
 */
export function sgd(p: usize, g: usize, b: usize, n: i32, rate: f32, momentum: f32, rest: f32, decay: f32, nesterov: i32): void {
  for (let i = n; i > 0; i -= 4) {
    const x = Part.load(p, i);
    let d = f32x4.add(Part.load(g, i), f32x4.mul(V.splat(decay), x));
    if (b != 0) {
      const blended = Step.blend(Part.load(b, i), d, momentum, rest);
      Part.store(b, blended, i);
      d = nesterov != 0 ? f32x4.add(d, f32x4.mul(V.splat(momentum), blended)) : blended;
      b += 16;
    }
    Part.store(p, Step.descend(x, d, rate), i);
    p += 16;
    g += 16;
  }
}

/**
 * RMSProp (Hinton, Coursera lecture 6e; ε outside the root as in PyTorch): `g' = g + decay p`, `s ← α s + rest g'²`. If `a` is given it is
 * centred (Graves 2013, §4.2): `a ← α a + rest g'`, with the variance s − a² in place of s. `u = g' / (√s + ε)`, and `p ← p − rate u`, or
 * with a buffer `b ← momentum b + u` and `p ← p − rate b`. `a` and `b` are 0 if absent.
 */
export function rmsprop(
  p: usize,
  g: usize,
  s: usize,
  a: usize,
  b: usize,
  n: i32,
  rate: f32,
  alpha: f32,
  rest: f32,
  epsilon: f32,
  momentum: f32,
  decay: f32,
): void {
  for (let i = n; i > 0; i -= 4) {
    const x = Part.load(p, i);
    const d = f32x4.add(Part.load(g, i), f32x4.mul(V.splat(decay), x));
    let square = Step.blend(Part.load(s, i), f32x4.mul(d, d), alpha, rest);
    Part.store(s, square, i);
    if (a != 0) {
      const mean = Step.blend(Part.load(a, i), d, alpha, rest);
      Part.store(a, mean, i);
      square = f32x4.pmax(f32x4.sub(square, f32x4.mul(mean, mean)), V.splat(0)); // rounding may make it slightly negative
      a += 16;
    }
    let u = f32x4.div(d, f32x4.add(f32x4.sqrt(square), V.splat(epsilon)));
    if (b != 0) {
      u = f32x4.add(f32x4.mul(V.splat(momentum), Part.load(b, i)), u);
      Part.store(b, u, i);
      b += 16;
    }
    Part.store(p, Step.descend(x, u, rate), i);
    p += 16;
    g += 16;
    s += 16;
  }
}

/** Adagrad (Duchi et al. 2011, §1.1 with a diagonal): `g' = g + decay p`, `s ← s + g'²`, `p ← p − rate g' / (√s + ε)`. */
export function adagrad(p: usize, g: usize, s: usize, n: i32, rate: f32, epsilon: f32, decay: f32): void {
  for (let i = n; i > 0; i -= 4) {
    const x = Part.load(p, i);
    const d = f32x4.add(Part.load(g, i), f32x4.mul(V.splat(decay), x));
    const square = f32x4.add(Part.load(s, i), f32x4.mul(d, d));
    Part.store(s, square, i);
    Part.store(p, Step.descend(x, f32x4.div(d, f32x4.add(f32x4.sqrt(square), V.splat(epsilon))), rate), i);
    p += 16;
    g += 16;
    s += 16;
  }
}

/**
 * Adadelta (Zeiler 2012, algorithm 1): `g' = g + decay p`, `s ← ρ s + rest g'²`, `Δ = √(a + ε) / √(s + ε) · g'`, `a ← ρ a + rest Δ²`,
 * `p ← p − rate Δ`.
 */
export function adadelta(p: usize, g: usize, s: usize, a: usize, n: i32, rate: f32, rho: f32, rest: f32, epsilon: f32, decay: f32): void {
  for (let i = n; i > 0; i -= 4) {
    const x = Part.load(p, i);
    const d = f32x4.add(Part.load(g, i), f32x4.mul(V.splat(decay), x));
    const square = Step.blend(Part.load(s, i), f32x4.mul(d, d), rho, rest);
    const before = Part.load(a, i);
    const ratio = f32x4.div(f32x4.sqrt(f32x4.add(before, V.splat(epsilon))), f32x4.sqrt(f32x4.add(square, V.splat(epsilon))));
    const delta = f32x4.mul(ratio, d);
    Part.store(s, square, i);
    Part.store(a, Step.blend(before, f32x4.mul(delta, delta), rho, rest), i);
    Part.store(p, Step.descend(x, delta, rate), i);
    p += 16;
    g += 16;
    s += 16;
    a += 16;
  }
}

/** `out[0] = Σ x[i]²`, summed in float64: four sums, over the elements 0, 1, 2 and 3 modulo 4 in order, then (0 + 2) + (1 + 3). */
export function sumSquares(out: usize, x: usize, n: i32): void {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let i = n; i > 0; i -= 4) {
    const four = Part.load(x, i);
    const a = f64x2.promote_low_f32x4(four);
    const b = f64x2.promote_low_f32x4(V.swapHalves(four));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
    x += 16;
  }
  const sums = f64x2.add(low, high);
  store<f32>(out, <f32>(f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1)));
}
