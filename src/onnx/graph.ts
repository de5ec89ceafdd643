// A graph as it is written: nodes in order, and the constants and lengths that they share.

import type { DType } from '../runtime/backend.ts';
import { type Attribute, type Initializer, type Node, type OnnxAttribute, type Type, types } from './model.ts';
import { Share, type Size } from './size.ts';

/** A tensor as an op of the table sees it. */
export interface OnnxValue {
  /** Element type. */
  readonly dtype: DType;
  /** Lengths in terms of the axes; missing where nothing explains one. */
  readonly dims: readonly (Size | undefined)[];
  /** What nodes call it. */
  readonly name: string;
  /** The number that all its elements are, where it was filled with one. */
  readonly fill?: number | undefined;
}

/** A call of an op, as the table turns it into nodes. */
export interface OnnxCall {
  /** Its name in a trace. */
  readonly op: string;
  /** At the places that the op gives them; `null` where one is left out. */
  readonly inputs: readonly (OnnxValue | null)[];
  /** As a trace has them; a number that differs between sizes is a `Size` or a `Share`. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** What it gives. */
  readonly outputs: readonly Pick<OnnxValue, 'dtype' | 'dims'>[];
}

/** Writes the nodes of a call; gives the names of its results. */
export type OnnxOp = (graph: Graph, call: OnnxCall) => string | readonly string[];

const arrays = { float32: Float32Array, int32: Int32Array, int64: BigInt64Array, float64: Float64Array, bool: Uint8Array } as const;

/** Elements as the file has them, which is as memory has them. */
export function bytesOf(type: Type, values: ArrayLike<number>): Uint8Array {
  const array = type === 'int64' ? BigInt64Array.from(Array.from(values, BigInt)) : arrays[type].from(values);
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Nodes, and what they read. */
export class Graph {
  /** The set of operators. */
  readonly opset: number;
  /** @internal */
  readonly nodes: Node[] = [];
  /** @internal */
  readonly initializers: Initializer[] = [];
  private readonly taken: Set<string>;
  private readonly counts = new Map<string, number>();
  private readonly known = new Map<string, string>();
  private readonly named = new Map<string, string>();
  private readonly axes: ReadonlyMap<string, { readonly input: string; readonly axis: number }>;

  /** `axes`: where each is found. `taken`: names that nodes may not have. @internal */
  constructor(opset: number, axes: ReadonlyMap<string, { readonly input: string; readonly axis: number }>, taken: Iterable<string>) {
    this.opset = opset;
    this.axes = axes;
    this.taken = new Set(taken);
  }

  /** A name that nothing else has. */
  fresh(base: string): string {
    for (let count = this.counts.get(base) ?? 0; ; count++) {
      const name = `${base}_${count}`;
      this.counts.set(base, count + 1);
      if (!this.taken.has(name)) return name;
    }
  }

  /** A node with one result; its name. */
  node(type: string, inputs: readonly string[], attributes: Readonly<Record<string, OnnxAttribute>> = {}): string {
    return this.several(type, inputs, attributes, 1)[0] as string;
  }

  /** A node with several results; their names. */
  several(type: string, inputs: readonly string[], attributes: Readonly<Record<string, OnnxAttribute>>, count: number): string[] {
    return this.put(type, inputs, attributes, count);
  }

  /** The same of a node that may run a graph. @internal */
  put(type: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>>, count: number): string[] {
    const outputs = Array.from({ length: count }, () => this.fresh(type.toLowerCase()));
    this.nodes.push({ type, inputs, outputs, attributes });
    return outputs;
  }

  /** The nodes that `make` writes, as the inside of a node that runs a graph; what they share with others must be there already. @internal */
  within<T>(make: () => T): { nodes: Node[]; made: T } {
    const before = this.nodes.length;
    const made = make();
    return { made, nodes: this.nodes.splice(before) };
  }

  /** Names a result of the graph: what a node makes is called so from now on, anything else is passed on. @internal */
  name(x: string, output: string): void {
    const maker = this.nodes.findIndex(({ outputs }) => outputs.includes(x));
    if (maker < 0) {
      this.nodes.push({ type: 'Identity', inputs: [this.named.get(x) ?? x], outputs: [output], attributes: {} });
      return;
    }
    this.named.set(x, output);
    const renamed = (all: readonly string[]) => (all.includes(x) ? all.map((one) => (one === x ? output : one)) : all);
    for (let i = maker; i < this.nodes.length; i++) {
      const { inputs, outputs, ...rest } = this.nodes[i] as Node;
      this.nodes[i] = { ...rest, inputs: renamed(inputs), outputs: renamed(outputs) };
    }
  }

  /** What `make` writes, once for all who ask by the same key. */
  once(key: string, make: () => string): string {
    const name = this.known.get(key) ?? make();
    this.known.set(key, name);
    return name;
  }

  /** A constant of few elements, once for all who read it. */
  constant(type: Type, values: readonly number[], shape: readonly number[] = [values.length]): string {
    const key = `${type} ${shape.join('×')}: ${values.map((value) => (Object.is(value, -0) ? '-0' : value)).join(' ')}`;
    return this.once(key, () => {
      const name = this.fresh(type);
      this.initializers.push({ name, type, shape, data: bytesOf(type, values) });
      return name;
    });
  }

  /** A number of an element type. */
  number(type: Type, value: number): string {
    return this.constant(type, [value], []);
  }

  /** int64 `[n]`. */
  ints(...values: number[]): string {
    return this.constant('int64', values);
  }

  /** A length, int64 `[1]`. */
  size(size: Size): string {
    if (size.fixed !== undefined) return this.ints(size.fixed);
    return this.once(`size ${size}`, () => {
      const terms = [...size.terms].map(([product, count]) => this.product(product === '' ? [] : product.split('*'), count));
      return terms.reduce((sum, term) => this.node('Add', [sum, term]));
    });
  }

  private product(axes: readonly string[], count: number): string {
    const lengths = axes.map((axis) => this.once(`size ${axis}`, () => this.axis(axis)));
    const factors = count === 1 && lengths.length > 0 ? lengths : [...lengths, this.ints(count)];
    return factors.reduce((product, factor) => this.node('Mul', [product, factor]));
  }

  private axis(name: string): string {
    const { input, axis } = this.axes.get(name) as { input: string; axis: number };
    return this.node('Shape', [input], { start: axis, end: axis + 1 });
  }

  /** Lengths, int64 `[n]`. */
  shape(sizes: readonly Size[]): string {
    const fixed = sizes.map((size) => size.fixed);
    if (fixed.every((length) => length !== undefined)) return this.ints(...(fixed as number[]));
    return this.once(`shape ${sizes.join(', ')}`, () => {
      const parts = sizes.map((size) => this.size(size));
      return parts.length === 1 ? (parts[0] as string) : this.node('Concat', parts, { axis: 0 });
    });
  }

  /** A length or number of the axes as a scalar of an element type. */
  scalar(type: Type, value: number | Size | Share): string {
    if (typeof value === 'number') return this.number(type, value);
    if (value instanceof Share) return this.node('Div', [this.number(type, value.factor), this.scalar(type, value.size)]);
    if (value.fixed !== undefined) return this.number(type, value.fixed);
    return this.once(`${type} ${value}`, () => {
      const scalar = this.node('Squeeze', [this.size(value), this.ints(0)]);
      return type === 'int64' ? scalar : this.cast(scalar, type);
    });
  }

  /** Elements as another type. */
  cast(x: string, type: Type): string {
    return this.node('Cast', [x], { to: types[type] });
  }

  /** Elements in another order of axes. */
  permute(x: string, order: readonly number[]): string {
    return order.every((axis, i) => axis === i) ? x : this.node('Transpose', [x], { perm: order });
  }

  /** New axes of length 1, at these places of the result. */
  unsqueeze(x: string, ...axes: number[]): string {
    return axes.length === 0 ? x : this.node('Unsqueeze', [x, this.ints(...axes)]);
  }

  /** Without these axes of length 1. */
  squeeze(x: string, ...axes: number[]): string {
    return axes.length === 0 ? x : this.node('Squeeze', [x, this.ints(...axes)]);
  }

  /** A reduction of axes that stay with length 1, or go. */
  reduce(type: string, x: string, axes: readonly number[], keep: boolean): string {
    const keepdims = keep ? 1 : 0;
    if (type === 'ReduceSum' || this.opset >= 18) return this.node(type, [x, this.ints(...axes)], { keepdims });
    return this.node(type, [x], { axes, keepdims });
  }

  /** `start`, `start + step`, … to before `end`. */
  range(type: 'int32' | 'int64', start: number | Size, end: number | Size, step = 1): string {
    return this.node('Range', [this.scalar(type, start), this.scalar(type, end), this.number(type, step)]);
  }
}
