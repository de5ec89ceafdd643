// Products whose elements are sums of few terms: writing the result limits them, so it is written row by row, in runs.
import { V } from "../simd/lanes";

/** Terms up to which it pays (measured). */
export const SHALLOW: i32 = 4;
/** Columns at a time (the last may have up to three more), so that four rows of them fit scratch and the first-level cache. */
const RUN: i32 = 508;
const MOST: i32 = RUN + 3;

/** A sum of a fixed number of terms, without fields. */
abstract class Terms {
  /** `Σₖ aₖ · b[k]` from 0, for four columns. */
  abstract of(b: usize, step: usize, a0: v128, a1: v128, a2: v128, a3: v128): v128;
}

class One extends Terms {
  @inline of(b: usize, step: usize, a0: v128, a1: v128, a2: v128, a3: v128): v128 {
    return V.madd(a0, V.load(b), V.splat(0));
  }
}

class Two extends Terms {
  @inline of(b: usize, step: usize, a0: v128, a1: v128, a2: v128, a3: v128): v128 {
    return V.madd(a1, V.load(b + step), changetype<One>(0).of(b, step, a0, a1, a2, a3));
  }
}

class Three extends Terms {
  @inline of(b: usize, step: usize, a0: v128, a1: v128, a2: v128, a3: v128): v128 {
    return V.madd(a2, V.load(b + 2 * step), changetype<Two>(0).of(b, step, a0, a1, a2, a3));
  }
}

class Four extends Terms {
  @inline of(b: usize, step: usize, a0: v128, a1: v128, a2: v128, a3: v128): v128 {
    return V.madd(a3, V.load(b + 3 * step), changetype<Three>(0).of(b, step, a0, a1, a2, a3));
  }
}

/** `out[i, j] = Σₖ a[i, k] · b[k, j]`, n ≥ 4; steps in bytes. A row's last four columns may be written twice. */
function rows<T extends Terms>(
  out: usize,
  outStep: usize,
  a: usize,
  aRow: usize,
  aDepth: usize,
  b: usize,
  bStep: usize,
  m: i32,
  n: i32,
  depth: i32,
): void {
  const f = changetype<T>(0);
  const last = (<usize>(n - 4)) << 2;
  for (let i = 0; i < m; i++) {
    const a0 = V.broadcast(a);
    const a1 = depth > 1 ? V.broadcast(a + aDepth) : a0;
    const a2 = depth > 2 ? V.broadcast(a + 2 * aDepth) : a0;
    const a3 = depth > 3 ? V.broadcast(a + 3 * aDepth) : a0;
    let j: usize = 0;
    for (; j + 16 <= last; j += 32) {
      V.store(out + j, f.of(b + j, bStep, a0, a1, a2, a3));
      V.store(out + j + 16, f.of(b + j + 16, bStep, a0, a1, a2, a3));
    }
    if (j <= last) V.store(out + j, f.of(b + j, bStep, a0, a1, a2, a3));
    V.store(out + last, f.of(b + last, bStep, a0, a1, a2, a3));
    out += outStep;
    a += aRow;
  }
}

/** `out[m, n] = A·B` for 1 ≤ k ≤ SHALLOW and n ≥ 4, strides as of `matmul`. Scratch: SHALLOW · MOST elements. */
export function shallow(
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
  outStep: usize,
  scratch: usize,
): void {
  const row = (<usize>aRow) << 2;
  const step = (<usize>aDepth) << 2;
  let columns = 0;
  for (let j = 0; j < n; j += columns) {
    columns = n - j <= MOST ? n - j : RUN;
    const o = out + ((<usize>j) << 2);
    let q = b + ((<usize>(j * bColumn)) << 2);
    let qStep = (<usize>bDepth) << 2;
    if (bColumn != 1) {
      for (let l = 0; l < k; l++) {
        for (let c = 0; c < columns; c++) {
          store<f32>(scratch + ((<usize>(l * MOST + c)) << 2), load<f32>(q + <usize>l * qStep + ((<usize>(c * bColumn)) << 2)));
        }
      }
      q = scratch;
      qStep = (<usize>MOST) << 2;
    }
    if (k == 1) rows<One>(o, outStep, a, row, step, q, qStep, m, columns, k);
    else if (k == 2) rows<Two>(o, outStep, a, row, step, q, qStep, m, columns, k);
    else if (k == 3) rows<Three>(o, outStep, a, row, step, q, qStep, m, columns, k);
    else rows<Four>(o, outStep, a, row, step, q, qStep, m, columns, k);
  }
}
