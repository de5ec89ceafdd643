// Products of matrices. Every path adds an element's terms in the same order (docs/numerics.md): ascending k within blocks of BLOCK from 0,
// and the blocks in order. So the paths differ only in speed, and a row's result does not depend on the number of rows.
import { begin, beginPanel, clear, empty } from "../loops/begin";
import { addedRows, fewColumns, rowByRow } from "../loops/few";
import { packPanel, slices, weave } from "../loops/pack";
import { SHALLOW, shallow } from "../loops/shallow";
import { BLOCK, strip, stripRow, stripRows } from "../loops/tile";

/** Rows of the left operand processed at a time: with BLOCK, 128 KB that stay in the second-level cache. */
const ROWS: i32 = 128;

/** `out[p][k][r] = x[4p + r, k]`: panels of 4 rows, missing rows 0. */
export function packRows(out: usize, x: usize, rows: i32, depth: i32, rowStride: i32, depthStride: i32): void {
  const panel = (<usize>depth) << 4;
  let i = 0;
  if (rowStride == 1 && rows >= 8) {
    i = rows & ~7;
    slices(out, 16, panel, 2 * panel, x, rows >> 3, depth, depthStride);
    out += <usize>(i >> 2) * panel;
    x += (<usize>i) << 2;
  }
  for (; i < rows; i += 4) {
    weave(out, 16, x, rows - i, depth, rowStride, depthStride);
    out += panel;
    x += (<usize>rowStride) << 4;
  }
}

/** `out[p][k][c] = x[k, 8p + c]`: panels of 8 columns, missing columns 0. */
export function packColumns(out: usize, x: usize, depth: i32, columns: i32, depthStride: i32, columnStride: i32): void {
  const panel = (<usize>depth) << 5;
  let j = 0;
  if (columnStride == 1) {
    j = columns & ~7;
    slices(out, 32, 16, panel, x, columns >> 3, depth, depthStride);
    out += <usize>(j >> 3) * panel;
    x += (<usize>j) << 2;
  }
  for (; j < columns; j += 8) {
    packPanel(out, x, columns - j, depth, depthStride, columnStride);
    out += panel;
    x += (<usize>columnStride) << 5;
  }
}

/** `out[m, n] = beta·out + A·B` from the panels of `packRows` and `packColumns`; `beta` is 0 (`out` is not read) or 1. */
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
        strip(out + <usize>top * outStep + ((<usize>j) << 2), outStep, 4, p, panel, 16, q, 32, depth, bottom - top, min(8, n - j), add);
      }
    }
  }
}

/**
 * The same with `A[i, k] = a[i·aRow + k·aDepth]`, packed block by block unless there are only one or two rows: for one packed `b` and many
 * products. With a `bias` (or 0) of n elements each row's sums start from it instead. `scratch` holds up to 256 elements for each of up to 128 rows (rounded up to fours).
 */
export function matmulPanels(
  out: usize,
  a: usize,
  b: usize,
  bias: usize,
  m: i32,
  n: i32,
  k: i32,
  aRow: i32,
  aDepth: i32,
  outStride: i32,
  scratch: usize,
): void {
  const outStep = (<usize>outStride) << 2;
  const panel = (<usize>k) << 5;
  if (k == 0) empty(out, bias, m, n, outStep);
  // One or two rows after the last four go one by one.
  const fours = aDepth == 1 && (m & 3) < 3 ? m & ~3 : m;
  for (let block = 0; block < k; block += BLOCK) {
    const depth = min(BLOCK, k - block);
    const first = bias != 0 && block == 0;
    const add = bias != 0 || block > 0;
    const x = a + ((<usize>(block * aDepth)) << 2);
    const y = b + ((<usize>block) << 5);
    for (let top = 0; top < fours; top += ROWS) {
      const rows = min(ROWS, fours - top);
      packRows(scratch, x + ((<usize>(top * aRow)) << 2), rows, depth, aRow, aDepth);
      for (let j = 0; j < n; j += 8) {
        const o = out + <usize>top * outStep + ((<usize>j) << 2);
        const q = y + <usize>(j >> 3) * panel;
        if (first) beginPanel(o, bias + ((<usize>j) << 2), rows, min(8, n - j), outStep);
        strip(o, outStep, 4, scratch, (<usize>depth) << 4, 16, q, 32, depth, rows, min(8, n - j), add);
      }
    }
  }
  for (let i = fours; i < m; i++) {
    const o = out + <usize>i * outStep;
    if (bias) begin(o, bias, 1, n, outStep);
    stripRow(o, a + ((<usize>(i * aRow)) << 2), b, panel, 32, k, n, bias != 0, false);
  }
}

/** Columns of the result up to which packing a plain, or a transposed, left operand does not pay (measured). */
const FEW_COLUMNS: i32 = 32;
const FEW_COLUMNS_TRANSPOSED: i32 = 64;
/** Rows up to which a plain right operand is read in place, and up to which its rows are summed if the result is wide. */
const FEW_ROWS: i32 = 8;
const ROW_BY_ROW: i32 = 3;
const WIDE: i32 = 32;
/** Elements of a right operand that fit the first-level cache beside the other data, so that it is read in place. */
const SMALL: i32 = 4096;
/** Elements of a right operand that fit the second-level cache. */
const CACHED: i32 = 65536;
/** Columns of the right operand packed at a time: for many blocks of rows, and for one. */
const COLUMNS: i32 = 2048;
const COLUMNS_ONCE: i32 = 64;
/** Panels over all of `a` and `b`, packed block by block where that is faster. Sums start from a `bias` (or 0) only in plain rows, with beta 1. */
function panels(
  out: usize,
  outRow: usize,
  outColumn: usize,
  a: usize,
  b: usize,
  bias: usize,
  m: i32,
  n: i32,
  k: i32,
  aRow: i32,
  aDepth: i32,
  bDepth: i32,
  bColumn: i32,
  beta: i32,
  scratch: usize,
): void {
  const rowsLie = aDepth == 1 && n <= FEW_COLUMNS;
  const fourLie = aRow == 1 && (m & 3) == 0 && n <= FEW_COLUMNS_TRANSPOSED;
  const columnsLie = bColumn == 1 && (m <= FEW_ROWS || min(k, BLOCK) * n <= SMALL);
  const width = columnsLie ? n : min(n, m <= ROWS ? COLUMNS_ONCE : COLUMNS);
  const packed = scratch + ((<usize>(min(k, BLOCK) * (columnsLie ? 8 : (width + 7) & ~7))) << 2);
  for (let block = 0; block < k; block += BLOCK) {
    const depth = min(BLOCK, k - block);
    const add = beta != 0 || block > 0;
    const panel = fourLie ? <usize>16 : (<usize>depth) << 4;
    const step = fourLie ? (<usize>aDepth) << 2 : <usize>16;
    for (let left = 0; left < n; left += width) {
      const right = min(n, left + width);
      const y = b + ((<usize>(block * bDepth + left * bColumn)) << 2);
      const edge = columnsLie ? n & 7 : 0;
      if (!columnsLie) packColumns(scratch, y, depth, right - left, bDepth, bColumn);
      else if (edge) packColumns(scratch, y + ((<usize>(n - edge)) << 2), depth, edge, bDepth, 1);
      for (let top = 0; top < m; top += ROWS) {
        const rows = min(ROWS, m - top);
        const x = a + ((<usize>(top * aRow + block * aDepth)) << 2);
        const p = rowsLie || fourLie ? x : packed;
        if (p != x && (left == 0 || m > ROWS)) packRows(p, x, rows, depth, aRow, aDepth);
        for (let j = left; j < right; j += 8) {
          const columns = min(8, right - j);
          const lie = columnsLie && columns == 8;
          const q = lie ? y + ((<usize>j) << 2) : columnsLie ? scratch : scratch + ((<usize>((j - left) * depth)) << 2);
          const bStep = lie ? (<usize>bDepth) << 2 : <usize>32;
          const o = out + <usize>top * outRow + <usize>j * outColumn;
          if (bias != 0 && block == 0) beginPanel(o, bias + ((<usize>j) << 2), rows, columns, outRow);
          if (rowsLie) stripRows(o, outRow, outColumn, p, (<usize>aRow) << 2, q, bStep, depth, rows, columns, add);
          else strip(o, outRow, outColumn, p, panel, step, q, bStep, depth, rows, columns, add);
        }
      }
    }
  }
}

/** `out[m, n] = beta·out + A·B` over k > 0 steps, the way that the lengths make fastest. */
function product(
  out: usize,
  outStep: usize,
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
  if (beta == 0 && k <= SHALLOW && n >= WIDE && (m >= WIDE || bColumn == 1)) {
    shallow(out, a, b, m, n, k, aRow, aDepth, bDepth, bColumn, outStep, scratch);
  } else if (bColumn == 1 && aDepth == 1 && m <= ROW_BY_ROW && n >= 8 && k * n <= CACHED) {
    rowByRow(out, a, b, m, n, k, aRow, bDepth, outStep, beta, scratch);
  } else if (bColumn == 1 && m <= ROW_BY_ROW && n >= WIDE) {
    addedRows(out, a, b, m, n, k, aRow, aDepth, bDepth, outStep, beta, scratch);
  } else if (n == 1 && aRow == 1 && outStride == 1 && m >= WIDE) {
    addedRows(out, b, a, 1, m, k, bColumn, bDepth, aDepth, 0, beta, scratch);
  } else if (bDepth == 1 && m <= FEW_ROWS && (aDepth != 1 || m < n)) {
    // For few rows times a transposed right operand: the transpose of the result has few columns.
    if (m <= 4) fewColumns(out, 4, outStep, b, a, n, m, k, bColumn, aDepth, aRow, beta, scratch);
    else panels(out, 4, outStep, b, a, 0, n, m, k, bColumn, bDepth, aDepth, aRow, beta, scratch);
  } else if (aDepth == 1 && n <= 4) {
    fewColumns(out, outStep, 4, a, b, m, n, k, aRow, bDepth, bColumn, beta, scratch);
  } else {
    panels(out, outStep, 4, a, b, 0, m, n, k, aRow, aDepth, bDepth, bColumn, beta, scratch);
  }
}

/**
 * `out[m, n] = A·B` with `A[i, k] = a[i·aRow + k·aDepth]` and `B[k, j] = b[k·bDepth + j·bColumn]`. With a `bias` (or 0) of n elements
 * each row's sums start from it. src/runtime/scratch.ts gives the size of `scratch`.
 */
export function matmul(
  out: usize,
  a: usize,
  b: usize,
  bias: usize,
  m: i32,
  n: i32,
  k: i32,
  aRow: i32,
  aDepth: i32,
  bDepth: i32,
  bColumn: i32,
  outStride: i32,
  scratch: usize,
): void {
  const outStep = (<usize>outStride) << 2;
  if (k == 0 || m == 0) empty(out, bias, m, n, outStep);
  else if (bias != 0 && m > FEW_ROWS && n > FEW_COLUMNS) {
    panels(out, outStep, 4, a, b, bias, m, n, k, aRow, aDepth, bDepth, bColumn, 1, scratch);
  } else {
    if (bias) begin(out, bias, m, n, outStep);
    product(out, outStep, a, b, m, n, k, aRow, aDepth, bDepth, bColumn, outStride, bias != 0 ? 1 : 0, scratch);
  }
}

/**
 * Products of `outer` × `inner` matrices: one `matmul` each. The results are dense, the operands the given numbers of elements apart (0:
 * the same for all).
 */
export function matmulBatch(
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
  outer: i32,
  inner: i32,
  aOuter: i32,
  aInner: i32,
  bOuter: i32,
  bInner: i32,
  scratch: usize,
): void {
  const step = (<usize>(m * n)) << 2;
  for (let i = 0; i < outer; i++) {
    for (let j = 0; j < inner; j++) {
      const x = a + ((<usize>(i * aOuter + j * aInner)) << 2);
      const y = b + ((<usize>(i * bOuter + j * bInner)) << 2);
      matmul(out, x, y, 0, m, n, k, aRow, aDepth, bDepth, bColumn, n, scratch);
      out += step;
    }
  }
}
