// Sorts a row's elements by a heap of indices in the result itself, so that no scratch is needed.

/** The element at `p` as an int32 of the same order: NaN above everything, −0 as 0; int32 elements unchanged if `whole`. */
function orderOf(p: usize, whole: i32): i32 {
  const bits = load<i32>(p);
  if (whole) return bits;
  const x = reinterpret<f32>(bits);
  if (isNaN<f32>(x)) return i32.MAX_VALUE;
  return x == 0 ? 0 : bits ^ ((bits >> 31) & i32.MAX_VALUE);
}

/** Whether index i comes before index j: by their elements, in reverse if `turn` is −1, and at a tie by the indices. */
function before(x: usize, i: i32, j: i32, turn: i32, whole: i32): bool {
  const a = orderOf(x + ((<usize>i) << 2), whole) ^ turn;
  const b = orderOf(x + ((<usize>j) << 2), whole) ^ turn;
  return a < b || (a == b && i < j);
}

/** Sifts the index at `at` down until none of the `n` below comes after it. */
function sink(heap: usize, at: i32, n: i32, x: usize, turn: i32, whole: i32): void {
  const moved = load<i32>(heap + ((<usize>at) << 2));
  for (let child = 2 * at + 1; child < n; child = 2 * at + 1) {
    let place = load<i32>(heap + ((<usize>child) << 2));
    if (child + 1 < n) {
      const other = load<i32>(heap + ((<usize>(child + 1)) << 2));
      if (before(x, place, other, turn, whole)) {
        place = other;
        child++;
      }
    }
    if (!before(x, moved, place, turn, whole)) break;
    store<i32>(heap + ((<usize>at) << 2), place);
    at = child;
  }
  store<i32>(heap + ((<usize>at) << 2), moved);
}

/** The first `k` indices of one row in order; the heap has the last of them on top. */
function topOf(out: usize, x: usize, n: i32, k: i32, turn: i32, whole: i32): void {
  for (let i = 0; i < k; i++) store<i32>(out + ((<usize>i) << 2), i);
  for (let i = (k >> 1) - 1; i >= 0; i--) sink(out, i, k, x, turn, whole);
  for (let i = k; i < n; i++) {
    if (!before(x, i, load<i32>(out), turn, whole)) continue;
    store<i32>(out, i);
    sink(out, 0, k, x, turn, whole);
  }
  for (let left = k - 1; left > 0; left--) {
    const end = out + ((<usize>left) << 2);
    const last = load<i32>(out);
    store<i32>(out, load<i32>(end));
    store<i32>(end, last);
    sink(out, 0, left, x, turn, whole);
  }
}

/**
 * `out[r, j]` int32 = the index of the j-th smallest of `x[r, ·]`, j < k ≤ n, or of the j-th largest if `descending` is 1; the lower index
 * first at a tie, NaN as the largest of all. `x` is float32, or int32 if `whole` is 1.
 */
export function topk(out: usize, x: usize, rows: i32, n: i32, k: i32, descending: i32, whole: i32): void {
  for (let r = 0; k > 0 && r < rows; r++) {
    topOf(out, x, n, k, descending ? -1 : 0, whole);
    out += (<usize>k) << 2;
    x += (<usize>n) << 2;
  }
}
