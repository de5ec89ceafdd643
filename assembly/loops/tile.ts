import { V } from "../simd/lanes";

/** Steps of a sum that one tile takes in registers before it goes to memory. Fixed: it is part of the order of summation. */
export const BLOCK: i32 = 256;

/** Columns of a panel at the right edge. */
function storeEdge(p: usize, x0: v128, x1: v128, columns: i32, add: bool): void {
  if (columns > 4) {
    V.store(p, add ? f32x4.add(V.load(p), x0) : x0);
    V.storeTail(p + 16, add ? f32x4.add(V.loadTail(p + 16, columns - 4), x1) : x1, columns - 4);
  } else if (columns == 4) {
    V.store(p, add ? f32x4.add(V.load(p), x0) : x0);
  } else {
    V.storeTail(p, add ? f32x4.add(V.loadTail(p, columns), x0) : x0, columns);
  }
}

class Out {
  /** `p[0…columns) = x`, or `+= x`. */
  @inline static row(p: usize, x0: v128, x1: v128, columns: i32, add: bool): void {
    if (columns != 8) {
      storeEdge(p, x0, x1, columns, add);
      return;
    }
    if (add) {
      V.store(p, f32x4.add(V.load(p), x0));
      V.store(p + 16, f32x4.add(V.load(p + 16), x1));
    } else {
      V.store(p, x0);
      V.store(p + 16, x1);
    }
  }
}

/**
 * `rows` × `columns` (at most 8) results over `depth` steps, in tiles of 4 × 8. Step k of a tile reads four neighbours at
 * `a + k·aStep` and eight at `b + k·bStep`: packed panels, or a transposed left and a plain right operand where they lie. `aPanel`
 * from one four to the next; all in bytes. The tile's loop stands inside the loop over tiles because engines unroll nested loops
 * further: 0.98 of the limit against 0.90 as a function of its own (V8 11.3).
 */
export function strip(
  out: usize,
  outStep: usize,
  a: usize,
  aPanel: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  depth: i32,
  rows: i32,
  columns: i32,
  add: bool,
): void {
  for (let i = 0; i < rows; i += 4) {
    let p = a;
    let q = b;
    let c00 = V.splat(0);
    let c01 = V.splat(0);
    let c10 = V.splat(0);
    let c11 = V.splat(0);
    let c20 = V.splat(0);
    let c21 = V.splat(0);
    let c30 = V.splat(0);
    let c31 = V.splat(0);
    for (let k = 0; k < depth; k++) {
      const b0 = V.load(q);
      const b1 = V.load(q + 16);
      const a0 = V.broadcast(p);
      c00 = V.madd(a0, b0, c00);
      c01 = V.madd(a0, b1, c01);
      const a1 = V.broadcast(p + 4);
      c10 = V.madd(a1, b0, c10);
      c11 = V.madd(a1, b1, c11);
      const a2 = V.broadcast(p + 8);
      c20 = V.madd(a2, b0, c20);
      c21 = V.madd(a2, b1, c21);
      const a3 = V.broadcast(p + 12);
      c30 = V.madd(a3, b0, c30);
      c31 = V.madd(a3, b1, c31);
      p += aStep;
      q += bStep;
    }
    Out.row(out, c00, c01, columns, add);
    if (rows - i > 1) Out.row(out + outStep, c10, c11, columns, add);
    if (rows - i > 2) Out.row(out + 2 * outStep, c20, c21, columns, add);
    if (rows - i > 3) Out.row(out + 3 * outStep, c30, c31, columns, add);
    out += 4 * outStep;
    a += aPanel;
  }
}

/** The same with the left operand's rows where they lie, `aStep` bytes apart, neighbours along the sum. Reads `rows` of them. */
export function stripRows(
  out: usize,
  outStep: usize,
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  depth: i32,
  rows: i32,
  columns: i32,
  add: bool,
): void {
  for (let i = 0; i < rows; i += 4) {
    let p0 = a;
    let p1 = rows - i > 1 ? a + aStep : a;
    let p2 = rows - i > 2 ? a + 2 * aStep : a;
    let p3 = rows - i > 3 ? a + 3 * aStep : a;
    let q = b;
    let c00 = V.splat(0);
    let c01 = V.splat(0);
    let c10 = V.splat(0);
    let c11 = V.splat(0);
    let c20 = V.splat(0);
    let c21 = V.splat(0);
    let c30 = V.splat(0);
    let c31 = V.splat(0);
    for (let k = 0; k < depth; k++) {
      const b0 = V.load(q);
      const b1 = V.load(q + 16);
      const a0 = V.broadcast(p0);
      c00 = V.madd(a0, b0, c00);
      c01 = V.madd(a0, b1, c01);
      const a1 = V.broadcast(p1);
      c10 = V.madd(a1, b0, c10);
      c11 = V.madd(a1, b1, c11);
      const a2 = V.broadcast(p2);
      c20 = V.madd(a2, b0, c20);
      c21 = V.madd(a2, b1, c21);
      const a3 = V.broadcast(p3);
      c30 = V.madd(a3, b0, c30);
      c31 = V.madd(a3, b1, c31);
      p0 += 4;
      p1 += 4;
      p2 += 4;
      p3 += 4;
      q += bStep;
    }
    Out.row(out, c00, c01, columns, add);
    if (rows - i > 1) Out.row(out + outStep, c10, c11, columns, add);
    if (rows - i > 2) Out.row(out + 2 * outStep, c20, c21, columns, add);
    if (rows - i > 3) Out.row(out + 3 * outStep, c30, c31, columns, add);
    out += 4 * outStep;
    a += 4 * aStep;
  }
}
