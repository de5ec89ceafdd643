// Loops over the cells of a memory: rows of a matrix that are weighed, turned round and added up.

import { V } from "../simd/lanes";
import { mapPairs, PairLane, sumOfPairs } from "./rows";
import { addRows } from "./vector";

/** Keeps the logarithm, the division by it and that by a norm defined. */
export const TINY: f32 = 1e-12;
/** What the heads say is clamped to ±20. */
export const LIMIT: f32 = 20;

export class At {
  @inline static of(p: usize, i: i32): usize {
    return p + ((<usize>i) << 2);
  }

  @inline static get(p: usize, i: i32): f32 {
    return load<f32>(At.of(p, i));
  }

  @inline static add(p: usize, i: i32, x: f32): void {
    store<f32>(At.of(p, i), At.get(p, i) + x);
  }
}

/** `x·y·a`. */
export class Product extends PairLane {
  @inline at(x: v128, y: v128, a: v128): v128 {
    return f32x4.mul(f32x4.mul(x, y), a);
  }
}

/** `x + a·y`. */
class Plus extends PairLane {
  @inline at(x: v128, y: v128, a: v128): v128 {
    return V.madd(a, y, x);
  }
}

/** `x − x·a·y`. */
export class Erased extends PairLane {
  @inline at(x: v128, y: v128, a: v128): v128 {
    return f32x4.sub(x, f32x4.mul(x, f32x4.mul(a, y)));
  }
}

export function plus(out: usize, x: usize, n: i32, a: f32): void {
  mapPairs<Plus>(out, out, x, n, a);
}

export function dot(x: usize, y: usize, n: i32): f32 {
  return sumOfPairs<Product>(x, y, n, 1);
}

/** `1 / √(Σ x² + 10⁻¹²)`. */
export function inverse(x: usize, n: i32): f32 {
  return 1 / sqrt<f32>(dot(x, x, n) + TINY);
}

/** `out[i] += a · x[i − by]`, the indices a circle of n. */
export function plusTurned(out: usize, x: usize, n: i32, by: i32, a: f32): void {
  const first = by < 0 ? by + n : by;
  plus(At.of(out, first), x, n - first, a);
  plus(out, At.of(x, n - first), first, a);
}

/** `Σ x[i] · y[i − by]`, likewise. */
export function dotTurned(x: usize, y: usize, n: i32, by: i32): f32 {
  const first = by < 0 ? by + n : by;
  return dot(At.of(x, first), y, n - first) + dot(x, At.of(y, n - first), first);
}

/** `out += Σ a[n] · rows[n]`. */
export function plusRows(out: usize, a: usize, rows: usize, n: i32, width: i32): void {
  for (let i = 0; i < n; i += 8) addRows(out, At.of(a, i), 4, At.of(rows, i * width), (<usize>width) << 2, min(8, n - i), width, false);
}

/** `rows[n] += a[n] · x`. */
export function plusOuter(rows: usize, a: usize, x: usize, n: i32, width: i32): void {
  for (let i = 0; i < n; i++) plus(At.of(rows, i * width), x, width, At.get(a, i));
}

/** Copies n numbers, or zeros if there are none. */
export function given(out: usize, x: usize, n: i32): void {
  if (x) memory.copy(out, x, (<usize>n) << 2);
  else memory.fill(out, 0, (<usize>n) << 2);
}
