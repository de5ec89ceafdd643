// Activations that take several steps, and the gradients of activations, in one pass each.
import { Long, map } from "../loops/map";
import { Part } from "../loops/part";
import { mapPairs, PairLane } from "../loops/rows";
import { V } from "../simd/lanes";
import { Normal } from "../simd/normal";

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

class Gelu extends Long {
  @inline at(x: v128): v128 {
    return f32x4.mul(x, Normal.distribution(x, Normal.bell(x)));
  }
}

/** `x Φ(x)`. */
export function gelu(out: usize, x: usize, n: i32): void {
  map<Gelu>(out, x, n);
}

class GeluSlope {
  /** `g (Φ(x) + x φ(x))`. */
  @inline static of(g: v128, x: v128): v128 {
    const bell = Normal.bell(x);
    return f32x4.mul(g, V.madd(Normal.density(bell), x, Normal.distribution(x, bell)));
  }
}

/** `dx = g (Φ(x) + x φ(x))`, φ the density. */
export function geluBackward(dx: usize, g: usize, x: usize, n: i32): void {
  let i = 0;
  for (; i <= n - 8; i += 8) {
    const y0 = GeluSlope.of(V.load(g), V.load(x));
    const y1 = GeluSlope.of(V.load(g + 16), V.load(x + 16));
    V.store(dx, y0);
    V.store(dx + 16, y1);
    dx += 32;
    g += 32;
    x += 32;
  }
  for (; i < n; i += 4) {
    Part.store(dx, GeluSlope.of(Part.load(g, n - i), Part.load(x, n - i)), n - i);
    dx += 16;
    g += 16;
    x += 16;
  }
}
