// One run of a function on inputs of given lengths: what ops it is made of, its tensors numbered as they come.

import { withGrad } from '../autograd/record.ts';
import { type Trace, type TracedCall, trace } from '../autograd/trace.ts';
import { uniform } from '../ops/index.ts';
import type { DType, View } from '../runtime/backend.ts';
import { now } from '../runtime/clock.ts';
import { full, tensor } from '../tensor/create.ts';
import { purely } from '../tensor/observe.ts';
import { key } from '../tensor/random.ts';
import { scope } from '../tensor/scope.ts';
import { type Shape, show, sizeOf } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { Axes } from './size.ts';

/** What goes into a graph. */
export interface OnnxInput {
  /** The length of each axis, or its name where it is free: `['batch', 'time', 64]`. */
  readonly shape: readonly (number | string)[];
  /** Default float32. */
  readonly dtype?: DType | undefined;
  /** Of int32: what it is traced with, whole numbers below this and from `from` on; an axis stands for its length. Default 1: zeros. */
  readonly below?: number | string | undefined;
  /** Default 0. */
  readonly from?: number | undefined;
}

/** A constant: the tensor itself if it was there before, and its elements. */
export interface Constant {
  readonly tensor: Tensor | null;
  readonly elements: () => View;
}

/** One run: inputs come first, then constants, then what the calls give. */
export interface Run {
  readonly axes: Axes;
  readonly calls: readonly Pick<TracedCall, 'op' | 'attributes'>[];
  /** Of each call, the numbers of its tensors. */
  readonly reads: readonly (readonly (number | null)[])[];
  readonly makes: readonly (readonly number[])[];
  readonly tensors: readonly { readonly shape: Shape; readonly dtype: DType }[];
  readonly constants: readonly Constant[];
  /** By path: `logits`, `state.cell.h`; a lone tensor by ''. */
  readonly results: ReadonlyMap<string, number>;
}

/** The lengths of a run, for messages. */
export const told = (axes: Axes): string =>
  Object.entries(axes)
    .map(([name, length]) => `${name} ${length}`)
    .join(', ');

/** Values for an input. */
export function example({ shape, dtype = 'float32', below = 1, from = 0 }: OnnxInput, axes: Axes): Tensor {
  const lengths = shape.map((length) => (typeof length === 'string' ? (axes[length] as number) : length));
  if (dtype === 'float32') return uniform(key(1), lengths, { low: -1 });
  if (dtype === 'bool') return full(lengths, true, 'bool');
  const span = (typeof below === 'string' ? (axes[below] as number) : below) - from;
  return tensor(
    Int32Array.from({ length: sizeOf(lengths) }, (_, i) => from + ((i * 7) % span)),
    { shape: lengths },
  );
}

/** A part of a state that holds tensors of its own, such as a cache; `stateDict` names them, and `lengths` besides, which are numbers of the host. */
export interface Holder {
  tensors(): readonly Tensor[];
  stateDict(): ReadonlyMap<string, Tensor>;
}

/** Whether a part holds tensors of its own. */
export const isHolder = (part: unknown): part is Holder =>
  typeof part === 'object' && part !== null && 'takeRows' in part && 'tensors' in part && 'stateDict' in part;

/** The names of what a holder holds. */
export const namesIn = (holder: Holder): string[] => [...holder.stateDict().keys()].filter((name) => !/(^|\.)lengths$/.test(name));

/** The tensors of a result by their paths. */
export function leavesOf(result: unknown, path = ''): [path: string, x: Tensor][] {
  if (result instanceof Tensor) return [[path, result]];
  if (result === null || result === undefined) return [];
  const below = (name: string) => (path ? `${path}.${name}` : name);
  if (isHolder(result)) {
    const names = namesIn(result);
    return result.tensors().map((x, i) => [below(names[i] ?? String(i)), x]);
  }
  if (typeof result !== 'object') {
    throw new TypeError(`toOnnx: fn must give tensors, alone, in lists or by name, got ${String(result)}${path && ` at ${path}`}`);
  }
  return Object.entries(result).flatMap(([name, part]) => leavesOf(part, below(name)));
}

/** Refuses what no graph can follow. */
function expectPure({ calls, reads, effects, constants }: Trace<unknown>, inputs: Readonly<Record<string, Tensor>>): void {
  const made = new Map(calls.flatMap(({ op, outputs }) => outputs.map((y) => [y, op] as const)));
  const whose = (x: Tensor) => made.get(x) ?? Object.keys(inputs).find((name) => inputs[name] === x);
  const seen = reads.map(({ tensor }) => whose(tensor)).find((name) => name !== undefined);
  if (seen !== undefined) {
    throw new Error(
      `toOnnx: fn must leave elements alone (item, toArray, view), since no graph knows what the host makes of them, got a look at those of ${seen}`,
    );
  }
  if (effects.length > 0) throw new Error(`toOnnx: fn must write nothing in place, got ${effects[0]}`);
  const hidden = constants.find(({ from }) => from === 'hidden');
  if (hidden) throw new Error(`toOnnx: tensors must come from ops, got one of shape ${show(hidden.tensor.shape)} that none made`);
}

/** Runs `fn` on inputs of these lengths. Caches are made of ops there, and write nothing in place. */
export function runAt(fn: (inputs: Record<string, Tensor>) => unknown, ports: Readonly<Record<string, OnnxInput>>, axes: Axes): Run {
  let run: Run | undefined;
  scope(() =>
    withGrad(() => {
      const inputs = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, example(port, axes)]));
      const since = now();
      const found = trace(() => purely(() => fn(inputs)));
      expectPure(found, inputs);
      run = { axes, ...numbered(found, Object.values(inputs), since) };
    }),
  );
  return run as Run;
}

function numbered(found: Trace<unknown>, inputs: readonly Tensor[], since: number): Omit<Run, 'axes'> {
  const { calls, constants } = found;
  const results = leavesOf(found.result);
  const made = new Set(calls.flatMap(({ outputs }) => outputs));
  const read = constants.map(({ tensor }) => tensor).filter((x) => !inputs.includes(x));
  const given = results.map(([, x]) => x).filter((x) => !made.has(x) && !inputs.includes(x) && !read.includes(x));
  const odd = given.find(({ storage }) => storage.made > since);
  if (odd) throw new Error(`toOnnx: results must come from ops, got one of shape ${show(odd.shape)} that none made`);
  const outside = [...new Set([...read, ...given])];
  const tensors = [...inputs, ...outside, ...made];
  const numbers = new Map(tensors.map((x, i) => [x, i]));
  const number = (x: Tensor) => numbers.get(x) as number;
  const host = new Set(constants.filter(({ from }) => from === 'host').map(({ tensor }) => tensor));
  return {
    calls: calls.map(({ op, attributes }) => ({ op, attributes })),
    reads: calls.map((call) => call.inputs.map((x) => x && number(x))),
    makes: calls.map(({ outputs }) => outputs.map(number)),
    tensors: tensors.map(({ shape, dtype }) => ({ shape, dtype })),
    constants: outside.map((x) => {
      if (!host.has(x)) return { tensor: x, elements: () => x.toArray() };
      const elements = x.toArray(); // of what goes with the scope
      return { tensor: null, elements: () => elements };
    }),
    results: new Map(results.map(([path, x]) => [path, number(x)])),
  };
}
