import { V } from "../simd/lanes";
import { Part } from "./part";

/** A lane function of one operand. Functors have no fields: a run-time parameter is an argument. */
export abstract class Unary {
  abstract at(x: v128): v128;
}

/** `out[i] = F(x[i])` for i < n. */
export function map<F extends Unary>(out: usize, x: usize, n: i32): void {
  const f = changetype<F>(0);
  let i = 0;
  for (; i <= n - 4; i += 4) {
    V.store(out, f.at(V.load(x)));
    out += 16;
    x += 16;
  }
  const rest = n - i;
  if (rest > 0) V.storeTail(out, f.at(V.loadTail(x, rest)), rest);
}

/**
 * The same for a long F: four vectors at a time, whose chains of dependent operations run side by side. The copy after the loop is
 * also what makes V8 keep the constants of F in registers: used in a loop alone they are made anew in each round.
 */
export function mapLong<F extends Unary>(out: usize, x: usize, n: i32): void {
  const f = changetype<F>(0);
  let i = 0;
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
  for (; i < n; i += 4) {
    Part.store(out, f.at(Part.load(x, n - i)), n - i);
    out += 16;
    x += 16;
  }
}

/** A lane function of one operand and two scalars, each in every lane. */
export abstract class Scaled {
  abstract at(x: v128, p: v128, q: v128): v128;
}

/** `out[i] = F(x[i], p, q)` for i < n. */
export function mapScaled<F extends Scaled>(out: usize, x: usize, n: i32, p: f32, q: f32): void {
  const f = changetype<F>(0);
  const s = V.splat(p);
  const t = V.splat(q);
  let i = 0;
  for (; i <= n - 4; i += 4) {
    V.store(out, f.at(V.load(x), s, t));
    out += 16;
    x += 16;
  }
  const rest = n - i;
  if (rest > 0) V.storeTail(out, f.at(V.loadTail(x, rest), s, t), rest);
}
