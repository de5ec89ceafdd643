import { V } from "../simd/lanes";
import { Tanh } from "../simd/tanh";

/** Four elements at `p`, or the `rest` (1 to 3) that are left with zeros behind. */
function load(p: usize, rest: i32): v128 {
  return rest >= 4 ? V.load(p) : V.loadTail(p, rest);
}

/**
 * `out[b, t, s] = Σₐ v[a] · tanh(q[b, t, a] + k[b, s, a])`: Bahdanau's score of projected queries and keys. One vector sum over
 * ascending a, then the lanes, as `V.sum`.
 */
export function additiveScore(out: usize, q: usize, k: usize, v: usize, batch: i32, queries: i32, keys: i32, width: i32): void {
  const row = (<usize>width) << 2;
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < queries; t++) {
      let key = k;
      for (let s = 0; s < keys; s++) {
        let total = V.splat(0);
        for (let a = 0; a < width; a += 4) {
          const at = (<usize>a) << 2;
          const y = Tanh.of(f32x4.add(load(q + at, width - a), load(key + at, width - a)));
          total = V.madd(y, load(v + at, width - a), total);
        }
        store<f32>(out, V.sum(total));
        out += 4;
        key += row;
      }
      q += row;
    }
    k += row * <usize>keys;
  }
}

/** `p += x`, four elements or the `rest`. */
function accumulate(p: usize, x: v128, rest: i32): void {
  const y = f32x4.add(load(p, rest), x);
  if (rest >= 4) V.store(p, y);
  else V.storeTail(p, y, rest);
}

/**
 * The gradients of `additiveScore`: with y = tanh(q + k) and u = g · v · (1 − y²), `dq[b, t]` = Σₛ u, `dk[b, s]` = Σₜ u and
 * `dv` = Σ g · y, each in ascending order of b, t, s. y is computed again rather than kept.
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
): void {
  const row = (<usize>width) << 2;
  memory.fill(dq, 0, row * <usize>(batch * queries));
  memory.fill(dk, 0, row * <usize>(batch * keys));
  memory.fill(dv, 0, row);
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < queries; t++) {
      let key = k;
      let dkey = dk;
      for (let s = 0; s < keys; s++) {
        const slope = V.broadcast(g);
        for (let a = 0; a < width; a += 4) {
          const at = (<usize>a) << 2;
          const rest = width - a;
          const y = Tanh.of(f32x4.add(load(q + at, rest), load(key + at, rest)));
          const gy = f32x4.mul(slope, y);
          accumulate(dv + at, gy, rest);
          const u = f32x4.mul(load(v + at, rest), f32x4.sub(slope, f32x4.mul(gy, y)));
          accumulate(dq + at, u, rest);
          accumulate(dkey + at, u, rest);
        }
        g += 4;
        key += row;
        dkey += row;
      }
      q += row;
      dq += row;
    }
    k += row * <usize>keys;
    dk += row * <usize>keys;
  }
}
