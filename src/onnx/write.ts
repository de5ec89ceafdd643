// From a program to the bytes of its graph.

import { Module } from '../nn/module.ts';
import { shown } from '../tensor/check.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { placesOf } from './external.ts';
import { bytesOf, Graph, type OnnxCall, type OnnxOp, type OnnxValue } from './graph.ts';
import { modelBytes, type Place, type Port } from './model.ts';
import { axesOf, type OnnxOptions } from './options.ts';
import type { Program, Traced, TracedOp } from './program.ts';
import { table } from './table/index.ts';
import { refused } from './table/refused.ts';

/** The results that are wanted, by the names they get. */
function chosen({ results }: Program, outputs: readonly string[] | undefined): Map<string, Traced> {
  const paths = [...results.keys()];
  const nameless = paths.every((path, i) => path === '' || path === String(i));
  const wanted = outputs ?? (paths[0] === '' ? ['output'] : paths);
  if (wanted.length === 0 || (nameless && wanted.length !== paths.length)) {
    throw new RangeError(`toOnnx: outputs must name what fn gives, got ${shown([...wanted])} for ${paths.length} tensors`);
  }
  const twice = wanted.find((name, i) => wanted.indexOf(name) !== i);
  if (twice !== undefined) throw new RangeError(`toOnnx: outputs must each have a name of its own, got ${twice} twice`);
  return new Map(
    wanted.map((name, i) => {
      const found = results.get(nameless ? (paths[i] as string) : name);
      if (!found) throw new RangeError(`toOnnx: outputs must be among ${paths.join(', ')}, got ${name}`);
      return [name, found];
    }),
  );
}

/** The calls that results depend on. */
function needed(results: Iterable<Traced>): Set<TracedOp> {
  const calls = new Set<TracedOp>();
  const waiting = [...results];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (!next.call || calls.has(next.call)) continue;
    calls.add(next.call);
    for (const x of next.call.inputs) if (x) waiting.push(x);
  }
  return calls;
}

/** Turns the tensors of a program into names of a graph, each once. */
class Writer {
  readonly graph: Graph;
  private readonly values = new Map<Traced, OnnxValue>();
  private readonly parameters: ReadonlyMap<Tensor, string>;
  private readonly place: ((name: string, shape: readonly number[]) => Place) | undefined;
  private readonly ops: Readonly<Record<string, OnnxOp>>;

  constructor(graph: Graph, state: ReadonlyMap<string, Tensor>, { weights, ops = {} }: OnnxOptions) {
    this.graph = graph;
    this.parameters = new Map([...state].map(([name, x]) => [x, name]));
    this.place = weights && placesOf(weights);
    this.ops = ops;
  }

  /** Writes the nodes of a call. What one number fills is written where somebody reads it. */
  write(call: TracedOp): void {
    if (call.op === 'full') return;
    const names = this.emit(call);
    call.outputs.forEach((y, i) => {
      this.values.set(y, { dtype: y.dtype, dims: y.dims, name: names[i] as string });
    });
  }

  of(x: Traced): OnnxValue {
    const known = this.values.get(x);
    if (known) return known;
    const make = () => x.input ?? (x.held ? this.held(x, x.held) : (this.emit(x.call as TracedOp)[0] as string));
    let name: string | undefined;
    const number = x.call?.attributes.value;
    const value = {
      dtype: x.dtype,
      dims: x.dims,
      fill: typeof number === 'number' || typeof number === 'boolean' ? Number(number) : undefined,
      get name() {
        name ??= make();
        return name;
      },
    };
    this.values.set(x, value);
    return value;
  }

  private held({ dtype }: Traced, { tensor, elements, shape }: NonNullable<Traced['held']>): string {
    const own = tensor && this.parameters.get(tensor);
    const data = own && this.place ? this.place(own, shape) : bytesOf(dtype, elements());
    const name = own ?? this.graph.fresh('constant');
    this.graph.initializers.push({ name, type: dtype, shape, data });
    return name;
  }

  private emit(call: TracedOp): readonly string[] {
    const op = this.ops[call.op] ?? table[call.op];
    if (!op) throw new Error(`toOnnx: ops must have a form in ONNX, got ${call.op}${call.op in refused ? `: ${refused[call.op]}` : ''}`);
    const names = op(this.graph, { ...call, inputs: call.inputs.map((x) => x && this.of(x)) } satisfies OnnxCall);
    return typeof names === 'string' ? [names] : names;
  }
}

const port = (name: string, { dtype, dims }: Traced): Port => ({
  name,
  type: dtype,
  shape: dims.map((size) => size?.fixed ?? (size && String(size))),
});

/** The bytes of a program's graph. */
export function write(program: Program, options: OnnxOptions, opset: number): Uint8Array {
  const results = chosen(program, options.outputs);
  const { module = new Map<string, Tensor>(), name = 'main' } = options;
  const state = module instanceof Module ? module.stateDict() : module;
  const inputs = Object.keys(options.inputs);
  const taken = [...inputs, ...results.keys(), ...state.keys()];
  const twice = taken.find((one, i) => taken.indexOf(one) !== i);
  if (twice !== undefined) throw new RangeError(`toOnnx: inputs, outputs and parameters must have names of their own, got ${twice} twice`);
  const graph = new Graph(opset, axesOf(options.inputs), taken);
  const writer = new Writer(graph, state, options);
  const calls = needed(results.values());
  for (const call of program.calls) if (calls.has(call)) writer.write(call);
  for (const [output, x] of results) graph.name(writer.of(x).name, output);
  const body = {
    name,
    nodes: graph.nodes,
    initializers: graph.initializers,
    inputs: inputs.map((input, i) => port(input, program.inputs[i] as Traced)),
    outputs: [...results].map(([output, x]) => port(output, x)),
  };
  return modelBytes(body, opset);
}
