import { record } from '../autograd/record.ts';
import * as call from '../runtime/generated/calls.ts';
import { expectOptions, isOneOf, maybe } from '../tensor/check.ts';
import { show } from '../tensor/shape.ts';
import { empty, expectDType, type Tensor } from '../tensor/tensor.ts';
import { expectIndices, expectSame } from './indices.ts';

/**
 * Which elements turn together: i and i + width/2 (`halves`, as Hugging Face and GPT-NeoX keep weights), or 2i and 2i + 1 (`pairs`, as the paper, Meta
 * and llama.cpp do). Weights made for one give nonsense by the other, and no error.
 */
export type RotaryLayout = 'halves' | 'pairs';

const rotaryOptions = { layout: /* @__PURE__ */ maybe(isOneOf('halves', 'pairs')) };

/**
 * Turns pairs of elements by angles that grow with the position, so that a product of two such rows depends on the distance of their positions alone
 * (Su et al. 2021, "RoFormer", eq. 34): `(a, b)` becomes `(a cos − b sin, b cos + a sin)`. `x` is `[B, H, T, D]`, `positions` int32 `[B, T]` or, of all
 * examples, `[1, T]`; row p of `table` `[length, width]` (`rotaryTable` of `saccade/nn`) holds the width/2 cosines and then the sines of
 * position p. `layout` is `halves` by default. Elements from `width` on stay. Gradient: turned back.
 */
export function rotary(x: Tensor, table: Tensor, positions: Tensor, options: { layout?: RotaryLayout | undefined } = {}): Tensor {
  expectDType('rotary', 'x', x, 'float32');
  expectTable(table, x);
  expectPositions(positions, x);
  expectOptions('rotary', options, rotaryOptions);
  return turned(x, table, positions, options.layout ?? 'halves', 1);
}

function expectTable(table: Tensor, x: Tensor): void {
  expectDType('rotary', 'table', table, 'float32');
  const [, width = 1] = table.shape;
  if (table.requiresGrad) throw new TypeError('rotary: table must be a constant, got one that wants a gradient (use detach)');
  if (x.rank !== 4) throw new RangeError(`rotary: x must be [B, H, T, D], got ${show(x.shape)}`);
  if (table.rank !== 2 || width % 2 !== 0 || width > (x.shape[3] as number)) {
    throw new RangeError(`rotary: table must be [length, width], width even and at most D, got ${show(table.shape)} for ${show(x.shape)}`);
  }
}

function expectPositions(positions: Tensor, x: Tensor): void {
  expectDType('rotary', 'positions', positions, 'int32');
  const [batch, , queries] = x.shape;
  const [rows, columns] = positions.shape;
  if (positions.rank === 2 && columns === queries && (rows === batch || rows === 1)) return;
  throw new RangeError(`rotary: positions must be [B, T] or [1, T], got ${show(positions.shape)} for ${show(x.shape)}`);
}

/** The op (`sign` 1), and its gradient, which turns the other way. */
function turned(x: Tensor, table: Tensor, positions: Tensor, layout: RotaryLayout, sign: number): Tensor {
  const [batch, heads, queries, depth] = x.shape as [number, number, number, number];
  const [length, width] = table.shape as [number, number];
  const mark = expectIndices('rotary', positions, 0, length, 'positions');
  const y = empty(x.shape);
  call.rotary({
    out: y.ptr,
    x: x.ptr,
    table: table.ptr,
    index: positions.ptr,
    batch,
    heads,
    queries,
    depth,
    width,
    indexStride: positions.shape[0] === 1 ? 0 : queries,
    pairs: layout === 'pairs' ? 1 : 0,
    sign,
  });
  const inputs = [x, table, positions];
  return record(sign > 0 ? 'rotary' : 'rotaryBackward', y, { inputs, attributes: { layout } }, (g) => {
    expectSame('rotary', positions, 0, length, mark);
    return [turned(g, table, positions, layout, -sign), null, null];
  });
}
