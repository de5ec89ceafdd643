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
 * 4 × 8 results over `depth` steps. Step k reads four neighbours at `a + k·aStep` and eight at `b + k·bStep` (bytes): packed
 * panels, or a transposed left and a plain right operand where they lie. Writes `rows` × `columns` of it.
 */
export function tile(
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
  let c00 = V.splat(0);
  let c01 = V.splat(0);
  let c10 = V.splat(0);
  let c11 = V.splat(0);
  let c20 = V.splat(0);
  let c21 = V.splat(0);
  let c30 = V.splat(0);
  let c31 = V.splat(0);
  for (let k = 0; k < depth; k++) {
    const b0 = V.load(b);
    const b1 = V.load(b + 16);
    const a0 = V.broadcast(a);
    c00 = V.madd(a0, b0, c00);
    c01 = V.madd(a0, b1, c01);
    const a1 = V.broadcast(a + 4);
    c10 = V.madd(a1, b0, c10);
    c11 = V.madd(a1, b1, c11);
    const a2 = V.broadcast(a + 8);
    c20 = V.madd(a2, b0, c20);
    c21 = V.madd(a2, b1, c21);
    const a3 = V.broadcast(a + 12);
    c30 = V.madd(a3, b0, c30);
    c31 = V.madd(a3, b1, c31);
    a += aStep;
    b += bStep;
  }
  Out.row(out, c00, c01, columns, add);
  if (rows > 1) Out.row(out + outStep, c10, c11, columns, add);
  if (rows > 2) Out.row(out + 2 * outStep, c20, c21, columns, add);
  if (rows > 3) Out.row(out + 3 * outStep, c30, c31, columns, add);
}

/** The same with the left operand's rows where they lie, `aStep` bytes apart, neighbours along the sum. Reads `rows` of them. */
export function tileRows(
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
  let p1 = rows > 1 ? a + aStep : a;
  let p2 = rows > 2 ? p1 + aStep : a;
  let p3 = rows > 3 ? p2 + aStep : a;
  let c00 = V.splat(0);
  let c01 = V.splat(0);
  let c10 = V.splat(0);
  let c11 = V.splat(0);
  let c20 = V.splat(0);
  let c21 = V.splat(0);
  let c30 = V.splat(0);
  let c31 = V.splat(0);
  for (let k = 0; k < depth; k++) {
    const b0 = V.load(b);
    const b1 = V.load(b + 16);
    const a0 = V.broadcast(a);
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
    a += 4;
    p1 += 4;
    p2 += 4;
    p3 += 4;
    b += bStep;
  }
  Out.row(out, c00, c01, columns, add);
  if (rows > 1) Out.row(out + outStep, c10, c11, columns, add);
  if (rows > 2) Out.row(out + 2 * outStep, c20, c21, columns, add);
  if (rows > 3) Out.row(out + 3 * outStep, c30, c31, columns, add);
}
