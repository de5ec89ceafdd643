// Parts of Transformers beside products and attention: many rows, as in training, and the one row of a step of decoding.

import { type Tensor, tensor } from 'saccade';
import { rotaryTable } from 'saccade/nn';
import { rmsNorm, rotary, swiglu } from 'saccade/ops';
import { type Case, op, resultOf, sizeOf, valuesOf } from '../case.ts';
import * as plain from '../plain.ts';

type Shape = readonly number[];

/** Bounded by what is read and written, once each; of few elements told as a time. */
function moving(name: string, shapes: readonly Shape[], f: (...xs: Tensor[]) => Tensor, wanted: (...xs: Float32Array[]) => number[]): Case {
  const setup = op(shapes, f);
  const [first = []] = shapes;
  const small = sizeOf(first) < 1024;
  const measured = small ? ({ unit: 'µs', work: 1 } as const) : ({ bound: 'copy', work: 4 * sizeOf(first) * (shapes.length + 1) } as const);
  const proof = () => ({ got: resultOf(setup), wanted: wanted(...valuesOf(shapes)) });
  return { name: `${name} of ${first.join('×')}`, ...measured, setup, proof, tolerance: 2e-6 };
}

const rowsOf = (x: Float32Array, width: number) => Array.from({ length: x.length / width }, (_, i) => plain.row(x, i, width));

/** Positions from 1 on, of every example and head `[B, H, T, D]`. */
function turned(shape: Shape): Case {
  const [, , steps = 1, width = 2] = shape;
  const table = { width, length: steps + 1 };
  const setup = op([shape], (x) => x as Tensor);
  const positions = Int32Array.from({ length: steps }, (_, t) => t + 1);
  const call: Case['setup'] = () => {
    const [x, rows, places] = [setup()(), rotaryTable(table), tensor(positions, { shape: [1, steps] })];
    return () => rotary(x, rows, places);
  };
  const proof = () => {
    const [x] = valuesOf([shape]) as [Float32Array];
    return { got: resultOf(call), wanted: rowsOf(x, width).flatMap((row, i) => plain.rotary(row, 1 + (i % steps))) };
  };
  return { ...moving('rotary', [shape], (x) => x, () => []), setup: call, proof }; // biome-ignore format: one line
}

const gated = (shape: Shape) =>
  moving('swiglu', [shape, shape], swiglu, (gate, up) => Array.from(gate, (x, i) => plain.functions.silu(x) * (up[i] as number)));

const normed = (rows: number, width: number) =>
  moving('rmsNorm', [[rows, width], [width]], (x, weight) => rmsNorm(x as Tensor, weight), (x, weight) => rowsOf(x, width).flatMap((row) => plain.rmsNorm(row, weight))); // biome-ignore format: one line

export const parts: Case[] = [
  gated([1024, 512]),
  turned([8, 8, 256, 32]),
  normed(768, 128),
  // One token of a small model: what a call takes counts, and not its arithmetic.
  gated([1, 172]),
  turned([1, 8, 1, 8]),
  normed(1, 64),
];
