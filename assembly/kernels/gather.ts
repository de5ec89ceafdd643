import { addRow, addScaledRow } from "../loops/rows";
import { V } from "../simd/lanes";

function moveRow(out: usize, x: usize, n: i32): void {
  let i = 0;
  for (; i <= n - 4; i += 4) {
    V.store(out, V.load(x));
    out += 16;
    x += 16;
  }
  if (i < n) V.storeTail(out, V.loadTail(x, n - i), n - i);
}

/** `out[i, ·] = x[index[i], ·]` for i < count, rows of `width`. Moves bits, of any element type. */
export function gather(out: usize, x: usize, index: usize, count: i32, width: i32): void {
  const bytes = (<usize>width) << 2;
  for (let i = 0; i < count; i++) {
    moveRow(out, x + <usize>load<i32>(index) * bytes, width);
    out += bytes;
    index += 4;
  }
}

/** `out[index[i], ·] += x[i, ·]` for i < count, in order of i. */
export function scatterAdd(out: usize, x: usize, index: usize, count: i32, width: i32): void {
  const bytes = (<usize>width) << 2;
  for (let i = 0; i < count; i++) {
    addRow(out + <usize>load<i32>(index) * bytes, x, width);
    x += bytes;
    index += 4;
  }
}

/** `out[o, i] = x[o, index[o, i], i]`, k < n; 0 where the index is −1. */
export function pick(out: usize, x: usize, index: usize, outer: i32, n: i32, inner: i32): void {
  const width = (<usize>inner) << 2;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const k = load<i32>(index);
      store<f32>(out, k < 0 ? 0 : load<f32>(x + <usize>k * width + ((<usize>i) << 2)));
      out += 4;
      index += 4;
    }
    x += width * <usize>n;
  }
}

/** `dx[o, index[o, i], i] = g[o, i]`, 0 elsewhere; an index of −1 places nothing. */
export function pickBackward(dx: usize, g: usize, index: usize, outer: i32, n: i32, inner: i32): void {
  const width = (<usize>inner) << 2;
  memory.fill(dx, 0, width * <usize>n * <usize>outer);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const k = load<i32>(index);
      if (k >= 0) store<f32>(dx + <usize>k * width + ((<usize>i) << 2), load<f32>(g));
      g += 4;
      index += 4;
    }
    dx += width * <usize>n;
  }
}

/**
 * `out[i, ·] = Σ_j weights[j, ·] ∘ x[index[i, j], ·]` for i < count, in order of j < length: rows of `width`. Indices equal to `skip` add
 * nothing; without weights (0) the factor is 1.
 */
export function embeddingBag(out: usize, x: usize, weights: usize, index: usize, count: i32, length: i32, width: i32, skip: i32): void {
  const bytes = (<usize>width) << 2;
  memory.fill(out, 0, bytes * <usize>count);
  for (let i = 0; i < count; i++) {
    let w = weights;
    for (let j = 0; j < length; j++) {
      const k = load<i32>(index);
      if (k != skip) {
        const row = x + <usize>k * bytes;
        if (w) addScaledRow(out, row, w, width);
        else addRow(out, row, width);
      }
      if (w) w += bytes;
      index += 4;
    }
    out += bytes;
  }
}

/** `dx[index[i, j], ·] += weights[j, ·] ∘ g[i, ·]`, in order of i, then of j; see `embeddingBag`. */
export function embeddingBagBackward(
  dx: usize,
  g: usize,
  weights: usize,
  index: usize,
  count: i32,
  length: i32,
  width: i32,
  skip: i32,
): void {
  const bytes = (<usize>width) << 2;
  for (let i = 0; i < count; i++) {
    let w = weights;
    for (let j = 0; j < length; j++) {
      const k = load<i32>(index);
      if (k != skip) {
        const row = dx + <usize>k * bytes;
        if (w) addScaledRow(row, g, w, width);
        else addRow(row, g, width);
      }
      if (w) w += bytes;
      index += 4;
    }
    g += bytes;
  }
}

/** `dw[j, ·] += g[i, ·] ∘ x[index[i, j], ·]`, in order of i; see `embeddingBag`. */
export function embeddingBagWeights(dw: usize, g: usize, x: usize, index: usize, count: i32, length: i32, width: i32, skip: i32): void {
  const bytes = (<usize>width) << 2;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < length; j++) {
      const k = load<i32>(index);
      if (k != skip) addScaledRow(dw + <usize>j * bytes, g, x + <usize>k * bytes, width);
      index += 4;
    }
    g += bytes;
  }
}
