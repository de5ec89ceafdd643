import { V } from "../simd/lanes";

/** Steps of a sum that one tile keeps in registers before it writes to memory. It is fixed, since it determines the order of summation. */
export const BLOCK: i32 = 256;

export class Out {
  /** `p[0…lanes) = x`, or `+= x`; lanes ≥ 4 means all. */
  @inline static lanes(p: usize, x: v128, lanes: i32, add: bool): void {
    if (lanes >= 4) V.store(p, add ? f32x4.add(V.load(p), x) : x);
    else if (lanes > 0) V.storeTail(p, add ? f32x4.add(V.loadTail(p, lanes), x) : x, lanes);
  }

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

/** Columns of a panel at the right edge. */
function storeEdge(p: usize, x0: v128, x1: v128, columns: i32, add: bool): void {
  Out.lanes(p, x0, columns, add);
  Out.lanes(p + 16, x1, columns - 4, add);
}

/** Stores four rows of a transposed result: lane j goes to `p + j·step`, row r to element r. Only `columns` and `rows` of them exist. */
function storeTransposed(p: usize, step: usize, x0: v128, x1: v128, x2: v128, x3: v128, rows: i32, columns: i32, add: bool): void {
  const low01 = V.zipLow(x0, x1);
  const low23 = V.zipLow(x2, x3);
  const high01 = V.zipHigh(x0, x1);
  const high23 = V.zipHigh(x2, x3);
  if (columns > 0) Out.lanes(p, V.joinLow(low01, low23), rows, add);
  if (columns > 1) Out.lanes(p + step, V.joinHigh(low01, low23), rows, add);
  if (columns > 2) Out.lanes(p + 2 * step, V.joinLow(high01, high23), rows, add);
  if (columns > 3) Out.lanes(p + 3 * step, V.joinHigh(high01, high23), rows, add);
}

/**
 * `rows` × `columns` (at most 8) results over `depth` steps, in tiles of 4 × 8. Step k of a tile reads four neighbours at `a + k·aStep` and
 * eight at `b + k·bStep`: packed panels, or a transposed left and a plain right operand in place. `aPanel` is the distance between fours;
 * all in bytes. The tile's loop is inside the loop over tiles because engines unroll nested loops further: it reaches 0.98 of the limit,
 * against 0.90 as a function of its own (V8 11.3).
 */
export function strip(
  out: usize,
  outStep: usize,
  outColumn: usize,
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
    if (outColumn == 4) {
      Out.row(out, c00, c01, columns, add);
      if (rows - i > 1) Out.row(out + outStep, c10, c11, columns, add);
      if (rows - i > 2) Out.row(out + 2 * outStep, c20, c21, columns, add);
      if (rows - i > 3) Out.row(out + 3 * outStep, c30, c31, columns, add);
    } else {
      storeTransposed(out, outColumn, c00, c10, c20, c30, rows - i, columns, add);
      storeTransposed(out + 4 * outColumn, outColumn, c01, c11, c21, c31, rows - i, columns - 4, add);
    }
    out += 4 * outStep;
    a += aPanel;
  }
}

/** The same with the left operand's rows in place, `aStep` bytes apart, contiguous along the sum. Reads `rows` of them. */
export function stripRows(
  out: usize,
  outStep: usize,
  outColumn: usize,
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
    if (outColumn == 4) {
      Out.row(out, c00, c01, columns, add);
      if (rows - i > 1) Out.row(out + outStep, c10, c11, columns, add);
      if (rows - i > 2) Out.row(out + 2 * outStep, c20, c21, columns, add);
      if (rows - i > 3) Out.row(out + 3 * outStep, c30, c31, columns, add);
    } else {
      storeTransposed(out, outColumn, c00, c10, c20, c30, rows - i, columns, add);
      storeTransposed(out + 4 * outColumn, outColumn, c01, c11, c21, c31, rows - i, columns - 4, add);
    }
    out += 4 * outStep;
    a += 4 * aStep;
  }
}

/** Rows in place times panels of four columns: tiles of 6 × 4. */
export function stripRowsNarrow(
  out: usize,
  outStep: usize,
  outColumn: usize,
  a: usize,
  aStep: usize,
  b: usize,
  depth: i32,
  rows: i32,
  columns: i32,
  add: bool,
): void {
  for (let i = 0; i < rows; i += 6) {
    let p0 = a;
    let p1 = rows - i > 1 ? a + aStep : a;
    let p2 = rows - i > 2 ? a + 2 * aStep : a;
    let p3 = rows - i > 3 ? a + 3 * aStep : a;
    let p4 = rows - i > 4 ? a + 4 * aStep : a;
    let p5 = rows - i > 5 ? a + 5 * aStep : a;
    let q = b;
    let c0 = V.splat(0);
    let c1 = V.splat(0);
    let c2 = V.splat(0);
    let c3 = V.splat(0);
    let c4 = V.splat(0);
    let c5 = V.splat(0);
    for (let k = 0; k < depth; k++) {
      const b0 = V.load(q);
      c0 = V.madd(V.broadcast(p0), b0, c0);
      c1 = V.madd(V.broadcast(p1), b0, c1);
      c2 = V.madd(V.broadcast(p2), b0, c2);
      c3 = V.madd(V.broadcast(p3), b0, c3);
      c4 = V.madd(V.broadcast(p4), b0, c4);
      c5 = V.madd(V.broadcast(p5), b0, c5);
      p0 += 4;
      p1 += 4;
      p2 += 4;
      p3 += 4;
      p4 += 4;
      p5 += 4;
      q += 16;
    }
    if (outColumn == 4) {
      Out.lanes(out, c0, columns, add);
      if (rows - i > 1) Out.lanes(out + outStep, c1, columns, add);
      if (rows - i > 2) Out.lanes(out + 2 * outStep, c2, columns, add);
      if (rows - i > 3) Out.lanes(out + 3 * outStep, c3, columns, add);
      if (rows - i > 4) Out.lanes(out + 4 * outStep, c4, columns, add);
      if (rows - i > 5) Out.lanes(out + 5 * outStep, c5, columns, add);
    } else {
      storeTransposed(out, outColumn, c0, c1, c2, c3, rows - i, columns, add);
      if (rows - i > 4) storeTransposed(out + 4 * outStep, outColumn, c4, c5, c4, c5, min(2, rows - i - 4), columns, add);
    }
    out += 6 * outStep;
    a += 6 * aStep;
  }
}

/**
 * One contiguous row times panels `bPanel` bytes apart, over any depth, three at a time: tiles of 1 × 24. The three are neighbours if `near`, as where the operand's rows
 * lie; otherwise each is of another third of all panels, so that memory is read in three long runs, which processors fetch ahead.
 */
export function stripRow(
  out: usize,
  a: usize,
  b: usize,
  bPanel: usize,
  bStep: usize,
  depth: i32,
  columns: i32,
  add: bool,
  near: bool,
): void {
  const third = (columns + 23) / 24;
  const gap = near ? 1 : third;
  const next = near ? 3 : 1;
  const run = <usize>gap * bPanel;
  const over = (<usize>gap) << 5;
  for (let j = 0; j < third; j++) {
    const left = columns - 8 * next * j;
    const left1 = left - 8 * gap;
    const left2 = left1 - 8 * gap;
    let p = a;
    let q0 = b;
    let q1 = left1 > 0 ? b + run : b; // where there is no panel, the first once more
    let q2 = left2 > 0 ? b + 2 * run : b;
    for (let from = 0; from < depth; from += BLOCK) {
      let c0 = V.splat(0);
      let c1 = V.splat(0);
      let c2 = V.splat(0);
      let c3 = V.splat(0);
      let c4 = V.splat(0);
      let c5 = V.splat(0);
      for (let k = min(BLOCK, depth - from); k > 0; k--) {
        const x = V.broadcast(p);
        c0 = V.madd(x, V.load(q0), c0);
        c1 = V.madd(x, V.load(q0 + 16), c1);
        c2 = V.madd(x, V.load(q1), c2);
        c3 = V.madd(x, V.load(q1 + 16), c3);
        c4 = V.madd(x, V.load(q2), c4);
        c5 = V.madd(x, V.load(q2 + 16), c5);
        p += 4;
        q0 += bStep;
        q1 += bStep;
        q2 += bStep;
      }
      const more = add || from > 0;
      Out.row(out, c0, c1, min(8, left), more);
      if (left1 > 0) Out.row(out + over, c2, c3, min(8, left1), more);
      if (left2 > 0) Out.row(out + 2 * over, c4, c5, min(8, left2), more);
    }
    out += (<usize>next) << 5;
    b += <usize>next * bPanel;
  }
}
