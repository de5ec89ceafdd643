// One step of the heads of a Neural Turing Machine, and its gradient: everything except the map from the controller. What the kernel keeps for
// the gradient of an example is `saved`: what the heads say; 1 / ‖M‖ of each cell; for each head its cosines, the weights by content, those after the
// gate and the logarithms of those after the shift; 1 / ‖k‖ of each head.
import { At, Erased, given, inverse, LIMIT, Product, plus, plusOuter, plusRows, plusTurned, TINY } from "../loops/cells";
import { mapPairs } from "../loops/rows";
import { dots } from "../loops/vector";
import { affine, clamp, log, sigmoid, softplus, tanh } from "./elementwise";
import { softmax } from "./softmax";

/** What the heads say: keys `tanh`, strengths `softplus`, gates σ, shifts softmax, sharpness `1 + softplus`, then to erase σ and to add `tanh`. */
function say(out: usize, x: usize, size: i32, heads: i32, writes: i32, moves: i32, width: i32): void {
  clamp(out, x, size, -LIMIT, LIMIT);
  tanh(out, out, heads * width);
  let p = At.of(out, heads * width);
  softplus(p, p, heads);
  p = At.of(p, heads);
  sigmoid(p, p, heads);
  p = At.of(p, heads);
  softmax(p, p, heads, moves);
  p = At.of(p, heads * moves);
  softplus(p, p, heads);
  affine(p, p, heads, 1, 1);
  p = At.of(p, heads);
  sigmoid(p, p, writes * width);
  p = At.of(p, writes * width);
  tanh(p, p, writes * width);
}

/**
 * All heads look into a memory `bank` [batch, cells, width] by content, gate, shift and sharpness (Graves, Wayne, Danihelka 2014, §3.3); the
 * first `reads` read it, the others erase and add: `weights` [batch, heads, cells], `read` [batch, reads, width], `next` like `bank`. `x` [batch, xWidth]
 * is the controller's map: keys [heads, width], strengths and gates [heads], shifts [heads, moves], sharpness [heads], then what to erase and what to add
 * [heads − reads, width]. `moves` is odd and at most `cells`.
 */
export function memoryStep(
  weights: usize,
  read: usize,
  next: usize,
  saved: usize,
  x: usize,
  bank: usize,
  previous: usize,
  batch: i32,
  heads: i32,
  reads: i32,
  moves: i32,
  cells: i32,
  width: i32,
  xWidth: i32,
  savedWidth: i32,
): void {
  const writes = heads - reads;
  const size = cells * width;
  for (let b = 0; b < batch; b++) {
    say(saved, x, xWidth, heads, writes, moves, width);
    const numbers = At.of(saved, heads * width);
    const norms = At.of(saved, xWidth);
    for (let i = 0; i < cells; i++) store<f32>(At.of(norms, i), inverse(At.of(bank, i * width), width));
    for (let h = 0; h < heads; h++) {
      const key = At.of(saved, h * width);
      const cosine = At.of(norms, (1 + 4 * h) * cells);
      const content = At.of(cosine, cells);
      const gated = At.of(content, cells);
      const logs = At.of(gated, cells);
      const gate = At.get(numbers, heads + h);
      const own = At.of(weights, h * cells);
      const norm = inverse(key, width);
      store<f32>(At.of(norms, (1 + 4 * heads) * cells + h), norm);
      dots(cosine, 4, key, 4, bank, width, width, cells, false);
      mapPairs<Product>(cosine, cosine, norms, cells, norm);
      affine(content, cosine, cells, At.get(numbers, h), 0);
      softmax(content, content, 1, cells);
      affine(gated, At.of(previous, h * cells), cells, 1 - gate, 0);
      plus(gated, content, cells, gate);
      given(logs, 0, cells);
      for (let j = 0; j < moves; j++) plusTurned(logs, gated, cells, j - (moves >> 1), At.get(numbers, 2 * heads + h * moves + j));
      affine(logs, logs, cells, 1, TINY);
      log(logs, logs, cells);
      affine(own, logs, cells, At.get(numbers, (2 + moves) * heads + h), 0);
      softmax(own, own, 1, cells);
    }
    given(read, 0, reads * width);
    for (let h = 0; h < reads; h++) plusRows(At.of(read, h * width), At.of(weights, h * cells), bank, cells, width);
    if (writes > 0) {
      const erase = At.of(numbers, (3 + moves) * heads);
      memory.copy(next, bank, (<usize>size) << 2);
      for (let h = 0; h < writes; h++)
        for (let i = 0; i < cells; i++) {
          const row = At.of(next, i * width);
          mapPairs<Erased>(row, row, At.of(erase, h * width), width, At.get(weights, (reads + h) * cells + i));
        }
      for (let h = 0; h < writes; h++)
        plusOuter(next, At.of(weights, (reads + h) * cells), At.of(erase, (writes + h) * width), cells, width);
    }
    weights = At.of(weights, heads * cells);
    read = At.of(read, reads * width);
    next = At.of(next, size);
    saved = At.of(saved, savedWidth);
    x = At.of(x, xWidth);
    bank = At.of(bank, size);
    previous = At.of(previous, heads * cells);
  }
}
