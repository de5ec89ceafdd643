// One step of a GRU for a batch, and its gradient: everything except the matrix products. The gates of a row are adjacent, in PyTorch's
// order. A row whose mask is 0 keeps its state, outputs zeros and passes the gradients of its state on.
import { Cell } from "../loops/cell";
import { Part } from "../loops/part";
import { LANES, V } from "../simd/lanes";
import { Sigmoid, Tanh } from "../simd/tanh";

/** Cho et al. 2014 in the form of PyTorch and cuDNN: the reset gate acts after the recurrent product. `rest` is a constant: 4 or 1. */
class Gru {
  @inline static step(
    out: usize,
    h: usize,
    gates: usize,
    inner: usize,
    input: usize,
    biasIh: usize,
    biasHh: usize,
    hPrev: usize,
    size: usize,
    rest: i32,
  ): void {
    const last: usize = 2 * size;
    const r = Sigmoid.of(Cell.gate(gates, input, biasIh, biasHh, rest));
    const z = Sigmoid.of(Cell.gate(gates + size, input + size, biasIh + size, biasHh + size, rest));
    const u = f32x4.add(Part.load(gates + last, rest), Part.load(biasHh + last, rest));
    const x = f32x4.add(Part.load(input + last, rest), Part.load(biasIh + last, rest));
    const m = Tanh.of(V.madd(r, u, x));
    const y = V.madd(z, f32x4.sub(Part.load(hPrev, rest), m), m);
    Part.store(gates, r, rest);
    Part.store(gates + size, z, rest);
    Part.store(gates + last, m, rest);
    Part.store(inner, u, rest);
    Part.store(h, y, rest);
    Part.store(out, y, rest);
  }

  @inline static back(
    dgates: usize,
    dinner: usize,
    dh: usize,
    g: usize,
    gates: usize,
    inner: usize,
    hPrev: usize,
    size: usize,
    rest: i32,
  ): void {
    const last: usize = 2 * size;
    const r = Part.load(gates, rest);
    const z = Part.load(gates + size, rest);
    const m = Part.load(gates + last, rest);
    const dout = f32x4.add(Part.load(dh, rest), Part.load(g, rest));
    const dm = f32x4.mul(f32x4.mul(dout, f32x4.sub(V.splat(1), z)), Cell.tanhSlope(m));
    const dz = f32x4.mul(f32x4.mul(dout, f32x4.sub(Part.load(hPrev, rest), m)), Cell.sigmoidSlope(z));
    const dr = f32x4.mul(f32x4.mul(dm, Part.load(inner, rest)), Cell.sigmoidSlope(r));
    Part.store(dgates, dr, rest);
    Part.store(dgates + size, dz, rest);
    Part.store(dgates + last, dm, rest);
    Part.store(dinner, dr, rest);
    Part.store(dinner + size, dz, rest);
    Part.store(dinner + last, f32x4.mul(dm, r), rest);
    Part.store(dh, f32x4.mul(dout, z), rest);
  }
}

/**
 * `r, z = σ(input + biasIh + gates + biasHh)`, `m = tanh(input + biasIh + r·u)`, `u = gates + biasHh`, `h = out = m + z·(hPrev − m)`.
 * `gates` [batch, 3·hidden] holds the state's product and is replaced by `r, z, m`; `inner` [batch, hidden] becomes `u`. The rest is as in
 * `lstmCell`.
 */
export function gruCell(
  out: usize,
  h: usize,
  gates: usize,
  inner: usize,
  input: usize,
  biasIh: usize,
  biasHh: usize,
  hPrev: usize,
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
      for (; k < full; k += 16) Gru.step(out + k, h + k, gates + k, inner + k, input + k, biasIh + k, biasHh + k, hPrev + k, size, LANES);
      for (; k < size; k += 4) Gru.step(out + k, h + k, gates + k, inner + k, input + k, biasIh + k, biasHh + k, hPrev + k, size, 1);
    } else {
      memory.copy(h, hPrev, size);
      memory.fill(out, 0, size);
    }
    out += (<usize>outStride) << 2;
    h += size;
    gates += 3 * size;
    inner += size;
    input += 3 * size;
    hPrev += size;
  }
}

/** Gradient of `gruCell` from the `gates` and `inner` that it left: `dgates`, `dinner`, and `dh` as in `lstmCellBackward`. */
export function gruCellBackward(
  dgates: usize,
  dinner: usize,
  dh: usize,
  g: usize,
  gates: usize,
  inner: usize,
  hPrev: usize,
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
      for (; k < full; k += 16) Gru.back(dgates + k, dinner + k, dh + k, g + k, gates + k, inner + k, hPrev + k, size, LANES);
      for (; k < size; k += 4) Gru.back(dgates + k, dinner + k, dh + k, g + k, gates + k, inner + k, hPrev + k, size, 1);
    } else {
      memory.fill(dgates, 0, 3 * size);
      memory.fill(dinner, 0, 3 * size);
    }
    g += (<usize>gStride) << 2;
    dgates += 3 * size;
    dinner += 3 * size;
    dh += size;
    gates += 3 * size;
    inner += size;
    hPrev += size;
  }
}
