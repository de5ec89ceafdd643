// Products of few rows or columns, which use each element of the other operand only a few times: nothing large is packed. `scratch` holds
// 2,048 elements, and for panels up to 8 columns of BLOCK. Strides are in elements; `outStep`, `outRow` and `outColumn` in bytes.
import { packPanel, weave } from "./pack";
import { BLOCK, stripRow, stripRowsNarrow } from "./tile";
import { addRows, addTo, dots } from "./vector";

/** Elements of the sums of a few rows computed at a time, which stay in the first-level cache. */
const SUMS: i32 = 2048;
/** Lines longer than a block that are summed at a time, as many as `dots` takes. */
const LINES: i32 = 8;

/** A few rows times a plain `b`, as a sum of its rows: memory is read in runs. Scratch: SUMS elements. */
export function addedRows(
  out: usize,
  a: usize,
  b: usize,
  m: i32,
  n: i32,
  k: i32,
  aRow: i32,
  aDepth: i32,
  bDepth: i32,
  outStep: usize,
  beta: i32,
  scratch: usize,
): void {
  const rowStep = (<usize>aRow) << 2;
  const depthStep = (<usize>aDepth) << 2;
  const bStep = (<usize>bDepth) << 2;
  const run = (SUMS / m) & ~3;
  for (let j = 0; j < n; j += run) {
    const columns = min(run, n - j);
    const o = out + ((<usize>j) << 2);
    for (let block = 0; block < k; block += BLOCK) {
      const depth = min(BLOCK, k - block);
      const direct = beta == 0 && block == 0;
      const sums = direct ? o : scratch;
      const sumStep = direct ? outStep : (<usize>run) << 2;
      for (let l = 0; l < depth; l += 8) {
        const x = a + <usize>(block + l) * depthStep;
        const y = b + <usize>(block + l) * bStep + ((<usize>j) << 2);
        for (let i = 0; i < m; i++) {
          addRows(sums + <usize>i * sumStep, x + <usize>i * rowStep, depthStep, y, bStep, min(8, depth - l), columns, l == 0);
        }
      }
      for (let i = 0; !direct && i < m; i++) addTo(o + <usize>i * outStep, scratch + <usize>i * sumStep, columns);
    }
  }
}

/** The same in tiles over columns, for operands that fit the cache. Scratch: 8 · BLOCK elements. */
export function rowByRow(
  out: usize,
  a: usize,
  b: usize,
  m: i32,
  n: i32,
  k: i32,
  aRow: i32,
  bDepth: i32,
  outStep: usize,
  beta: i32,
  scratch: usize,
): void {
  const whole = n & ~7;
  const edge = (<usize>whole) << 2;
  for (let block = 0; block < k; block += BLOCK) {
    const depth = min(BLOCK, k - block);
    const add = beta != 0 || block > 0;
    const y = b + ((<usize>(block * bDepth)) << 2);
    if (whole < n) packPanel(scratch, y + edge, n - whole, depth, bDepth, 1);
    for (let i = 0; i < m; i++) {
      const x = a + ((<usize>(i * aRow + block)) << 2);
      const o = out + <usize>i * outStep;
      stripRow(o, x, y, 32, (<usize>bDepth) << 2, depth, whole, add, true);
      stripRow(o + edge, x, scratch, 0, 32, depth, n - whole, add, true);
    }
  }
}

/** `a`'s rows in place times at most four columns. Scratch: 4 · BLOCK elements. */
export function fewColumns(
  out: usize,
  outRow: usize,
  outColumn: usize,
  a: usize,
  b: usize,
  m: i32,
  n: i32,
  k: i32,
  aRow: i32,
  bDepth: i32,
  bColumn: i32,
  beta: i32,
  scratch: usize,
): void {
  // A few rows to their end, then the next few: memory is read in long runs.
  const run = k > BLOCK ? LINES : m;
  for (let top = 0; n == 1 && top < m; top += run) {
    const lines = min(run, m - top);
    const x = a + ((<usize>(top * aRow)) << 2);
    const o = out + <usize>top * outRow;
    for (let block = 0; block < k; block += BLOCK) {
      const y = b + ((<usize>(block * bDepth)) << 2);
      dots(o, outRow, y, (<usize>bDepth) << 2, x + ((<usize>block) << 2), aRow, min(BLOCK, k - block), lines, beta != 0 || block > 0);
    }
  }
  for (let block = 0; n > 1 && block < k; block += BLOCK) {
    const depth = min(BLOCK, k - block);
    const add = beta != 0 || block > 0;
    const x = a + ((<usize>block) << 2);
    const y = b + ((<usize>(block * bDepth)) << 2);
    weave(scratch, 16, y, n, depth, bColumn, bDepth);
    stripRowsNarrow(out, outRow, outColumn, x, (<usize>aRow) << 2, scratch, depth, m, n, add);
  }
}
