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
