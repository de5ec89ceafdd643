// What the sums of a product start from, in rows `outStep` bytes apart.
import { V } from "../simd/lanes";

/** `out = 0`, for sums without terms. */
export function clear(out: usize, m: i32, n: i32, outStep: usize): void {
  for (let i = 0; i < m; i++) {
    memory.fill(out, 0, (<usize>n) << 2);
    out += outStep;
  }
}

/** Sums without terms. */
export function empty(out: usize, bias: usize, m: i32, n: i32, outStep: usize): void {
  if (bias) begin(out, bias, m, n, outStep);
  else clear(out, m, n, outStep);
}

/** `out[i] = bias` of n, for sums that start from it. */
export function begin(out: usize, bias: usize, m: i32, n: i32, outStep: usize): void {
  for (let i = 0; i < m; i++) {
    memory.copy(out, bias, (<usize>n) << 2);
    out += outStep;
  }
}

/** The same for up to eight columns, right before their sums. */
export function beginPanel(out: usize, bias: usize, m: i32, columns: i32, outStep: usize): void {
  if (columns < 8) {
    begin(out, bias, m, columns, outStep);
    return;
  }
  const b0 = V.load(bias);
  const b1 = V.load(bias + 16);
  for (let i = 0; i < m; i++) {
    V.store(out, b0);
    V.store(out + 16, b1);
    out += outStep;
  }
}
