// Repeats the call of an op from its trace alone: its name, its inputs by position and its attributes.

import { copy } from '../../src/autograd/arithmetic.ts';
import type { Trace, TracedCall } from '../../src/autograd/trace.ts';
import { bagTable, bagWeights } from '../../src/ops/bag.ts';
import { affine } from '../../src/ops/binary.ts';
import { unpick } from '../../src/ops/gather.ts';
import * as ops from '../../src/ops/index.ts';
import { placed } from '../../src/ops/runs.ts';
import { arange, detach, full } from '../../src/tensor/create.ts';
import type { Key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

type Inputs = readonly (Tensor | null)[];
// biome-ignore lint/suspicious/noExplicitAny: attributes are any op's
type Attributes = Readonly<Record<string, any>>;
type Again = (inputs: Inputs, attributes: Attributes) => Tensor | readonly Tensor[];

const all = { ...ops, affine, arange, copy, detach, full, unpick } as unknown as Record<
  string,
  (...args: unknown[]) => Tensor | readonly Tensor[]
>;

/** The inputs, then each attribute in the order of its name in the call: `clamp(x, low, high)`. */
const byPlace = new Set(
  'affine arange clamp detach dropout expand flip full oneHot permute reshape scatterAddAlongAxis segmentSum softcap sumTo unfold unpick unstack'.split(
    ' ',
  ),
);

/** What is left out in a call. */
const given = <T extends object>(options: T) =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null && value !== undefined)) as {
    [Name in keyof T]: NonNullable<T[Name]>;
  };

const named = (inputs: Inputs) => {
  const [weightIh, weightHh, biasIh, biasHh] = inputs as Tensor[];
  return { weightIh, weightHh, biasIh, biasHh } as { weightIh: Tensor; weightHh: Tensor; biasIh: Tensor; biasHh: Tensor };
};

const sequence = (x: Tensor | null | undefined, [table, index]: Inputs) => x ?? { table: table as Tensor, index: index as Tensor };

/** Ops that are called in another form than `op(...inputs, options)`. */
const otherwise: Record<string, Again> = {
  bagTable: ([g, index, weights], { rows, paddingIndex }) =>
    bagTable(g as Tensor, index as Tensor, weights ?? undefined, rows, paddingIndex),
  bagWeights: ([g, index, table], { paddingIndex }) => bagWeights(g as Tensor, index as Tensor, table as Tensor, paddingIndex),
  avgPool2d: ([x], { size, ...options }) => ops.avgPool2d(x as Tensor, size, options),
  batchNorm: ([x, weight, bias], options) => {
    const { output, mean, variance } = ops.batchNorm(x as Tensor, given({ weight, bias, ...options }));
    return [output, mean, variance];
  },
  categorical: ([logits], { key }) => ops.categorical(key, logits as Tensor),
  concat: (inputs, { axis }) => ops.concat(inputs as Tensor[], axis),
  embeddingBag: ([table, index, weights], options) => ops.embeddingBag(table as Tensor, index as Tensor, given({ weights, ...options })),
  entityStates: ([sentences, h0, ...rest]) => {
    const [keys, gateBias, stateWeight, stateBias, sentenceWeight, keyWeight, slopes] = rest as Tensor[];
    const weights = { keys, gateBias, stateWeight, stateBias, sentenceWeight, keyWeight, slopes } as ops.EntityWeights;
    const y = ops.entityStates(sentences as Tensor, h0 as Tensor, weights, given({ mask: rest[7] }));
    return [y.states, y.gates];
  },
  gru: ([x, ...rest], options) => {
    const y = ops.gru(sequence(x, rest.slice(6)), rest[4] as Tensor | null, named(rest), given({ mask: rest[5], ...options }));
    return [y.output, y.h];
  },
  gumbel: (_, { key, shape }) => ops.gumbel(key, shape),
  layerNorm: ([x, weight, bias], options) => ops.layerNorm(x as Tensor, given({ weight, bias, ...options })),
  linear: ([x, weight, bias]) => ops.linear(x as Tensor, weight as Tensor, bias ?? undefined),
  conv1d: ([x, weight, bias], options) => ops.conv1d(x as Tensor, weight as Tensor, bias ?? undefined, options),
  conv2d: ([x, weight, bias], options) => ops.conv2d(x as Tensor, weight as Tensor, bias ?? undefined, options),
  convTranspose2d: ([x, weight, bias], options) => ops.convTranspose2d(x as Tensor, weight as Tensor, bias ?? undefined, options),
  crop: ([x, corner], { size }) => ops.crop(x as Tensor, corner as Tensor, size),
  lstm: ([x, ...rest], options) => {
    const states = rest.slice(4, 6) as [Tensor | null, Tensor | null];
    const y = ops.lstm(sequence(x, rest.slice(7)), ...states, named(rest), given({ mask: rest[6], ...options }));
    return [y.output, y.h, y.c];
  },
  maxPool2d: ([x], { size, ...options }) => ops.maxPool2d(x as Tensor, size, options),
  memoryStep: ([x, memory, previous], options) => {
    const y = ops.memoryStep(x as Tensor, memory as Tensor, previous as Tensor, options as ops.MemoryStepOptions);
    return [y.weights, y.read, ...(options.writes > 0 ? [y.memory] : [])];
  },
  normal: (_, { key, shape, ...options }) => ops.normal(key as Key, shape, options),
  place: ([x], { axis, start, step, length }) =>
    placed(x as Tensor, axis, { from: start, step, count: (x as Tensor).shape[axis] as number }, length),
  scaledDotProductAttention: ([query, keys, values, ...others], { zero, span, sums, ...rest }) => {
    const [q, k, v] = [query, keys, values] as [Tensor, Tensor, Tensor];
    const [mask, bias, places, slopes, row] = others;
    const distance = zero === undefined ? undefined : given({ bias: row, zero, span, sums });
    const options = given({ mask, bias, places, slopes, distance, ...rest });
    const y = ops.scaledDotProductAttention(q, k, v, options as object) as { output: Tensor; weights?: Tensor; sums?: Tensor };
    return Object.values(y).length === 1 ? y.output : [y.output, y.weights, y.sums].filter((x) => x !== undefined);
  },
  rmsNorm: ([x, weight], options) => ops.rmsNorm(x as Tensor, weight ?? undefined, options),
  slice: ([x], { axis, start, step, count }) => {
    const end = count === 0 ? start : start + step * (count - 1) + Math.sign(step);
    return ops.slice(x as Tensor, axis, start, end < 0 ? undefined : end, { step });
  },
  topk: ([x], { k, ...options }) => ops.topk(x as Tensor, k, options).indices,
  uniform: (_, { key, shape, ...options }) => ops.uniform(key as Key, shape, options),
};
for (const [name, relation] of Object.entries({ equal: ops.equal, less: ops.less, lessEqual: ops.lessEqual })) {
  otherwise[name] = ([a, b], numbers) => relation(a ?? numbers.a, b ?? numbers.b);
}

/** The results of a call, from the values that `of` gives for its inputs. */
export function again({ op, inputs, attributes }: TracedCall, of: (x: Tensor) => Tensor = (x) => x): readonly Tensor[] {
  const now = inputs.map((x) => x && of(x));
  const named = all[op];
  const call =
    otherwise[op] ??
    ((xs: Inputs, rest: Attributes) => {
      if (!named) throw new Error(`replay: op must be one that can be called, got ${op}`);
      if (byPlace.has(op)) return named(...xs, ...Object.values(rest));
      return Object.keys(rest).length ? named(...xs, rest) : named(...xs);
    });
  const result = call(now, attributes);
  return Array.isArray(result) ? (result as readonly Tensor[]) : [result as Tensor];
}

/** The results of a whole trace, by the original tensors; `constants` may replace constants. */
export function replay({ calls }: Trace<unknown>, constants: ReadonlyMap<Tensor, Tensor> = new Map()): Map<Tensor, Tensor> {
  const found = new Map(constants);
  for (const call of calls) {
    const results = again(call, (x) => found.get(x) ?? x);
    call.outputs.forEach((y, i) => {
      const result = results[i];
      if (!result) throw new Error(`replay: ${call.op} must give its ${call.outputs.length} results, got ${results.length}`);
      found.set(y, result);
    });
  }
  return found;
}
