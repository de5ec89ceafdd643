// Loops over a row that compute one number, or use one. Their order is a promise (docs/numerics.md): vectors go round robin into four sums,
// the last one zero-padded; then (0 + 1) + (2 + 3), then the lanes. The place of an element does not depend on how many follow it: zeros at
// a row's end (masked elements, padding) change nothing.
import { V } from "../simd/lanes";
import { Lane } from "./map";
import { Part } from "./part";

/** How numbers are joined to one, without fields. */
export abstract class Fold {
  /** The neutral element of `join`. */
  abstract start(): v128;
  abstract join(a: v128, b: v128): v128;
  /** Joins the four lanes. */
  abstract lanes(x: v128): f32;
}

export class Sum extends Fold {
  @inline start(): v128 {
    return V.splat(0);
  }

  @inline join(a: v128, b: v128): v128 {
    return f32x4.add(a, b);
  }

  @inline lanes(x: v128): f32 {
    return V.sum(x);
  }
}

/** The largest, skipping NaN; −∞ if there is nothing else. */
export class Top extends Fold {
  @inline start(): v128 {
    return V.splat(-Infinity);
  }

  @inline join(a: v128, b: v128): v128 {
    return f32x4.pmax(a, b);
  }

  @inline lanes(x: v128): f32 {
    return V.max(x);
  }
}

/** The largest; NaN if one is NaN. */
export class Largest extends Fold {
  @inline start(): v128 {
    return V.splat(-Infinity);
  }

  @inline join(a: v128, b: v128): v128 {
    return f32x4.max(a, b);
  }

  @inline lanes(x: v128): f32 {
    return V.largest(x);
  }
}

/** Joins `n` neighbours. */
export function fold<F extends Fold>(x: usize, n: i32): f32 {
  const f = changetype<F>(0);
  let s0 = f.start();
  let s1 = f.start();
  let s2 = f.start();
  let s3 = f.start();
  let i = 0;
  for (; i <= n - 16; i += 16) {
    s0 = f.join(s0, V.load(x));
    s1 = f.join(s1, V.load(x + 16));
    s2 = f.join(s2, V.load(x + 32));
    s3 = f.join(s3, V.load(x + 48));
    x += 64;
  }
  for (; i < n; i += 4) {
    const rest = n - i;
    const y = rest < 4 ? V.fill(V.loadTail(x, rest), rest, f.start()) : V.load(x);
    const turn = (i >> 2) & 3;
    if (turn == 0) s0 = f.join(s0, y);
    else if (turn == 1) s1 = f.join(s1, y);
    else if (turn == 2) s2 = f.join(s2, y);
    else s3 = f.join(s3, y);
    x += 16;
  }
  return f.lanes(f.join(f.join(s0, s1), f.join(s2, s3)));
}

/** Sum of `n` neighbours. */
export function sumRow(x: usize, n: i32): f32 {
  return fold<Sum>(x, n);
}

/** `out[i] = out[i] ∘ x[i]`, i < n. */
function joinRow<F extends Fold>(out: usize, x: usize, n: i32): void {
  const f = changetype<F>(0);
  let i = 0;
  for (; i <= n - 4; i += 4) {
    V.store(out, f.join(V.load(out), V.load(x)));
    out += 16;
    x += 16;
  }
  const rest = n - i;
  if (rest > 0) V.storeTail(out, f.join(V.loadTail(out, rest), V.loadTail(x, rest)), rest);
}

/** `out[i] += x[i]`, i < n. */
export function addRow(out: usize, x: usize, n: i32): void {
  joinRow<Sum>(out, x, n);
}

/** `out[i] += x[i] · y[i]`, i < n. */
export function addScaledRow(out: usize, x: usize, y: usize, n: i32): void {
  let i = 0;
  for (; i <= n - 4; i += 4) {
    V.store(out, V.madd(V.load(x), V.load(y), V.load(out)));
    out += 16;
    x += 16;
    y += 16;
  }
  const rest = n - i;
  if (rest > 0) V.storeTail(out, V.madd(V.loadTail(x, rest), V.loadTail(y, rest), V.loadTail(out, rest)), rest);
}

/** Four {@link joinRow} in one: rows of `n` in order. */
function joinFourRows<F extends Fold>(out: usize, x0: usize, n: i32): void {
  const f = changetype<F>(0);
  const width = (<usize>n) << 2;
  let x1 = x0 + width;
  let x2 = x1 + width;
  let x3 = x2 + width;
  let i = 0;
  for (; i <= n - 4; i += 4) {
    V.store(out, f.join(f.join(f.join(f.join(V.load(out), V.load(x0)), V.load(x1)), V.load(x2)), V.load(x3)));
    out += 16;
    x0 += 16;
    x1 += 16;
    x2 += 16;
    x3 += 16;
  }
  const rest = n - i;
  if (rest == 0) return;
  const low = f.join(f.join(V.loadTail(out, rest), V.loadTail(x0, rest)), V.loadTail(x1, rest));
  V.storeTail(out, f.join(f.join(low, V.loadTail(x2, rest)), V.loadTail(x3, rest)), rest);
}

/** `out[i]` = the `n` numbers from `x[i]` on, `inner` apart, joined in order. */
export function foldColumns<F extends Fold>(out: usize, x: usize, n: i32, inner: i32): void {
  const width = (<usize>inner) << 2;
  const start = V.first(changetype<F>(0).start());
  for (let i = 0; i < inner; i++) store<f32>(out + ((<usize>i) << 2), start);
  let k = 0;
  for (; k <= n - 4; k += 4) {
    joinFourRows<F>(out, x, inner);
    x += width << 2;
  }
  for (; k < n; k++) {
    joinRow<F>(out, x, inner);
    x += width;
  }
}

/** `out[o, i]` = the `n` numbers `x[o, ·, i]` joined. */
export function foldAxis<F extends Fold>(out: usize, x: usize, outer: i32, n: i32, inner: i32): void {
  const width = (<usize>inner) << 2;
  for (let o = 0; o < outer; o++) {
    if (inner == 1) store<f32>(out, fold<F>(x, n));
    else foldColumns<F>(out, x, n, inner);
    out += width;
    x += width * <usize>n;
  }
}

/** `Σ F(x[i], a, b)`. */
export function sumOf<F extends Lane>(x: usize, n: i32, a: f32, b: f32): f32 {
  const f = changetype<F>(0);
  const p = V.splat(a);
  const q = V.splat(b);
  let s0 = V.splat(0);
  let s1 = V.splat(0);
  let s2 = V.splat(0);
  let s3 = V.splat(0);
  let i = 0;
  for (; i <= n - 16; i += 16) {
    s0 = f32x4.add(s0, f.at(V.load(x), p, q));
    s1 = f32x4.add(s1, f.at(V.load(x + 16), p, q));
    s2 = f32x4.add(s2, f.at(V.load(x + 32), p, q));
    s3 = f32x4.add(s3, f.at(V.load(x + 48), p, q));
    x += 64;
  }
  for (; i < n; i += 4) {
    const rest = n - i;
    const y = rest < 4 ? V.fill(f.at(V.loadTail(x, rest), p, q), rest, V.splat(0)) : f.at(V.load(x), p, q);
    const turn = (i >> 2) & 3;
    if (turn == 0) s0 = f32x4.add(s0, y);
    else if (turn == 1) s1 = f32x4.add(s1, y);
    else if (turn == 2) s2 = f32x4.add(s2, y);
    else s3 = f32x4.add(s3, y);
    x += 16;
  }
  return V.sum(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

/** A lane function of two operands and a constant of the row, without fields. */
export abstract class PairLane {
  abstract at(x: v128, y: v128, a: v128): v128;
}

/** `out[i] = F(x[i], y[i], a)`. */
export function mapPairs<F extends PairLane>(out: usize, x: usize, y: usize, n: i32, a: f32): void {
  const f = changetype<F>(0);
  const p = V.splat(a);
  let i = 0;
  for (; i <= n - 4; i += 4) {
    V.store(out, f.at(V.load(x), V.load(y), p));
    out += 16;
    x += 16;
    y += 16;
  }
  const rest = n - i;
  if (rest > 0) V.storeTail(out, f.at(V.loadTail(x, rest), V.loadTail(y, rest), p), rest);
}

/** `out[i] = F(x[i], y[i])` for an F of many dependent operations: two vectors side by side. */
export function mapLongPairs<F extends PairLane>(out: usize, x: usize, y: usize, n: i32): void {
  const f = changetype<F>(0);
  const none = V.splat(0);
  let i = 0;
  for (; i <= n - 8; i += 8) {
    const z0 = f.at(V.load(x), V.load(y), none);
    const z1 = f.at(V.load(x + 16), V.load(y + 16), none);
    V.store(out, z0);
    V.store(out + 16, z1);
    out += 32;
    x += 32;
    y += 32;
  }
  for (; i < n; i += 4) {
    Part.store(out, f.at(Part.load(x, n - i), Part.load(y, n - i), none), n - i);
    out += 16;
    x += 16;
    y += 16;
  }
}

/** `Σ F(x[i], y[i], a)`. */
export function sumOfPairs<F extends PairLane>(x: usize, y: usize, n: i32, a: f32): f32 {
  const f = changetype<F>(0);
  const p = V.splat(a);
  let s0 = V.splat(0);
  let s1 = V.splat(0);
  let s2 = V.splat(0);
  let s3 = V.splat(0);
  let i = 0;
  for (; i <= n - 16; i += 16) {
    s0 = f32x4.add(s0, f.at(V.load(x), V.load(y), p));
    s1 = f32x4.add(s1, f.at(V.load(x + 16), V.load(y + 16), p));
    s2 = f32x4.add(s2, f.at(V.load(x + 32), V.load(y + 32), p));
    s3 = f32x4.add(s3, f.at(V.load(x + 48), V.load(y + 48), p));
    x += 64;
    y += 64;
  }
  for (; i < n; i += 4) {
    const rest = n - i;
    const z = rest < 4 ? V.fill(f.at(V.loadTail(x, rest), V.loadTail(y, rest), p), rest, V.splat(0)) : f.at(V.load(x), V.load(y), p);
    const turn = (i >> 2) & 3;
    if (turn == 0) s0 = f32x4.add(s0, z);
    else if (turn == 1) s1 = f32x4.add(s1, z);
    else if (turn == 2) s2 = f32x4.add(s2, z);
    else s3 = f32x4.add(s3, z);
    x += 16;
    y += 16;
  }
  return V.sum(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}
