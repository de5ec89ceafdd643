import { isRowState, type RowState, type State, type StatePart } from '../nn/state.ts';
import { expectFields, expectNames, type Names, shown } from '../tensor/check.ts';
import { tensor, zeros } from '../tensor/create.ts';
import { scope } from '../tensor/scope.ts';
import type { Shape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { axesOf, type OnnxOptions } from './options.ts';
import type { Traced } from './program.ts';
import { example, type Holder, isHolder, leavesOf, type OnnxInput } from './run.ts';
import type { Axes } from './size.ts';
import { sizesOf, toOnnx, traced } from './to-onnx.ts';

/** What goes in, by name. */
export type OnnxInputs = Readonly<Record<string, OnnxInput>>;

/** Tensors under the names of inputs. */
export type OnnxTensors<I extends OnnxInputs> = { readonly [Name in keyof I]: Tensor };

/** A computation that begins and then goes on step by step: what {@link stepsToOnnx} makes two graphs of. */
export interface OnnxSteps<Begin extends OnnxInputs, Step extends OnnxInputs, Kept extends State, S extends State> {
  /** What the beginning reads, and each step. */
  inputs: { begin: Begin; step: Step };
  /** What each step reads and none changes, the state before the first step, and whatever else the beginning gives, by name. */
  begin(inputs: OnnxTensors<Begin>): { kept?: Kept; state: S };
  /** The state after a step, and whatever else it gives, by name. */
  step(inputs: OnnxTensors<Step>, kept: Kept, state: S): { state: S };
}

/** What both graphs are told; see {@link OnnxOptions}. `sizes` are of the beginning's axes and of those that the steps add. */
export type OnnxStepsOptions = Omit<OnnxOptions, 'inputs' | 'outputs' | 'name'>;

const stepsNames: Names<OnnxStepsOptions> = { module: 1, weights: 1, opset: 1, sizes: 1, ops: 1 };

/** The name of an axis as long as `size` says: `items + 1` is `items_1`. */
const axisName = (size: string) => size.replaceAll(/\W+/g, '_');

/** The input that takes what a graph gave, and how long its axes were in each run. */
function portOf(path: string, { dtype, dims }: Traced, axes: readonly Axes[], sizes: Record<string, readonly number[]>): OnnxInput {
  const shape = dims.map((size) => {
    if (size === undefined) throw new RangeError(`stepsToOnnx: ${path} must have lengths that follow from the axes, got others`);
    if (size.fixed !== undefined) return size.fixed;
    const name = axisName(String(size));
    sizes[name] ??= axes.map((run) => size.at(run));
    return name;
  });
  return { shape, dtype };
}

/** A state of the same form, made of the tensors that a step receives. */
function rebuilt(part: unknown, path: string, given: Readonly<Record<string, Tensor>>): StatePart {
  if (part instanceof Tensor) return given[path] as Tensor;
  if (isHolder(part)) return refilled(part, path, given);
  if (isRowState(part)) throw new TypeError(`stepsToOnnx: state must be tensors or have stateDict(), got another at ${path}`);
  if (Array.isArray(part)) return part.map((one, i) => rebuilt(one, `${path}.${i}`, given));
  return Object.fromEntries(Object.entries(part ?? {}).map(([name, one]) => [name, rebuilt(one, `${path}.${name}`, given)]));
}

/** A cache of as many rows as its tensors have. */
function refilled(part: Holder, path: string, given: Readonly<Record<string, Tensor>>): StatePart {
  const { from } = part.constructor as unknown as { from(dict: ReadonlyMap<string, Tensor>): StatePart };
  const dict = new Map<string, Tensor>();
  for (const [name, of] of Object.entries(given)) {
    if (!name.startsWith(`${path}.`)) continue;
    const own = name.slice(path.length + 1);
    dict.set(own, of); // [B, G, S, ·]
    dict.set(own.replace(/\w+$/, 'lengths'), tensor(new Int32Array(of.shape[0] as number).fill(of.shape[2] as number)));
  }
  return from.call(part.constructor, dict);
}

/** What caches that are empty at first hold after a step: shapes of tensors by name, for each cache by its path. */
type Empties = ReadonlyMap<string, ReadonlyMap<string, Shape>>;

/** Caches in a state that hold nothing. */
function emptyIn(part: unknown, path: string): string[] {
  if (isHolder(part)) return part.tensors().length === 0 ? [path] : [];
  if (typeof part !== 'object' || part === null || part instanceof Tensor) return [];
  return Object.entries(part).flatMap(([name, one]) => emptyIn(one, `${path}.${name}`));
}

/** Runs a beginning and a step. */
function emptiesOf<Begin extends OnnxInputs, Step extends OnnxInputs, Kept extends State, S extends State>(
  { inputs, begin, step }: OnnxSteps<Begin, Step, Kept, S>,
  sizes: OnnxOptions['sizes'],
): Empties {
  const [axes = {}] = sizesOf([...axesOf({ ...inputs.begin, ...inputs.step }).keys()], sizes);
  const examples = (of: OnnxInputs) => Object.fromEntries(Object.entries(of).map(([name, port]) => [name, example(port, axes)]));
  const found = new Map<string, ReadonlyMap<string, Shape>>();
  scope(() => {
    const { kept, state } = begin(examples(inputs.begin) as OnnxTensors<Begin>);
    const empty = emptyIn(state, 'state');
    if (empty.length === 0) return;
    const leaves = leavesOf(step(examples(inputs.step) as OnnxTensors<Step>, kept as Kept, state).state, 'state');
    for (const path of empty) {
      const own = leaves.filter(([name]) => name.startsWith(`${path}.`));
      found.set(path, new Map(own.map(([name, { shape }]) => [name.slice(path.length + 1), shape])));
    }
  });
  return found;
}

/** The state, with tensors of no rows in place of empty caches. */
function filledOut(part: unknown, path: string, empties: Empties): unknown {
  const own = empties.get(path);
  if (own) {
    const { rows } = part as RowState;
    return Object.fromEntries([...own].map(([name, shape]) => [name, zeros(shape.with(0, rows).with(2, 0))]));
  }
  if (typeof part !== 'object' || part === null || part instanceof Tensor || isHolder(part)) return part;
  return Object.fromEntries(Object.entries(part).map(([name, one]) => [name, filledOut(one, `${path}.${name}`, empties)]));
}

/**
 * Two graphs of a computation that goes on step by step. `begin` gives its results by name, and `kept.…` and `state.…`, the tensors that a step reads. `step`
 * reads these and its own inputs, and gives `next.…`, which is `state.…` of the step after it. A cache of keys and values is two tensors for each
 * layer, as long as what was read.
 */
export function stepsToOnnx<const Begin extends OnnxInputs, const Step extends OnnxInputs, Kept extends State, S extends State>(
  steps: OnnxSteps<Begin, Step, Kept, S>,
  options: OnnxStepsOptions = {},
): { begin: Uint8Array; step: Uint8Array } {
  expectNames('stepsToOnnx', options, stepsNames);
  if (typeof steps?.begin !== 'function' || typeof steps.step !== 'function')
    throw new TypeError(`stepsToOnnx: steps must have begin() and step(), got ${shown(steps)}`);
  const empties = emptiesOf(steps, options.sizes);
  let first: { kept?: unknown; state?: unknown } = {};
  const begin = (inputs: Readonly<Record<string, Tensor>>) => {
    first = steps.begin(inputs as OnnxTensors<Begin>);
    return { ...first, state: filledOut(first.state, 'state', empties) };
  };
  const { program, axes } = traced(begin, { inputs: steps.inputs.begin, sizes: options.sizes });
  const sizes: Record<string, readonly number[]> = { ...options.sizes };
  const isEmpty = (path: string) => [...empties.keys()].some((own) => path.startsWith(`${own}.`));
  const carried = [...program.results].filter(([path]) => /^(kept|state)\./.test(path));
  const ports = carried.map(([path, x]): [string, OnnxInput] => {
    const port = portOf(path, x, axes, sizes);
    return [path, isEmpty(path) ? { ...port, shape: port.shape.with(2, 'past') } : port];
  });
  const template = first;
  const step = (inputs: Readonly<Record<string, Tensor>>) => {
    const kept = rebuilt(template.kept, 'kept', inputs) as Kept;
    const { state: next, ...rest } = steps.step(inputs as OnnxTensors<Step>, kept, rebuilt(template.state, 'state', inputs) as S);
    return { ...rest, next };
  };
  return {
    begin: toOnnx(begin, { ...options, inputs: steps.inputs.begin, name: 'begin' }),
    step: toOnnx(step, { ...options, inputs: { ...steps.inputs.step, ...Object.fromEntries(ports) }, sizes, name: 'step' }),
  };
}

/** A model that writes token by token: what searches take. */
export interface OnnxDecoder<Kept extends State, S extends State> {
  /** The state before the first token. */
  initialState(source: Kept): S;
  /** From the last tokens, int32 `[B]`, to the next one's logits `[B, C]`. */
  step(tokens: Tensor, source: Kept, state: S): { logits: Tensor; state: S; trace?: Tensor };
}

/** What {@link decoderToOnnx} is told. */
export interface OnnxDecoderOptions<Begin extends OnnxInputs, Kept extends State> extends OnnxStepsOptions {
  /** What is read. */
  inputs: Begin;
  /** How. */
  read: (inputs: OnnxTensors<Begin>) => Kept;
}

/**
 * The two graphs of a model that reads a source and writes token by token: `begin` reads it (`kept.…`, `state.…`), `step` takes the last tokens (int32
 * `[batch]`) and gives the next one's `logits`, `next.…` and, of attention, `weights`. See {@link stepsToOnnx}:
 * `decoderToOnnx(model, { inputs: { source: { shape: ['batch', 'time'], dtype: 'int32' } }, read: ({ source }) => model.read(source), module: model })`.
 */
export function decoderToOnnx<const Begin extends OnnxInputs, Kept extends State, S extends State>(
  decoder: OnnxDecoder<Kept, S>,
  options: OnnxDecoderOptions<Begin, Kept>,
): { begin: Uint8Array; step: Uint8Array } {
  expectFields('decoderToOnnx', 'options', options, 'inputs', 'read');
  const { inputs, read, ...rest } = options;
  if (typeof read !== 'function') throw new TypeError(`decoderToOnnx: read must be a function, got ${shown(read)}`);
  return stepsToOnnx(
    {
      inputs: { begin: inputs, step: { tokens: { shape: ['batch'], dtype: 'int32' } } as const },
      begin: (given: OnnxTensors<Begin>) => {
        const kept = read(given);
        return { kept, state: decoder.initialState(kept) };
      },
      step: ({ tokens }: { readonly tokens: Tensor }, kept: Kept, state: S) => {
        const { logits, trace, state: next } = decoder.step(tokens, kept, state);
        return { logits, ...(trace && { weights: trace }), state: next };
      },
    },
    rest,
  );
}
