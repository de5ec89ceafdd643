import { Part } from "../loops/part";
import { LANES, V } from "../simd/lanes";
import { Tanh } from "../simd/tanh";

/** Four elements of the width, or the `n` remaining ones. */
class Additive {
  /** `total + v · tanh(q + k)`. */
  @inline static score(total: v128, q: usize, k: usize, v: usize, n: i32): v128 {
    return V.madd(Tanh.of(f32x4.add(Part.load(q, n), Part.load(k, n))), Part.load(v, n), total);
  }

  /** The results for the keys of one query: they are `row` bytes apart, their slopes `g` adjacent. The `first` query does not read `dk`. */
  @inline static back(
    dq: usize,
    dk: usize,
    dv: usize,
    g: usize,
    q: usize,
    k: usize,
    v: usize,
    keys: i32,
    row: usize,
    first: bool,
    n: i32,
  ): void {
    const query = Part.load(q, n);
    const weight = Part.load(v, n);
    let forQuery = V.splat(0);
    let forWeight = Part.load(dv, n);
    for (let s = 0; s < keys; s++) {
      const y = Tanh.of(f32x4.add(query, Part.load(k, n)));
      const slope = V.broadcast(g);
      const gy = f32x4.mul(slope, y);
      const u = f32x4.mul(weight, f32x4.sub(slope, f32x4.mul(gy, y)));
      forWeight = f32x4.add(forWeight, gy);
      forQuery = f32x4.add(forQuery, u);
      Part.store(dk, f32x4.add(first ? V.splat(0) : Part.load(dk, n), u), n);
      g += 4;
      k += row;
      dk += row;
    }
    Part.store(dq, forQuery, n);
    Part.store(dv, forWeight, n);
  }
}

/**
 * `out[b, t, s] = Σₐ v[a] · tanh(q[b, t, a] + k[b, s, a])`: Bahdanau's score of projected queries and keys. One vector sum over ascending
 * a, then the lanes, as in `V.sum`.
 */
export function additiveScore(out: usize, q: usize, k: usize, v: usize, batch: i32, queries: i32, keys: i32, width: i32): void {
  const row = (<usize>width) << 2;
  const full = (<usize>(width & -LANES)) << 2;
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < queries; t++) {
      let key = k;
      for (let s = 0; s < keys; s++) {
        let total = V.splat(0);
        for (let a: usize = 0; a < full; a += 16) total = Additive.score(total, q + a, key + a, v + a, LANES);
        if (full < row) total = Additive.score(total, q + full, key + full, v + full, width & (LANES - 1));
        store<f32>(out, V.sum(total));
        out += 4;
        key += row;
      }
      q += row;
    }
    k += row * <usize>keys;
  }
}

/**
 * The gradients of `additiveScore` in the columns `from` to before `to`; `from` is a multiple of 4. With y = tanh(q + k) and u = g · v · (1
 * − y²), `dq[b, t]` = Σₛ u, `dk[b, s]` = Σₜ u and `dv` = Σ g · y, each in ascending order of b, t, s. y is computed again, not kept.
 */
export function additiveScoreBackward(
  dq: usize,
  dk: usize,
  dv: usize,
  g: usize,
  q: usize,
  k: usize,
  v: usize,
  batch: i32,
  queries: i32,
  keys: i32,
  width: i32,
  from: i32,
  to: i32,
): void {
  const row = (<usize>width) << 2;
  const start = (<usize>from) << 2;
  const full = (<usize>(to & -LANES)) << 2;
  const rest = to & (LANES - 1);
  memory.fill(dv + start, 0, (<usize>(to - from)) << 2);
  for (let s = 0; queries == 0 && s < batch * keys; s++) memory.fill(dk + <usize>s * row + start, 0, (<usize>(to - from)) << 2);
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < queries; t++) {
      for (let a = start; a < full; a += 16) Additive.back(dq + a, dk + a, dv + a, g, q + a, k + a, v + a, keys, row, t == 0, LANES);
      if (rest > 0) Additive.back(dq + full, dk + full, dv + full, g, q + full, k + full, v + full, keys, row, t == 0, rest);
      g += (<usize>keys) << 2;
      q += row;
      dq += row;
    }
    k += row * <usize>keys;
    dk += row * <usize>keys;
  }
}
