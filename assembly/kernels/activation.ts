// Activations of several steps and the gradients of activations, one pass each.
import { Part } from "../loops/part";
import { mapPairs, PairLane } from "../loops/rows";
import { Exp } from "../simd/exp";
import { V } from "../simd/lanes";
import { affine, erf } from "./elementwise";

class TanhSlope extends PairLane {
  @inline at(g: v128, y: v128, a: v128): v128 {
    return f32x4.mul(g, f32x4.sub(V.splat(1), f32x4.mul(y, y)));
  }
}

/** `dx = g (1 − y²)`, y the tanh. */
export function tanhBackward(dx: usize, g: usize, y: usize, n: i32): void {
  mapPairs<TanhSlope>(dx, g, y, n, 0);
}

class SigmoidSlope extends PairLane {
  @inline at(g: v128, y: v128, a: v128): v128 {
    return f32x4.mul(g, f32x4.mul(y, f32x4.sub(V.splat(1), y)));
  }
}

/** `dx = g · y (1 − y)`, y the sigmoid. */
export function sigmoidBackward(dx: usize, g: usize, y: usize, n: i32): void {
  mapPairs<SigmoidSlope>(dx, g, y, n, 0);
}

class ReluSlope extends PairLane {
  @inline at(g: v128, y: v128, a: v128): v128 {
    return v128.and(g, f32x4.gt(y, V.splat(0)));
  }
}

/** `dx = g` where y > 0, else 0. */
export function reluBackward(dx: usize, g: usize, y: usize, n: i32): void {
  mapPairs<ReluSlope>(dx, g, y, n, 0);
}

class Gelu extends PairLane {
  @inline at(e: v128, x: v128, a: v128): v128 {
    return f32x4.mul(Normal.of(e), x);
  }
}

/** Φ, the normal distribution, of x from e = erf(x/√2). */
class Normal {
  @inline static of(e: v128): v128 {
    return f32x4.mul(f32x4.add(e, V.splat(1)), V.splat(0.5));
  }
}

// Both functions below write erf(x/√2) first and go on from there, in pieces that stay in the first-level cache: the constants of all
// steps at once would not fit the registers.
const PIECE: i32 = 1024;

function erfPiece(out: usize, x: usize, n: i32): void {
  affine(out, x, n, 0.70710678, 0);
  erf(out, out, n);
}

/** `x Φ(x)`. `out` must not be `x`. */
export function gelu(out: usize, x: usize, n: i32): void {
  for (let left = n; left > 0; left -= PIECE) {
    const m = min(left, PIECE);
    erfPiece(out, x, m);
    mapPairs<Gelu>(out, out, x, m, 0);
    out += PIECE << 2;
    x += PIECE << 2;
  }
}

class GeluSlope {
  /** `g (Φ(x) + x φ(x))`, φ(x) = e^(−x²/2) / √2π. */
  @inline static at(g: v128, e: v128, x: v128): v128 {
    const density = f32x4.mul(Exp.upTo70(f32x4.mul(f32x4.mul(x, x), V.splat(-0.5))), V.splat(0.39894228));
    return f32x4.mul(g, V.madd(density, x, Normal.of(e)));
  }
}

function geluSlopes(dx: usize, g: usize, x: usize, n: i32): void {
  let i = 0;
  for (; i <= n - 8; i += 8) {
    const y0 = GeluSlope.at(V.load(g), V.load(dx), V.load(x));
    const y1 = GeluSlope.at(V.load(g + 16), V.load(dx + 16), V.load(x + 16));
    V.store(dx, y0);
    V.store(dx + 16, y1);
    dx += 32;
    g += 32;
    x += 32;
  }
  for (; i < n; i += 4) {
    Part.store(dx, GeluSlope.at(Part.load(g, n - i), Part.load(dx, n - i), Part.load(x, n - i)), n - i);
    dx += 16;
    g += 16;
    x += 16;
  }
}

/** `dx = g (Φ(x) + x φ(x))`, φ the density. `dx` must be neither `g` nor `x`. */
export function geluBackward(dx: usize, g: usize, x: usize, n: i32): void {
  for (let left = n; left > 0; left -= PIECE) {
    const m = min(left, PIECE);
    erfPiece(dx, x, m);
    geluSlopes(dx, g, x, m);
    dx += PIECE << 2;
    g += PIECE << 2;
    x += PIECE << 2;
  }
}
