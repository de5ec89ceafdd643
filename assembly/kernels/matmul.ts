// Products of matrices. Every path adds an element's terms in the same order (docs/numerics.md): ascending k within blocks of
// BLOCK from 0, the blocks in turn. So the paths differ in speed only, and a row's result does not depend on how many rows there are.
import { weave } from "../loops/pack";
import { BLOCK, strip, stripRows } from "../loops/tile";

/** Rows of the left operand worked on at a time: with BLOCK, 128 KB that stay in the second-level cache. */
const ROWS: i32 = 128;

/** `out[p][k][r] = x[4p + r, k]`: panels of 4 rows, missing rows 0. */
export function packRows(out: usize, x: usize, rows: i32, depth: i32, rowStride: i32, depthStride: i32): void {
  for (let i = 0; i < rows; i += 4) {
    weave(out, 16, x, rows - i, depth, rowStride, depthStride);
    out += (<usize>depth) << 4;
    x += (<usize>rowStride) << 4;
  }
}

function packPanel(out: usize, x: usize, columns: i32, depth: i32, depthStride: i32, columnStride: i32): void {
  weave(out, 32, x, columns, depth, columnStride, depthStride);
  weave(out + 16, 32, x + ((<usize>columnStride) << 4), columns - 4, depth, columnStride, depthStride);
}

/** `out[p][k][c] = x[k, 8p + c]`: panels of 8 columns, missing columns 0. */
export function packColumns(out: usize, x: usize, depth: i32, columns: i32, depthStride: i32, columnStride: i32): void {
  for (let j = 0; j < columns; j += 8) {
    packPanel(out, x, columns - j, depth, depthStride, columnStride);
    out += (<usize>depth) << 5;
    x += (<usize>columnStride) << 5;
  }
}

/** `out = 0`, for sums without terms. */
function clear(out: usize, m: i32, n: i32, outStep: usize): void {
  for (let i = 0; i < m; i++) {
    memory.fill(out, 0, (<usize>n) << 2);
    out += outStep;
  }
}

/** `out[m, n] = beta·out + A·B` from panels made by `packRows` and `packColumns`; `beta` is 0 (`out` is not read) or 1. */
export function matmulPacked(out: usize, a: usize, b: usize, m: i32, n: i32, k: i32, outStride: i32, beta: i32): void {
  const outStep = (<usize>outStride) << 2;
  const panel = (<usize>k) << 4;
  if (k == 0 && beta == 0) clear(out, m, n, outStep);
  for (let block = 0; block < k; block += BLOCK) {
    const depth = min(BLOCK, k - block);
    const add = beta != 0 || block > 0;
    for (let top = 0; top < m; top += ROWS) {
      const bottom = min(m, top + ROWS);
      for (let j = 0; j < n; j += 8) {
        const q = b + ((<usize>(j * k + block * 8)) << 2);
        const p = a + ((<usize>(top * k + block * 4)) << 2);
        strip(out + <usize>top * outStep + ((<usize>j) << 2), outStep, p, panel, 16, q, 32, depth, bottom - top, min(8, n - j), add);
      }
    }
  }
}

/** Columns of the result up to which packing a plain, and a transposed, left operand does not pay (measured); rows for a right one. */
const FEW_COLUMNS: i32 = 32;
const FEW_COLUMNS_TRANSPOSED: i32 = 64;
const FEW_ROWS: i32 = 8;
/** Elements of a right operand that the first-level cache holds beside the rest, so that it is read where it lies. */
const SMALL: i32 = 4096;

/**
 * `out[m, n] = beta·out + A·B` with `A[i, k] = a[i·aRow + k·aDepth]` and `B[k, j] = b[k·bDepth + j·bColumn]`. Packs block by block what
 * is better packed. `scratch` holds 256 · 8 elements and for each of up to 128 rows (rounded up to fours) up to 256 more.
 */
export function matmul(
  out: usize,
  a: usize,
  b: usize,
  m: i32,
  n: i32,
  k: i32,
  aRow: i32,
  aDepth: i32,
  bDepth: i32,
  bColumn: i32,
  outStride: i32,
  beta: i32,
  scratch: usize,
): void {
  const outStep = (<usize>outStride) << 2;
  const rowsLie = aDepth == 1 && n <= FEW_COLUMNS;
  const fourLie = aRow == 1 && (m & 3) == 0 && n <= FEW_COLUMNS_TRANSPOSED;
  const columnsLie = bColumn == 1 && (m <= FEW_ROWS || min(k, BLOCK) * n <= SMALL);
  if (k == 0 && beta == 0) clear(out, m, n, outStep);
  for (let block = 0; block < k; block += BLOCK) {
    const depth = min(BLOCK, k - block);
    const add = beta != 0 || block > 0;
    for (let top = 0; top < m; top += ROWS) {
      const rows = min(ROWS, m - top);
      const x = a + ((<usize>(top * aRow + block * aDepth)) << 2);
      const left = rowsLie || fourLie ? x : scratch + (BLOCK << 5);
      if (left != x) packRows(left, x, rows, depth, aRow, aDepth);
      const panel = fourLie ? <usize>16 : (<usize>depth) << 4;
      const step = fourLie ? (<usize>aDepth) << 2 : <usize>16;
      for (let j = 0; j < n; j += 8) {
        const columns = min(8, n - j);
        const y = b + ((<usize>(block * bDepth + j * bColumn)) << 2);
        const lie = columnsLie && columns == 8;
        const right = lie ? y : scratch;
        const bStep = lie ? (<usize>bDepth) << 2 : <usize>32;
        if (!lie) packPanel(scratch, y, columns, depth, bDepth, bColumn);
        const o = out + <usize>top * outStep + ((<usize>j) << 2);
        if (rowsLie) stripRows(o, outStep, left, (<usize>aRow) << 2, right, bStep, depth, rows, columns, add);
        else strip(o, outStep, left, panel, step, right, bStep, depth, rows, columns, add);
      }
    }
  }
}
