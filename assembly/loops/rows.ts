import { V } from "../simd/lanes";

/** Sum of `n` neighbours: four vector sums over blocks of 16, folded as (0 + 1) + (2 + 3), then the lanes, as `V.sum`. */
export function sumRow(x: usize, n: i32): f32 {
  let s0 = V.splat(0);
  let s1 = V.splat(0);
  let s2 = V.splat(0);
  let s3 = V.splat(0);
  let i = 0;
  for (; i <= n - 16; i += 16) {
    s0 = f32x4.add(s0, V.load(x));
    s1 = f32x4.add(s1, V.load(x + 16));
    s2 = f32x4.add(s2, V.load(x + 32));
    s3 = f32x4.add(s3, V.load(x + 48));
    x += 64;
  }
  for (; i <= n - 4; i += 4) {
    s0 = f32x4.add(s0, V.load(x));
    x += 16;
  }
  if (i < n) s1 = f32x4.add(s1, V.loadTail(x, n - i));
  return V.sum(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}
