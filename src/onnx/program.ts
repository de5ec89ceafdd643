// What a function does at any size: its ops at several sizes, one beside the other, and every number that differs explained.

import type { DType, View } from '../runtime/backend.ts';
import { type Shape, sameShape, show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Run, told } from './run.ts';
import { type Axes, explain, type Share, Size, sizeFor } from './size.ts';

/** A constant of the program. */
export interface Held {
  /** The tensor itself, if it was there before: a parameter for instance. */
  readonly tensor: Tensor | null;
  readonly elements: () => View;
  readonly shape: Shape;
}

/** A tensor of the program: an input, a constant, or what a call gives. */
export interface Traced {
  readonly dtype: DType;
  /** A length that nothing explains is missing. */
  readonly dims: readonly (Size | undefined)[];
  readonly input?: string;
  readonly held?: Held;
  readonly call?: TracedOp;
}

/** An attribute: what it was in all runs; numbers that differed as what they are of the axes. */
export type Explained = number | Size | Share | string | boolean | null | undefined | object;

/** An op of the program. */
export interface TracedOp {
  readonly op: string;
  readonly inputs: readonly (Traced | null)[];
  readonly attributes: Readonly<Record<string, Explained>>;
  readonly outputs: readonly Traced[];
}

/** What a function does, in terms of the axes of its inputs. */
export interface Program {
  readonly calls: readonly TracedOp[];
  readonly inputs: readonly Traced[];
  /** By path. */
  readonly results: ReadonlyMap<string, Traced>;
}

/** How many sizes that are sums or products each may stand for others. */
const MANY = 8;

/** The lengths of the tensors of runs: of the axes, and of what was found besides. */
class Lengths {
  private readonly free: readonly Size[];
  private readonly further = new Map<string, Size>();
  private readonly runs: readonly Run[];
  readonly axes: readonly Axes[];

  constructor(runs: readonly Run[]) {
    this.runs = runs;
    this.axes = runs.map((run) => run.axes);
    this.free = Object.keys(this.axes[0] ?? {}).map((axis) => Size.of(axis));
  }

  get known(): Size[] {
    return [...this.free, ...this.further.values()];
  }

  /** The lengths of tensor `at`, which may be found from those of others. */
  of(at: number, others: readonly (Traced | null)[]): (Size | undefined)[] {
    const shapes = this.runs.map((run) => (run.tensors[at] as { shape: Shape }).shape);
    const near = others.flatMap((x) => x?.dims.filter((size) => size !== undefined && size.fixed === undefined) ?? []) as Size[];
    const known = [...new Map([...this.known, ...near].map((size) => [String(size), size])).values()];
    return (shapes[0] as Shape).map((_, axis) => {
      const found = sizeFor(shapes.map((shape) => shape[axis] as number), known, this.axes); // biome-ignore format: one line
      if (found && found.fixed === undefined) this.remember(found);
      return found;
    });
  }

  private remember(size: Size): void {
    const name = String(size);
    if (this.further.size < MANY && !this.free.some((axis) => String(axis) === name)) this.further.set(name, size);
  }
}

/** The program that runs at several sizes are runs of. */
export function programOf(runs: readonly Run[], names: readonly string[]): Program {
  const [first] = runs as readonly [Run, ...Run[]];
  expectAlike(runs);
  const lengths = new Lengths(runs);
  const dtypeOf = (at: number) => first.tensors[at]?.dtype ?? 'float32';
  const tensors: Traced[] = names.map((input, at) => ({ input, dtype: dtypeOf(at), dims: lengths.of(at, []) }));
  const filled: TracedOp[] = [];
  first.constants.forEach((_, i) => {
    const held = constantOf(runs, i, names.length);
    const at = names.length + i;
    const one = { dtype: dtypeOf(at), dims: lengths.of(at, []) };
    if ('elements' in held) tensors.push({ ...one, held });
    else {
      const call = filledWith(held, one, lengths);
      tensors.push(...call.outputs);
      filled.push(call);
    }
  });

  const calls = first.calls.map(({ op }, i): TracedOp => {
    const inputs = (first.reads[i] as (number | null)[]).map((at) => (at === null ? null : (tensors[at] as Traced)));
    const outputs: Traced[] = [];
    const call = { op, inputs, attributes: attributesOf(runs, i, lengths.known, lengths.axes), outputs };
    for (const at of first.makes[i] as number[]) {
      const y = { call, dtype: dtypeOf(at), dims: lengths.of(at, inputs) };
      outputs.push(y);
      tensors[at] = y;
    }
    return call;
  });
  const results = new Map([...first.results].map(([path, at]) => [path, tensors[at] as Traced]));
  return { calls: [...filled, ...calls], inputs: tensors.slice(0, names.length), results };
}

/** The call that fills a constant with a number, which may follow from the axes. */
function filledWith(values: readonly number[], of: Pick<Traced, 'dtype' | 'dims'>, { known, axes }: Lengths): TracedOp {
  const outputs: Traced[] = [];
  const call = { op: 'full', inputs: [], attributes: { value: explained('full', 'value', values, known, axes) }, outputs };
  outputs.push({ ...of, call });
  return call;
}

/** What call `i` of a run is, reads and makes. */
const callAt = ({ calls, reads, makes }: Run, i: number) => `${calls[i]?.op} ${reads[i]} ${makes[i]}`;

/** Refuses runs that are not the same ops on the same tensors. */
function expectAlike([first, ...others]: readonly Run[]): void {
  if (!first) return;
  for (const run of others) {
    const at = Array.from({ length: Math.max(first.calls.length, run.calls.length) }).findIndex(
      (_, i) => callAt(first, i) !== callAt(run, i),
    );
    if (at < 0 && JSON.stringify([...first.results]) === JSON.stringify([...run.results])) continue;
    const count = ({ axes, calls }: Run) => `${calls.length} ops at ${told(axes)}`;
    const where = at < 0 ? 'results' : `${first.calls[at]?.op ?? 'the end'} and ${run.calls[at]?.op ?? 'the end'} as number ${at}`;
    throw new Error(
      `toOnnx: fn must be the same ops at all sizes, got ${count(first)}, ${count(run)}, first ${where} (a loop over an axis has no graph: export what one step does, or give the axis a number)`,
    );
  }
}

/** The constant that is the same in all runs, or that one number fills in each: then how `full` would make it. */
function constantOf(runs: readonly Run[], i: number, inputs: number): Held | readonly number[] {
  const all = runs.map((run) => run.constants[i] as Run['constants'][number]);
  const shapes = runs.map((run) => (run.tensors[inputs + i] as { shape: Shape }).shape);
  const [one, shape] = [all[0] as (typeof all)[number], shapes[0] as Shape];
  if (all.every(({ tensor }) => tensor !== null && tensor === one.tensor)) return { ...one, shape };
  const values = all.map(({ elements }) => elements());
  const [first] = values as [View];
  const same = shapes.every((other) => sameShape(other, shape)) && values.every((other) => other.every((x, k) => Object.is(x, first[k])));
  if (same) return { tensor: null, elements: one.elements, shape };
  if (values.every((elements) => elements.length > 0 && elements.every((x) => x === elements[0]))) return values.map(([x]) => x as number);
  const call = runs[0]?.reads.findIndex((reads) => reads.includes(inputs + i)) ?? -1;
  const reader = runs[0]?.calls[call]?.op ?? 'nothing';
  const told = [...new Set(shapes.map(show))].join(', ');
  throw new Error(
    `toOnnx: constants must be the same at all sizes, or made by ops (arange, full, tril, lengthsToMask), got one of ${told} with other values, read by ${reader}`,
  );
}

/** An attribute in all runs, explained. */
function explained(op: string, name: string, values: readonly unknown[], known: readonly Size[], axes: readonly Axes[]): Explained {
  const [one] = values;
  if (values.every((value) => typeof value === 'number')) {
    const found = explain(values as number[], known, axes);
    if (found !== undefined) return found;
  } else if (values.every((value) => Array.isArray(value) && value.length === (one as unknown[]).length)) {
    const place = (k: number) => values.map((value) => (value as unknown[])[k]);
    return (one as unknown[]).map((_, k) => explained(op, `${name}[${k}]`, place(k), known, axes));
  } else if (values.every((value) => JSON.stringify(value) === JSON.stringify(one))) return one as Explained;
  const got = values.map((value, k) => `${JSON.stringify(value)} at ${told(axes[k] ?? {})}`).join('; ');
  throw new Error(`toOnnx: ${op} must have ${name} that follows from the axes, got ${got}`);
}

/** The attributes of a call in all runs. */
function attributesOf(runs: readonly Run[], i: number, known: readonly Size[], axes: readonly Axes[]): Record<string, Explained> {
  const all = runs.map((run) => run.calls[i] as Run['calls'][number]);
  const [{ op, attributes }] = all as [Run['calls'][number]];
  const values = (name: string) => all.map((call) => call.attributes[name]);
  return Object.fromEntries(Object.keys(attributes).map((name) => [name, explained(op, name, values(name), known, axes)]));
}
