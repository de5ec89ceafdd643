import { Part } from "../loops/part";
import { V } from "../simd/lanes";

/**
 * `out[o, k, i] = x[o, k, i] + a[o, k, i] · out[o, k − 1, i]` in order of k < n, the first one `x` itself; with `reverse` 1 from the last k
 * down, using k + 1. An `a` of address 0 stands for ones: the running sum.
 */
export function linearScan(out: usize, x: usize, a: usize, outer: i32, n: i32, inner: i32, reverse: i32): void {
  const row = (<usize>inner) << 2;
  const block = row * <usize>n;
  const start = reverse ? block - row : 0;
  const step: usize = reverse ? <usize>0 - row : row;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i += 4) {
      const rest = inner - i;
      let at = start + ((<usize>i) << 2);
      let y = V.splat(0);
      for (let k = 0; k < n; k++) {
        const term = Part.load(x + at, rest);
        if (k == 0) y = term;
        else y = a ? V.madd(Part.load(a + at, rest), y, term) : f32x4.add(y, term);
        Part.store(out + at, y, rest);
        at += step;
      }
    }
    out += block;
    x += block;
    if (a) a += block;
  }
}
