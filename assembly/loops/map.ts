import { V } from "../simd/lanes";
import { Part } from "./part";

/** A lane function of one operand. Functors have no fields: a run-time parameter is an argument. */
export abstract class Unary {
  abstract at(x: v128): v128;
}

/** A function with so many dependent operations that four vectors are processed in parallel. */
export abstract class Long extends Unary {}

/**
 * `out[i] = F(x[i])` for i < n. The copy of F after the loop also makes V8 keep its constants in registers: with F in the loop alone, they
 * are made anew in each round.
 */
export function map<F extends Unary>(out: usize, x: usize, n: i32): void {
  const f = changetype<F>(0);
  let i = 0;
  if (f instanceof Long) {
    for (; i <= n - 16; i += 16) {
      const y0 = f.at(V.load(x));
      const y1 = f.at(V.load(x + 16));
      const y2 = f.at(V.load(x + 32));
      const y3 = f.at(V.load(x + 48));
      V.store(out, y0);
      V.store(out + 16, y1);
      V.store(out + 32, y2);
      V.store(out + 48, y3);
      out += 64;
      x += 64;
    }
  } else {
    for (; i <= n - 4; i += 4) {
      V.store(out, f.at(V.load(x)));
      out += 16;
      x += 16;
    }
  }
  for (; i < n; i += 4) {
    Part.store(out, f.at(Part.load(x, n - i)), n - i);
    out += 16;
    x += 16;
  }
}

/** A lane function of one operand and two constants, each in every lane. */
export abstract class Lane {
  abstract at(x: v128, a: v128, b: v128): v128;
}

/** `out[i] = F(x[i], a, b)` for i < n. */
export function mapWith<F extends Lane>(out: usize, x: usize, n: i32, a: f32, b: f32): void {
  const f = changetype<F>(0);
  const p = V.splat(a);
  const q = V.splat(b);
  let i = 0;
  for (; i <= n - 16; i += 16) {
    const y0 = f.at(V.load(x), p, q);
    const y1 = f.at(V.load(x + 16), p, q);
    const y2 = f.at(V.load(x + 32), p, q);
    const y3 = f.at(V.load(x + 48), p, q);
    V.store(out, y0);
    V.store(out + 16, y1);
    V.store(out + 32, y2);
    V.store(out + 48, y3);
    out += 64;
    x += 64;
  }
  for (; i < n; i += 4) {
    Part.store(out, f.at(Part.load(x, n - i), p, q), n - i);
    out += 16;
    x += 16;
  }
}

/** A function `x G(x)` and its slope `G + x G′`, as where a gradient will want it. */
export abstract class Gate {
  /** What G and the slope share. */
  abstract share(x: v128): v128;
  /** G. */
  abstract at(x: v128, shared: v128): v128;
  /** `G + x G′`, from G. */
  abstract slope(x: v128, shared: v128, gate: v128): v128;
}

/** `out[i] = x[i] G(x[i])` and its slope for i < n. */
export function mapGate<F extends Gate>(out: usize, slope: usize, x: usize, n: i32): void {
  const f = changetype<F>(0);
  let i = 0;
  for (; i <= n - 16; i += 16) {
    const x0 = V.load(x);
    const x1 = V.load(x + 16);
    const x2 = V.load(x + 32);
    const x3 = V.load(x + 48);
    const s0 = f.share(x0);
    const s1 = f.share(x1);
    const s2 = f.share(x2);
    const s3 = f.share(x3);
    const g0 = f.at(x0, s0);
    const g1 = f.at(x1, s1);
    const g2 = f.at(x2, s2);
    const g3 = f.at(x3, s3);
    V.store(out, f32x4.mul(x0, g0));
    V.store(out + 16, f32x4.mul(x1, g1));
    V.store(out + 32, f32x4.mul(x2, g2));
    V.store(out + 48, f32x4.mul(x3, g3));
    V.store(slope, f.slope(x0, s0, g0));
    V.store(slope + 16, f.slope(x1, s1, g1));
    V.store(slope + 32, f.slope(x2, s2, g2));
    V.store(slope + 48, f.slope(x3, s3, g3));
    out += 64;
    slope += 64;
    x += 64;
  }
  for (; i < n; i += 4) {
    const rest = n - i;
    const y = Part.load(x, rest);
    const s = f.share(y);
    const g = f.at(y, s);
    Part.store(out, f32x4.mul(y, g), rest);
    Part.store(slope, f.slope(y, s, g), rest);
    out += 16;
    slope += 16;
    x += 16;
  }
}
