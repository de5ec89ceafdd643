// One step of an LSTM and of a GRU for a batch, and its gradient: everything but the matrix products. Gates lie side by side in a row,
// in PyTorch's order. A row whose mask is 0 carries its state on, puts out zeros and passes the gradients of its state back.
import { LANES, V } from "../simd/lanes";
import { Sigmoid, Tanh } from "../simd/tanh";

/** A lane function over memory: `n` of four elements at a byte offset. */
class Lanes {
  @inline static load(p: usize, n: i32): v128 {
    return n == LANES ? V.load(p) : V.loadTail(p, n);
  }

  @inline static store(p: usize, x: v128, n: i32): void {
    if (n == LANES) V.store(p, x);
    else V.storeTail(p, x, n);
  }

  /** Whether row `row` takes part. */
  @inline static active(mask: usize, row: i32, stride: i32): bool {
    return mask == 0 || load<i32>(mask + ((<usize>(row * stride)) << 2)) != 0;
  }

  /** The slope of the sigmoid from its value. */
  @inline static sigmoidSlope(y: v128): v128 {
    return f32x4.mul(y, f32x4.sub(V.splat(1), y));
  }

  /** The slope of tanh from its value. */
  @inline static tanhSlope(y: v128): v128 {
    return f32x4.sub(V.splat(1), f32x4.mul(y, y));
  }
}

/** Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000. `size` is the bytes of one gate. */
class Lstm {
  @inline static gate(gates: usize, biasIh: usize, biasHh: usize, n: i32): v128 {
    return f32x4.add(Lanes.load(gates, n), f32x4.add(Lanes.load(biasIh, n), Lanes.load(biasHh, n)));
  }

  @inline static step(out: usize, h: usize, c: usize, gates: usize, biasIh: usize, biasHh: usize, cPrev: usize, size: usize, n: i32): void {
    const i = Sigmoid.of(Lstm.gate(gates, biasIh, biasHh, n));
    const f = Sigmoid.of(Lstm.gate(gates + size, biasIh + size, biasHh + size, n));
    const g = Tanh.of(Lstm.gate(gates + 2 * size, biasIh + 2 * size, biasHh + 2 * size, n));
    const o = Sigmoid.of(Lstm.gate(gates + 3 * size, biasIh + 3 * size, biasHh + 3 * size, n));
    const cell = V.madd(f, Lanes.load(cPrev, n), f32x4.mul(i, g));
    const y = f32x4.mul(o, Tanh.of(cell));
    Lanes.store(gates, i, n);
    Lanes.store(gates + size, f, n);
    Lanes.store(gates + 2 * size, g, n);
    Lanes.store(gates + 3 * size, o, n);
    Lanes.store(c, cell, n);
    Lanes.store(h, y, n);
    Lanes.store(out, y, n);
  }

  @inline static back(dgates: usize, dh: usize, dc: usize, dy: usize, gates: usize, c: usize, cPrev: usize, size: usize, n: i32): void {
    const i = Lanes.load(gates, n);
    const f = Lanes.load(gates + size, n);
    const g = Lanes.load(gates + 2 * size, n);
    const o = Lanes.load(gates + 3 * size, n);
    const t = Tanh.of(Lanes.load(c, n));
    const dout = f32x4.add(Lanes.load(dh, n), Lanes.load(dy, n));
    const dcell = V.madd(f32x4.mul(dout, o), Lanes.tanhSlope(t), Lanes.load(dc, n));
    Lanes.store(dgates, f32x4.mul(f32x4.mul(dcell, g), Lanes.sigmoidSlope(i)), n);
    Lanes.store(dgates + size, f32x4.mul(f32x4.mul(dcell, Lanes.load(cPrev, n)), Lanes.sigmoidSlope(f)), n);
    Lanes.store(dgates + 2 * size, f32x4.mul(f32x4.mul(dcell, i), Lanes.tanhSlope(g)), n);
    Lanes.store(dgates + 3 * size, f32x4.mul(f32x4.mul(dout, t), Lanes.sigmoidSlope(o)), n);
    Lanes.store(dc, f32x4.mul(dcell, f), n);
    Lanes.store(dh, V.splat(0), n);
  }
}

/**
 * `i, f, g, o = σ, σ, tanh, σ (gates + biasIh + biasHh)`, `c = f·cPrev + i·g`, `h = out = o·tanh(c)`. `gates` [batch, 4·hidden] in place.
 * Rows of `out` are `outStride` apart, elements of `mask` (or 0) `maskStride`; all else is dense. Masked rows keep their `gates`.
 */
export function lstmCell(
  out: usize,
  h: usize,
  c: usize,
  gates: usize,
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
    if (Lanes.active(mask, row, maskStride)) {
      for (let k: usize = 0; k < full; k += 16) {
        Lstm.step(out + k, h + k, c + k, gates + k, biasIh + k, biasHh + k, cPrev + k, size, LANES);
      }
      if (full < size) {
        const rest = hidden & (LANES - 1);
        Lstm.step(out + full, h + full, c + full, gates + full, biasIh + full, biasHh + full, cPrev + full, size, rest);
      }
    } else {
      memory.copy(h, hPrev, size);
      memory.copy(c, cPrev, size);
      memory.fill(out, 0, size);
    }
    out += (<usize>outStride) << 2;
    h += size;
    c += size;
    gates += size << 2;
    hPrev += size;
    cPrev += size;
  }
}

/**
 * Gradient of `lstmCell` from `gates` as it left them. `dh`, `dc` hold the gradients of `h` and `c` that later steps gave, and then those
 * of `cPrev` and of `hPrev` but for its part through the recurrent weights. `g` is the gradient of `out`, its rows `gStride` apart.
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
    if (Lanes.active(mask, row, maskStride)) {
      for (let k: usize = 0; k < full; k += 16) {
        Lstm.back(dgates + k, dh + k, dc + k, g + k, gates + k, c + k, cPrev + k, size, LANES);
      }
      if (full < size) {
        const rest = hidden & (LANES - 1);
        Lstm.back(dgates + full, dh + full, dc + full, g + full, gates + full, c + full, cPrev + full, size, rest);
      }
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

/** Cho et al. 2014 in the form of PyTorch and cuDNN: the reset gate acts behind the recurrent product. */
class Gru {
  @inline static gate(gates: usize, inner: usize, biasIh: usize, biasHh: usize, n: i32): v128 {
    return f32x4.add(f32x4.add(Lanes.load(gates, n), Lanes.load(biasIh, n)), f32x4.add(Lanes.load(inner, n), Lanes.load(biasHh, n)));
  }

  @inline static step(
    out: usize,
    h: usize,
    gates: usize,
    inner: usize,
    biasIh: usize,
    biasHh: usize,
    hPrev: usize,
    size: usize,
    n: i32,
  ): void {
    const last: usize = 2 * size;
    const r = Sigmoid.of(Gru.gate(gates, inner, biasIh, biasHh, n));
    const z = Sigmoid.of(Gru.gate(gates + size, inner + size, biasIh + size, biasHh + size, n));
    const u = f32x4.add(Lanes.load(inner + last, n), Lanes.load(biasHh + last, n));
    const x = f32x4.add(Lanes.load(gates + last, n), Lanes.load(biasIh + last, n));
    const m = Tanh.of(V.madd(r, u, x));
    const y = V.madd(z, f32x4.sub(Lanes.load(hPrev, n), m), m);
    Lanes.store(gates, r, n);
    Lanes.store(gates + size, z, n);
    Lanes.store(gates + last, m, n);
    Lanes.store(inner + last, u, n);
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
    const dr = f32x4.mul(f32x4.mul(dm, Lanes.load(inner + last, n)), Lanes.sigmoidSlope(r));
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
 * `r, z = σ(gates + biasIh + inner + biasHh)`, `m = tanh(gates + biasIh + r·(inner + biasHh))`, `h = out = m + z·(hPrev − m)`.
 * `gates` [batch, 3·hidden] (from the input) becomes `r, z, m`; `inner` (from hPrev) gets its bias in its last third. Else as `lstmCell`.
 */
export function gruCell(
  out: usize,
  h: usize,
  gates: usize,
  inner: usize,
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
      for (let k: usize = 0; k < full; k += 16) {
        Gru.step(out + k, h + k, gates + k, inner + k, biasIh + k, biasHh + k, hPrev + k, size, LANES);
      }
      if (full < size) {
        const rest = hidden & (LANES - 1);
        Gru.step(out + full, h + full, gates + full, inner + full, biasIh + full, biasHh + full, hPrev + full, size, rest);
      }
    } else {
      memory.copy(h, hPrev, size);
      memory.fill(out, 0, size);
    }
    out += (<usize>outStride) << 2;
    h += size;
    gates += 3 * size;
    inner += 3 * size;
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
      for (let k: usize = 0; k < full; k += 16) {
        Gru.back(dgates + k, dinner + k, dh + k, g + k, gates + k, inner + k, hPrev + k, size, LANES);
      }
      if (full < size) {
        const rest = hidden & (LANES - 1);
        Gru.back(dgates + full, dinner + full, dh + full, g + full, gates + full, inner + full, hPrev + full, size, rest);
      }
    } else {
      memory.fill(dgates, 0, 3 * size);
      memory.fill(dinner, 0, 3 * size);
    }
    g += (<usize>gStride) << 2;
    dgates += 3 * size;
    dinner += 3 * size;
    dh += size;
    gates += 3 * size;
    inner += 3 * size;
    hPrev += size;
  }
}
