import { sumRow } from "../loops/rows";
import { V } from "../simd/lanes";

/** `out[o, i] = Σₖ x[o, k, i]` over k < n: with `inner` = 1 as `sumRow`, else in order of k. */
export function sum(out: usize, x: usize, outer: i32, n: i32, inner: i32): void {
  const width = (<usize>inner) << 2;
  for (let o = 0; o < outer; o++) {
    if (inner == 1) {
      store<f32>(out, sumRow(x, n));
      out += 4;
      x += (<usize>n) << 2;
      continue;
    }
    let i = 0;
    for (; i <= inner - 4; i += 4) {
      let s = V.splat(0);
      let p = x + ((<usize>i) << 2);
      for (let k = 0; k < n; k++) {
        s = f32x4.add(s, V.load(p));
        p += width;
      }
      V.store(out + ((<usize>i) << 2), s);
    }
    if (i < inner) {
      let s = V.splat(0);
      let p = x + ((<usize>i) << 2);
      for (let k = 0; k < n; k++) {
        s = f32x4.add(s, V.loadTail(p, inner - i));
        p += width;
      }
      V.storeTail(out + ((<usize>i) << 2), s, inner - i);
    }
    out += width;
    x += width * <usize>n;
  }
}
