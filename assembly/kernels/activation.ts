// Activations that take several steps, and the gradients of activations, in one pass each.
import { Gate, Lane, Long, map, mapGate, mapWith, Unary } from "../loops/map";
import { Part } from "../loops/part";
import { mapLongPairs, mapPairs, PairLane } from "../loops/rows";
import { V } from "../simd/lanes";
import { Normal } from "../simd/normal";
import { Sigmoid, Tanh } from "../simd/tanh";

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

class GeluGate extends Gate {
  @inline share(x: v128): v128 {
    return Normal.bell(x);
  }

  @inline at(x: v128, bell: v128): v128 {
    return Normal.distribution(x, bell);
  }

  @inline slope(x: v128, bell: v128, below: v128): v128 {
    return V.madd(Normal.density(bell), x, below);
  }
}

/** `x Φ(x)` and its slope `Φ(x) + x φ(x)`, φ the density. */
export function geluSloped(out: usize, slope: usize, x: usize, n: i32): void {
  mapGate<GeluGate>(out, slope, x, n);
}

/** `√(2/π) (x + 0.044715 x³)` twice: `x/2 (1 + tanh u)` is `x σ(2u)`. */
class Bend {
  @inline static of(x: v128): v128 {
    return f32x4.mul(x, V.madd(f32x4.mul(x, x), V.splat(0.07135481283), V.splat(1.595769122)));
  }

  /** Its derivative. */
  @inline static slope(x: v128): v128 {
    return V.madd(f32x4.mul(x, x), V.splat(0.2140644385), V.splat(1.595769122));
  }
}

class GeluTanh extends Long {
  @inline at(x: v128): v128 {
    return f32x4.mul(x, Sigmoid.of(Bend.of(x)));
  }
}

/** `x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))`. */
export function geluTanh(out: usize, x: usize, n: i32): void {
  map<GeluTanh>(out, x, n);
}

class GeluTanhGate extends Gate {
  /** Beyond ±12 σ is 0 or 1 and its slope 0: there x may be so large that its square is not finite. */
  @inline share(x: v128): v128 {
    return f32x4.pmax(f32x4.pmin(x, V.splat(12)), V.splat(-12));
  }

  @inline at(x: v128, t: v128): v128 {
    return Sigmoid.of(Bend.of(t));
  }

  @inline slope(x: v128, t: v128, s: v128): v128 {
    const steep = f32x4.mul(f32x4.mul(t, s), f32x4.sub(V.splat(1), s));
    return V.madd(steep, Bend.slope(t), s);
  }
}

/** `x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))` and its slope `s + x s (1 − s) v′`, s = σ(v), v twice the argument of tanh. */
export function geluTanhSloped(out: usize, slope: usize, x: usize, n: i32): void {
  mapGate<GeluTanhGate>(out, slope, x, n);
}

class Silu extends Long {
  @inline at(x: v128): v128 {
    return f32x4.mul(x, Sigmoid.of(x));
  }
}

/** `x σ(x)`. */
export function silu(out: usize, x: usize, n: i32): void {
  map<Silu>(out, x, n);
}

class SiluSlope extends PairLane {
  @inline at(g: v128, x: v128, a: v128): v128 {
    const s = Sigmoid.of(x);
    return f32x4.mul(g, V.madd(f32x4.mul(x, s), f32x4.sub(V.splat(1), s), s));
  }
}

/** `dx = g (s + x s (1 − s))`, s = σ(x). */
export function siluBackward(dx: usize, g: usize, x: usize, n: i32): void {
  mapLongPairs<SiluSlope>(dx, g, x, n);
}

class Swiglu extends PairLane {
  @inline at(a: v128, b: v128, c: v128): v128 {
    return f32x4.mul(f32x4.mul(a, Sigmoid.of(a)), b);
  }
}

/** `a σ(a) · b`. */
export function swiglu(out: usize, a: usize, b: usize, n: i32): void {
  mapLongPairs<Swiglu>(out, a, b, n);
}

/** `da = g b (s + a s (1 − s))`, s = σ(a), and `db = g a s`. */
export function swigluBackward(da: usize, db: usize, g: usize, a: usize, b: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    const rest = n - i;
    const h = Part.load(g, rest);
    const x = Part.load(a, rest);
    const s = Sigmoid.of(x);
    const y = f32x4.mul(x, s);
    const slope = V.madd(y, f32x4.sub(V.splat(1), s), s);
    Part.store(da, f32x4.mul(f32x4.mul(h, Part.load(b, rest)), slope), rest);
    Part.store(db, f32x4.mul(h, y), rest);
    da += 16;
    db += 16;
    g += 16;
    a += 16;
    b += 16;
  }
}

class ReluSquared extends Unary {
  @inline at(x: v128): v128 {
    const r = f32x4.pmax(x, V.splat(0)); // NaN stays NaN
    return f32x4.mul(r, r);
  }
}

/** `max(x, 0)²`. */
export function reluSquared(out: usize, x: usize, n: i32): void {
  map<ReluSquared>(out, x, n);
}

class ReluSquaredSlope extends PairLane {
  @inline at(g: v128, x: v128, a: v128): v128 {
    return v128.and(f32x4.mul(g, f32x4.add(x, x)), f32x4.gt(x, V.splat(0)));
  }
}

/** `dx = 2 g x` where x > 0, else 0. */
export function reluSquaredBackward(dx: usize, g: usize, x: usize, n: i32): void {
  mapPairs<ReluSquaredSlope>(dx, g, x, n, 0);
}

class Softcap extends Lane {
  @inline at(x: v128, cap: v128, b: v128): v128 {
    return f32x4.mul(cap, Tanh.of(f32x4.div(x, cap)));
  }
}

/** `cap tanh(x / cap)`. */
export function softcap(out: usize, x: usize, n: i32, cap: f32): void {
  mapWith<Softcap>(out, x, n, cap, 0);
}

class SoftcapSlope extends PairLane {
  @inline at(g: v128, y: v128, cap: v128): v128 {
    const t = f32x4.div(y, cap);
    return f32x4.mul(g, f32x4.sub(V.splat(1), f32x4.mul(t, t)));
  }
}

/** `dx = g (1 − (y / cap)²)`, y the capped value. */
export function softcapBackward(dx: usize, g: usize, y: usize, n: i32, cap: f32): void {
  mapPairs<SoftcapSlope>(dx, g, y, n, cap);
}
