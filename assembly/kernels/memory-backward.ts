// The gradient of a step of a memory's heads. Where things lie is said in memory.ts.
import { At, dot, dotTurned, Erased, given, LIMIT, Product, plus, plusOuter, plusRows, plusTurned } from "../loops/cells";
import { mapPairs, PairLane, sumRow } from "../loops/rows";
import { dots } from "../loops/vector";
import { V } from "../simd/lanes";
import { sigmoidBackward, tanhBackward } from "./activation";
import { affine, exp, sigmoid } from "./elementwise";
import { softmaxBackward } from "./softmax";

/** x where y was not clamped. */
class Within extends PairLane {
  @inline at(x: v128, y: v128, a: v128): v128 {
    return v128.and(x, f32x4.le(f32x4.abs(y), V.splat(LIMIT)));
  }
}

/** The gradient of writing to one cell: `dbank` holds that of the cell afterwards, and then that of the cell before; `dw` gets those of the weights. */
function unwrite(
  dbank: usize,
  dw: usize,
  derase: usize,
  bank: usize,
  weights: usize,
  erase: usize,
  writes: i32,
  cells: i32,
  width: i32,
  kept: usize,
): void {
  const span = writes * width;
  for (let h = 0; h < writes; h++) {
    At.add(dw, h * cells, dot(dbank, At.of(erase, span + h * width), width));
    plus(At.of(derase, span + h * width), dbank, width, At.get(weights, h * cells));
  }
  for (let h = writes - 1; h >= 0; h--) {
    const own = At.of(erase, h * width);
    const weight = At.get(weights, h * cells);
    memory.copy(kept, bank, (<usize>width) << 2);
    for (let j = 0; j < h; j++) mapPairs<Erased>(kept, kept, At.of(erase, j * width), width, At.get(weights, j * cells));
    mapPairs<Product>(kept, kept, dbank, width, 1);
    At.add(dw, h * cells, -dot(kept, own, width));
    plus(At.of(derase, h * width), kept, width, -weight);
    mapPairs<Erased>(dbank, dbank, own, width, weight);
  }
}

/**
 * The gradients of what `memoryStep` was given, from `g` of its weights, `gRead` of what it read and `gNext` of the memory it left (each may be absent),
 * its `weights` and what it `saved`.
 */
export function memoryStepBackward(
  dx: usize,
  dbank: usize,
  dprevious: usize,
  g: usize,
  gRead: usize,
  gNext: usize,
  x: usize,
  bank: usize,
  previous: usize,
  weights: usize,
  saved: usize,
  batch: i32,
  heads: i32,
  reads: i32,
  moves: i32,
  cells: i32,
  width: i32,
  xWidth: i32,
  savedWidth: i32,
  scratch: usize,
): void {
  const writes = heads - reads;
  const size = cells * width;
  const slope = At.of(scratch, heads * cells); // [max(cells, heads, width)] each
  const most = max(cells, max(heads, width));
  const moved = At.of(slope, most);
  const part = At.of(moved, most);
  for (let b = 0; b < batch; b++) {
    const numbers = At.of(saved, heads * width);
    const dnumbers = At.of(dx, heads * width);
    const erase = At.of(numbers, (3 + moves) * heads);
    const derase = At.of(dnumbers, (3 + moves) * heads);
    const norms = At.of(saved, xWidth);
    given(dx, 0, xWidth);
    given(scratch, g, heads * cells);
    given(dbank, gNext, size);
    if (writes > 0 && gNext)
      for (let i = 0; i < cells; i++) {
        const at = reads * cells + i;
        unwrite(
          At.of(dbank, i * width),
          At.of(scratch, at),
          derase,
          At.of(bank, i * width),
          At.of(weights, at),
          erase,
          writes,
          cells,
          width,
          part,
        );
      }
    if (gRead)
      for (let h = 0; h < reads; h++) {
        const own = At.of(gRead, h * width);
        dots(At.of(scratch, h * cells), 4, own, 4, bank, width, width, cells, true);
        plusOuter(dbank, At.of(weights, h * cells), own, cells, width);
      }
    for (let h = 0; h < heads; h++) {
      const key = At.of(saved, h * width);
      const dkey = At.of(dx, h * width);
      const cosine = At.of(norms, (1 + 4 * h) * cells);
      const content = At.of(cosine, cells);
      const gated = At.of(content, cells);
      const logs = At.of(gated, cells);
      const dw = At.of(scratch, h * cells);
      const before = At.of(previous, h * cells);
      const norm = At.get(norms, (1 + 4 * heads) * cells + h);
      const strength = At.get(numbers, h);
      const gate = At.get(numbers, heads + h);
      const sharp = (2 + moves) * heads + h;
      softmaxBackward(dw, dw, At.of(weights, h * cells), 1, cells);
      store<f32>(At.of(dnumbers, sharp), dot(dw, logs, cells));
      affine(slope, logs, cells, -1, 0);
      exp(slope, slope, cells);
      mapPairs<Product>(slope, slope, dw, cells, At.get(numbers, sharp));
      given(moved, 0, cells);
      for (let j = 0; j < moves; j++) {
        const at = 2 * heads + h * moves + j;
        const by = j - (moves >> 1);
        plusTurned(moved, slope, cells, -by, At.get(numbers, at));
        store<f32>(At.of(dnumbers, at), dotTurned(slope, gated, cells, by));
      }
      store<f32>(At.of(dnumbers, heads + h), dot(moved, content, cells) - dot(moved, before, cells));
      affine(At.of(dprevious, h * cells), moved, cells, 1 - gate, 0);
      affine(moved, moved, cells, gate, 0);
      softmaxBackward(moved, moved, content, 1, cells);
      store<f32>(At.of(dnumbers, h), dot(moved, cosine, cells));
      mapPairs<Product>(part, moved, cosine, cells, strength); // dcos · cos
      mapPairs<Product>(moved, moved, norms, cells, strength * norm); // dcos / (‖k‖ ‖M‖)
      affine(dkey, key, width, -sumRow(part, cells) * norm * norm, 0);
      plusRows(dkey, moved, bank, cells, width);
      plusOuter(dbank, moved, key, cells, width);
      for (let i = 0; i < cells; i++) {
        const own = At.get(norms, i);
        plus(At.of(dbank, i * width), At.of(bank, i * width), width, -At.get(part, i) * own * own);
      }
    }
    tanhBackward(dx, dx, saved, heads * width);
    sigmoid(slope, At.of(x, heads * width), heads);
    mapPairs<Product>(dnumbers, dnumbers, slope, heads, 1);
    sigmoidBackward(At.of(dnumbers, heads), At.of(dnumbers, heads), At.of(numbers, heads), heads);
    softmaxBackward(At.of(dnumbers, 2 * heads), At.of(dnumbers, 2 * heads), At.of(numbers, 2 * heads), heads, moves);
    const sharp = (2 + moves) * heads;
    sigmoid(slope, At.of(x, heads * width + sharp), heads);
    mapPairs<Product>(At.of(dnumbers, sharp), At.of(dnumbers, sharp), slope, heads, 1);
    sigmoidBackward(derase, derase, erase, writes * width);
    tanhBackward(At.of(derase, writes * width), At.of(derase, writes * width), At.of(erase, writes * width), writes * width);
    mapPairs<Within>(dx, dx, x, xWidth, 0);
    dx = At.of(dx, xWidth);
    dbank = At.of(dbank, size);
    dprevious = At.of(dprevious, heads * cells);
    if (g) g = At.of(g, heads * cells);
    if (gRead) gRead = At.of(gRead, reads * width);
    if (gNext) gNext = At.of(gNext, size);
    x = At.of(x, xWidth);
    bank = At.of(bank, size);
    previous = At.of(previous, heads * cells);
    weights = At.of(weights, heads * cells);
    saved = At.of(saved, savedWidth);
  }
}
