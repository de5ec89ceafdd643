import { Part } from "../loops/part";
import { V } from "../simd/lanes";

/** `a cos − b sin` of four lanes, with sin negated beforehand for the first of a pair: one form for both. */
class Turn {
  @inline static of(a: v128, b: v128, cos: v128, sin: v128): v128 {
    return V.madd(b, sin, f32x4.mul(a, cos));
  }
}

class Pair {
  /** Four elements (or the last `rest`) with those `step` bytes behind. */
  @inline static halves(out: usize, x: usize, cos: usize, step: usize, sign: v128, rest: i32): void {
    const a = Part.load(x, rest);
    const b = Part.load(x + step, rest);
    const c = Part.load(cos, rest);
    const s = f32x4.mul(Part.load(cos + step, rest), sign);
    Part.store(out, Turn.of(a, b, c, f32x4.neg(s)), rest);
    Part.store(out + step, Turn.of(b, a, c, s), rest);
  }

  /** Two pairs of neighbours (or the last one); `signs` belong to the sines. */
  @inline static neighbours(out: usize, x: usize, cos: usize, step: usize, signs: v128, pairs: i32): void {
    const a = Part.load(x, 2 * pairs);
    const c = V.loadTail(cos, pairs);
    const s = V.loadTail(cos + step, pairs);
    Part.store(out, Turn.of(a, V.swapPairs(a), V.zipLow(c, c), f32x4.mul(V.zipLow(s, s), signs)), 2 * pairs);
  }
}

/** Elements i and i + half form a pair. */
function turnHalves(out: usize, x: usize, cos: usize, half: i32, sign: v128): void {
  const step = (<usize>half) << 2;
  let i = 0;
  for (; i <= half - 4; i += 4) {
    Pair.halves(out, x, cos, step, sign, 4);
    out += 16;
    x += 16;
    cos += 16;
  }
  if (i < half) Pair.halves(out, x, cos, step, sign, half - i);
}

/** Elements 2i and 2i + 1 form a pair. */
function turnPairs(out: usize, x: usize, cos: usize, half: i32, sign: v128): void {
  const step = (<usize>half) << 2;
  const signs = f32x4.mul(f32x4(-1, 1, -1, 1), sign);
  let i = 0;
  for (; i <= half - 2; i += 2) {
    Pair.neighbours(out, x, cos, step, signs, 2);
    out += 16;
    x += 16;
    cos += 8;
  }
  if (i < half) Pair.neighbours(out, x, cos, step, signs, 1);
}

/**
 * Rows of `depth` elements, [batch, heads, queries] of them, of which each turns the first `width` by the angles of its position: row `index[b, t]` of
 * `table` holds width/2 cosines, then sines (Su et al. 2021, "RoFormer", eq. 34). A pair lies side by side where `pairs` is 1, else half the width apart. `sign` −1 turns
 * back. `index` advances by `indexStride` from example to example, 0 where all share their positions.
 */
export function rotary(
  out: usize,
  x: usize,
  table: usize,
  index: usize,
  batch: i32,
  heads: i32,
  queries: i32,
  depth: i32,
  width: i32,
  indexStride: i32,
  pairs: i32,
  sign: f32,
): void {
  const half = width >> 1;
  const turned = (<usize>width) << 2;
  const row = (<usize>depth) << 2;
  const signs = V.splat(sign);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let t = 0; t < queries; t++) {
        const cos = table + <usize>load<i32>(index + ((<usize>t) << 2)) * turned;
        if (pairs) turnPairs(out, x, cos, half, signs);
        else turnHalves(out, x, cos, half, signs);
        if (depth > width && out != x) memory.copy(out + turned, x + turned, row - turned);
        out += row;
        x += row;
      }
    }
    index += (<usize>indexStride) << 2;
  }
}
