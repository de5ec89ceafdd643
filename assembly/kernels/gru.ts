// One step of a GRU for a batch, and its gradient: everything but the matrix products. Gates lie side by side in a row, in PyTorch's
// order. A row whose mask is 0 carries its state on, puts out zeros and passes the gradients of its state back.
import { Lanes } from "../loops/cell";
import { LANES, V } from "../simd/lanes";
import { Sigmoid, Tanh } from "../simd/tanh";

/** Cho et al. 2014 in the form of PyTorch and cuDNN: the reset gate acts behind the recurrent product. */
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
    n: i32,
  ): void {
    const last: usize = 2 * size;
    const r = Sigmoid.of(Lanes.gate(gates, input, biasIh, biasHh, n));
    const z = Sigmoid.of(Lanes.gate(gates + size, input + size, biasIh + size, biasHh + size, n));
    const u = f32x4.add(Lanes.load(gates + last, n), Lanes.load(biasHh + last, n));
    const x = f32x4.add(Lanes.load(input + last, n), Lanes.load(biasIh + last, n));
    const m = Tanh.of(V.madd(r, u, x));
    const y = V.madd(z, f32x4.sub(Lanes.load(hPrev, n), m), m);
    Lanes.store(gates, r, n);
    Lanes.store(gates + size, z, n);
    Lanes.store(gates + last, m, n);
    Lanes.store(inner, u, n);
    Lanes.store(h, y, n);
    Lanes.store(out, y, n);
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
    n: i32,
  ): void {
    const last: usize = 2 * size;
    const r = Lanes.load(gates, n);
    const z = Lanes.load(gates + size, n);
    const m = Lanes.load(gates + last, n);
    const dout = f32x4.add(Lanes.load(dh, n), Lanes.load(g, n));
    const dm = f32x4.mul(f32x4.mul(dout, f32x4.sub(V.splat(1), z)), Lanes.tanhSlope(m));
    const dz = f32x4.mul(f32x4.mul(dout, f32x4.sub(Lanes.load(hPrev, n), m)), Lanes.sigmoidSlope(z));
    const dr = f32x4.mul(f32x4.mul(dm, Lanes.load(inner, n)), Lanes.sigmoidSlope(r));
    Lanes.store(dgates, dr, n);
    Lanes.store(dgates + size, dz, n);
    Lanes.store(dgates + last, dm, n);
    Lanes.store(dinner, dr, n);
    Lanes.store(dinner + size, dz, n);
    Lanes.store(dinner + last, f32x4.mul(dm, r), n);
    Lanes.store(dh, f32x4.mul(dout, z), n);
  }
}

/**
 * `r, z = σ(input + biasIh + gates + biasHh)`, `m = tanh(input + biasIh + r·u)`, `u = gates + biasHh`, `h = out = m + z·(hPrev − m)`.
 * `gates` [batch, 3·hidden] holds the state's product and then `r, z, m`; `inner` [batch, hidden] becomes `u`. Else as `lstmCell`.
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
    if (Lanes.active(mask, row, maskStride)) {
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

/** Gradient of `gruCell` from `gates` and `inner` as it left them: `dgates`, `dinner`, and `dh` as in `lstmCellBackward`. */
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
    if (Lanes.active(mask, row, maskStride)) {
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
