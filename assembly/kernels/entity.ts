// One sentence as the entities of a recurrent entity network hear it, and its gradient: everything except the products. Entities are rows of
// `width`, `slots` of them in each example. An example whose mask is 0 keeps its states, with gates of 0, and passes their gradients on.
import { Cell } from "../loops/cell";
import { At, dot } from "../loops/cells";
import { Part } from "../loops/part";
import { addRow } from "../loops/rows";
import { dots } from "../loops/vector";
import { LANES, V } from "../simd/lanes";
import { affine, sigmoid } from "./elementwise";

/** Henaff et al. 2017, eq. 3–5. `rest` is a constant: 4 or 1. */
class Entity {
  /** `φ(z)`: z, or `slope · z` where that is negative. */
  @inline static bent(z: v128, slope: v128): v128 {
    return V.madd(slope, f32x4.pmin(z, V.splat(0)), f32x4.pmax(z, V.splat(0)));
  }

  /** `z = product + own + driven` in place, and the state before its norm, `hPrev + gate · φ(z)`. */
  @inline static step(h: usize, product: usize, driven: usize, own: usize, slopes: usize, hPrev: usize, gate: v128, rest: i32): void {
    const z = f32x4.add(Part.load(product, rest), f32x4.add(Part.load(own, rest), Part.load(driven, rest)));
    Part.store(product, z, rest);
    Part.store(h, V.madd(gate, Entity.bent(z, Part.load(slopes, rest)), Part.load(hPrev, rest)), rest);
  }

  /** `dh` through the norm, in place; `sum` plus its products with `φ(z)`. */
  @inline static turn(dh: usize, h: usize, product: usize, slopes: usize, along: v128, rate: v128, sum: v128, rest: i32): v128 {
    const dy = f32x4.mul(f32x4.sub(Part.load(dh, rest), f32x4.mul(along, Part.load(h, rest))), rate);
    Part.store(dh, dy, rest);
    return V.madd(dy, Entity.bent(Part.load(product, rest), Part.load(slopes, rest)), sum);
  }

  /** From there to all that the step read; `da` is the gradient of the gate's argument. */
  @inline static spread(
    dproduct: usize,
    dsentence: usize,
    ddriven: usize,
    dslopes: usize,
    dh: usize,
    product: usize,
    sentence: usize,
    slopes: usize,
    hPrev: usize,
    gate: v128,
    da: v128,
    rest: i32,
  ): void {
    const z = Part.load(product, rest);
    const dy = Part.load(dh, rest);
    const dc = f32x4.mul(gate, dy);
    const dz = f32x4.mul(dc, v128.bitselect(V.splat(1), Part.load(slopes, rest), f32x4.gt(z, V.splat(0))));
    Part.store(dproduct, dz, rest);
    Part.store(ddriven, f32x4.add(Part.load(ddriven, rest), dz), rest);
    Part.store(dslopes, V.madd(dc, f32x4.pmin(z, V.splat(0)), Part.load(dslopes, rest)), rest);
    Part.store(dsentence, V.madd(da, Part.load(hPrev, rest), Part.load(dsentence, rest)), rest);
    Part.store(dh, V.madd(da, Part.load(sentence, rest), dy), rest);
  }
}

/**
 * Of each entity: `gate = σ(hPrev · sentence + matched)`, `z = product + own + driven`, `y = hPrev + gate · φ(z)`, `rate = 1 / ‖y‖` (1 if that is 0) and `h =
 * out = rate · y`. `sentence`, `driven` [batch, width]; `matched`, `gates`, `rates` [batch, slots]; `own` [slots, width]; `slopes` [width]; `product`, which
 * holds the states' product and is replaced by z, `h`, `hPrev` and `out` [batch, slots, width]. Examples of `out` are `outStride` apart, those of `gates`
 * `gateStride`, elements of `mask` (or 0) `maskStride`; everything else is dense. Masked examples keep their `product` and `rates`.
 */
export function entityCell(
  out: usize,
  h: usize,
  gates: usize,
  rates: usize,
  product: usize,
  sentence: usize,
  matched: usize,
  driven: usize,
  own: usize,
  slopes: usize,
  hPrev: usize,
  mask: usize,
  batch: i32,
  slots: i32,
  width: i32,
  outStride: i32,
  gateStride: i32,
  maskStride: i32,
): void {
  const size = (<usize>width) << 2;
  const full = (<usize>(width & -LANES)) << 2;
  const all = size * <usize>slots;
  for (let b = 0; b < batch; b++) {
    if (Cell.active(mask, b, maskStride)) {
      dots(gates, 4, sentence, 4, hPrev, width, width, slots, false);
      addRow(gates, matched, slots);
      sigmoid(gates, gates, slots);
      for (let j = 0; j < slots; j++) {
        const at = size * <usize>j;
        const y = h + at;
        const gate = V.broadcast(At.of(gates, j));
        let k: usize = 0;
        for (; k < full; k += 16) Entity.step(y + k, product + at + k, driven + k, own + at + k, slopes + k, hPrev + at + k, gate, LANES);
        for (; k < size; k += 4) Entity.step(y + k, product + at + k, driven + k, own + at + k, slopes + k, hPrev + at + k, gate, 1);
        const square = dot(y, y, width);
        const rate: f32 = square == 0 ? 1 : 1 / sqrt<f32>(square);
        store<f32>(At.of(rates, j), rate);
        affine(y, y, width, rate, 0);
      }
      memory.copy(out, h, all);
    } else {
      memory.copy(h, hPrev, all);
      memory.copy(out, hPrev, all);
      memory.fill(gates, 0, (<usize>slots) << 2);
    }
    out = At.of(out, outStride);
    h += all;
    gates = At.of(gates, gateStride);
    rates = At.of(rates, slots);
    product += all;
    sentence += size;
    matched = At.of(matched, slots);
    driven += size;
    hPrev += all;
  }
}

/**
 * Gradient of `entityCell` from the z, gates, rates and states that it left. `dh` holds the gradient of `h` from later steps; it is replaced by that of
 * `hPrev`, without its part through the states' product, whose gradient is `dproduct`. `g` (or 0) is the gradient of `out`, with examples `gStride` apart,
 * `gGates` (or 0) that of the gates, like `gates`. `dslopes` is that of each example, [batch, width].
 */
export function entityCellBackward(
  dproduct: usize,
  dsentence: usize,
  dmatched: usize,
  ddriven: usize,
  dslopes: usize,
  dh: usize,
  g: usize,
  gGates: usize,
  gates: usize,
  rates: usize,
  product: usize,
  sentence: usize,
  slopes: usize,
  h: usize,
  hPrev: usize,
  mask: usize,
  batch: i32,
  slots: i32,
  width: i32,
  gStride: i32,
  gateStride: i32,
  maskStride: i32,
): void {
  const size = (<usize>width) << 2;
  const full = (<usize>(width & -LANES)) << 2;
  const all = size * <usize>slots;
  for (let b = 0; b < batch; b++) {
    if (g) addRow(dh, g, slots * width);
    memory.fill(dsentence, 0, size);
    memory.fill(ddriven, 0, size);
    memory.fill(dslopes, 0, size);
    if (Cell.active(mask, b, maskStride)) {
      for (let j = 0; j < slots; j++) {
        const at = size * <usize>j;
        const d = dh + at;
        const z = product + at;
        const before = hPrev + at;
        const gate = At.get(gates, j);
        const along = V.splat(dot(d, h + at, width));
        const rate = V.broadcast(At.of(rates, j));
        let sum = V.splat(0);
        let k: usize = 0;
        for (; k < full; k += 16) sum = Entity.turn(d + k, h + at + k, z + k, slopes + k, along, rate, sum, LANES);
        for (; k < size; k += 4) sum = Entity.turn(d + k, h + at + k, z + k, slopes + k, along, rate, sum, 1);
        const dgate: f32 = gGates ? V.sum(sum) + At.get(gGates, j) : V.sum(sum);
        const slope = dgate * gate * (1 - gate);
        store<f32>(At.of(dmatched, j), slope);
        const da = V.splat(slope);
        const open = V.splat(gate);
        const dz = dproduct + at;
        for (k = 0; k < full; k += 16)
          Entity.spread(
            dz + k,
            dsentence + k,
            ddriven + k,
            dslopes + k,
            d + k,
            z + k,
            sentence + k,
            slopes + k,
            before + k,
            open,
            da,
            LANES,
          );
        for (; k < size; k += 4)
          Entity.spread(dz + k, dsentence + k, ddriven + k, dslopes + k, d + k, z + k, sentence + k, slopes + k, before + k, open, da, 1);
      }
    } else {
      memory.fill(dproduct, 0, all);
      memory.fill(dmatched, 0, (<usize>slots) << 2);
    }
    dproduct += all;
    dsentence += size;
    dmatched = At.of(dmatched, slots);
    ddriven += size;
    dslopes += size;
    dh += all;
    if (g) g = At.of(g, gStride);
    if (gGates) gGates = At.of(gGates, gateStride);
    gates = At.of(gates, gateStride);
    rates = At.of(rates, slots);
    product += all;
    sentence += size;
    h += all;
    hPrev += all;
  }
}
