// One step of an LSTM for a batch, and its gradient: everything except the matrix products. The gates of a row are adjacent, in PyTorch's
// order. A row whose mask is 0 keeps its state, outputs zeros and passes the gradients of its state on.
import { Cell } from "../loops/cell";
import { Part } from "../loops/part";
import { LANES, V } from "../simd/lanes";
import { Sigmoid, Tanh } from "../simd/tanh";

/** Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000. `size` is the bytes of one gate, `rest` a constant: 4 or 1. */
class Lstm {
  @inline static step(
    out: usize,
    h: usize,
    c: usize,
    gates: usize,
    input: usize,
    biasIh: usize,
    biasHh: usize,
    cPrev: usize,
    size: usize,
    rest: i32,
  ): void {
    const i = Sigmoid.of(Cell.gate(gates, input, biasIh, biasHh, rest));
    const f = Sigmoid.of(Cell.gate(gates + size, input + size, biasIh + size, biasHh + size, rest));
    const g = Tanh.of(Cell.gate(gates + 2 * size, input + 2 * size, biasIh + 2 * size, biasHh + 2 * size, rest));
    const o = Sigmoid.of(Cell.gate(gates + 3 * size, input + 3 * size, biasIh + 3 * size, biasHh + 3 * size, rest));
    const cell = V.madd(f, Part.load(cPrev, rest), f32x4.mul(i, g));
    const y = f32x4.mul(o, Tanh.of(cell));
    Part.store(gates, i, rest);
    Part.store(gates + size, f, rest);
    Part.store(gates + 2 * size, g, rest);
    Part.store(gates + 3 * size, o, rest);
    Part.store(c, cell, rest);
    Part.store(h, y, rest);
    Part.store(out, y, rest);
  }

  @inline static back(dgates: usize, dh: usize, dc: usize, dy: usize, gates: usize, c: usize, cPrev: usize, size: usize, rest: i32): void {
    const i = Part.load(gates, rest);
    const f = Part.load(gates + size, rest);
    const g = Part.load(gates + 2 * size, rest);
    const o = Part.load(gates + 3 * size, rest);
    const t = Tanh.of(Part.load(c, rest));
    const dout = f32x4.add(Part.load(dh, rest), Part.load(dy, rest));
    const dcell = V.madd(f32x4.mul(dout, o), Cell.tanhSlope(t), Part.load(dc, rest));
    Part.store(dgates, f32x4.mul(f32x4.mul(dcell, g), Cell.sigmoidSlope(i)), rest);
    Part.store(dgates + size, f32x4.mul(f32x4.mul(dcell, Part.load(cPrev, rest)), Cell.sigmoidSlope(f)), rest);
    Part.store(dgates + 2 * size, f32x4.mul(f32x4.mul(dcell, i), Cell.tanhSlope(g)), rest);
    Part.store(dgates + 3 * size, f32x4.mul(f32x4.mul(dout, t), Cell.sigmoidSlope(o)), rest);
    Part.store(dc, f32x4.mul(dcell, f), rest);
    Part.store(dh, V.splat(0), rest);
  }
}

/**
 * `i, f, g, o = σ, σ, tanh, σ (input + biasIh + gates + biasHh)`, `c = f·cPrev + i·g`, `h = out = o·tanh(c)`. `gates` [batch, 4·hidden]
 * holds the state's product and is replaced by the four gates; `input` is the input's product. Rows of `out` are `outStride` apart,
 * elements of `mask` (or 0) `maskStride`; everything else is dense. Masked rows keep their `gates`.
 */
export function lstmCell(
  out: usize,
  h: usize,
  c: usize,
  gates: usize,
  input: usize,
  biasIh: usize,
  biasHh: usize,
  hPrev: usize,
  cPrev: usize,
  mask: usize,
  batch: i32,
  hidden: i32,
  outStride: i32,
  maskStride: i32,
): void {
  const size = (<usize>hidden) << 2;
  const full = (<usize>(hidden & -LANES)) << 2;
  for (let row = 0; row < batch; row++) {
    if (Cell.active(mask, row, maskStride)) {
      let k: usize = 0;
      for (; k < full; k += 16) Lstm.step(out + k, h + k, c + k, gates + k, input + k, biasIh + k, biasHh + k, cPrev + k, size, LANES);
      for (; k < size; k += 4) Lstm.step(out + k, h + k, c + k, gates + k, input + k, biasIh + k, biasHh + k, cPrev + k, size, 1);
    } else {
      memory.copy(h, hPrev, size);
      memory.copy(c, cPrev, size);
      memory.fill(out, 0, size);
    }
    out += (<usize>outStride) << 2;
    h += size;
    c += size;
    gates += size << 2;
    input += size << 2;
    hPrev += size;
    cPrev += size;
  }
}

/**
 * Gradient of `lstmCell` from the `gates` that it left. `dh` and `dc` hold the gradients of `h` and `c` from later steps; they are replaced
 * by those of `hPrev`, without its part through the recurrent weights, and of `cPrev`. `g` is the gradient of `out`, with rows `gStride`
 * apart.
 */
export function lstmCellBackward(
  dgates: usize,
  dh: usize,
  dc: usize,
  g: usize,
  gates: usize,
  c: usize,
  cPrev: usize,
  mask: usize,
  batch: i32,
  hidden: i32,
  gStride: i32,
  maskStride: i32,
): void {
  const size = (<usize>hidden) << 2;
  const full = (<usize>(hidden & -LANES)) << 2;
  for (let row = 0; row < batch; row++) {
    if (Cell.active(mask, row, maskStride)) {
      let k: usize = 0;
      for (; k < full; k += 16) Lstm.back(dgates + k, dh + k, dc + k, g + k, gates + k, c + k, cPrev + k, size, LANES);
      for (; k < size; k += 4) Lstm.back(dgates + k, dh + k, dc + k, g + k, gates + k, c + k, cPrev + k, size, 1);
    } else {
      memory.fill(dgates, 0, size << 2);
    }
    g += (<usize>gStride) << 2;
    dgates += size << 2;
    dh += size;
    dc += size;
    gates += size << 2;
    c += size;
    cPrev += size;
  }
}
