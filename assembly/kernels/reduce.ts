import { foldAxis, Largest, Sum } from "../loops/rows";

/** `out[o, i] = Σₖ x[o, k, i]` over k < n: in the order of `loops/rows` if `inner` is 1, else in order of k. */
export function sum(out: usize, x: usize, outer: i32, n: i32, inner: i32): void {
  foldAxis<Sum>(out, x, outer, n, inner);
}

/** `out[o, i]` = the largest of `x[o, k, i]` over k < n; NaN if one is NaN, −∞ if n = 0. */
export function max(out: usize, x: usize, outer: i32, n: i32, inner: i32): void {
  foldAxis<Largest>(out, x, outer, n, inner);
}

/** The index of the first largest of numbers `stride` elements apart; NaN counts as larger than all. */
function argmaxOf(x: usize, n: i32, stride: i32): i32 {
  const step = (<usize>stride) << 2;
  let best: f32 = -Infinity;
  let at = 0;
  for (let k = 0; k < n; k++) {
    const value = load<f32>(x);
    if (isNaN<f32>(value)) return k;
    if (value > best) {
      best = value;
      at = k;
    }
    x += step;
  }
  return at;
}

/** `out[o, i]` = the k of the first largest `x[o, k, i]`; the first NaN if there is one, 0 if n = 0. */
export function argmax(out: usize, x: usize, outer: i32, n: i32, inner: i32): void {
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      store<i32>(out, argmaxOf(x + ((<usize>i) << 2), n, inner));
      out += 4;
    }
    x += ((<usize>inner) << 2) * <usize>n;
  }
}
