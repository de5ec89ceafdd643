import { V } from "../simd/lanes";

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
