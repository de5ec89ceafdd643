// A saved Layers model: its layers, and which feeds which.

import { Module } from '../nn/module.ts';
import { shown } from '../tensor/check.ts';
import { show } from '../tensor/shape.ts';
import { kindOf, Tensor } from '../tensor/tensor.ts';
import { type Config, type Layer, Parts, type Signal } from './layer.ts';
import { layerOf } from './table.ts';
import type { Weight } from './weights.ts';

/** An input or an output of a call of a layer: which layer, which of its calls, which of its tensors. */
type Link = readonly [name: string, call: number, tensor: number, ...rest: unknown[]];

/** A layer as model.json has it. */
interface Saved {
  class_name?: unknown;
  name?: unknown;
  config?: Config;
  inbound_nodes?: readonly unknown[];
}

/** An input of a loaded model. */
export interface LayersInput {
  /** The name of its input layer in the file. */
  readonly name: string;
  /** The shape of an example; `null` for a length that may vary. */
  readonly shape: readonly (number | null)[];
}

const isLink = (link: unknown): link is Link =>
  Array.isArray(link) && typeof link[0] === 'string' && Number.isInteger(link[1]) && Number.isInteger(link[2]);

/** Links of one input or several: a single one may stand by itself. */
function linksOf(what: string, value: unknown): readonly Link[] {
  const list = isLink(value) ? [value] : value;
  if (Array.isArray(list) && list.every(isLink)) return list;
  throw new Error(`loadLayersModel: ${what} must be lists of layer, call and tensor, got ${shown(value)}`);
}

/** The shape of an example that an input layer, or the first of a sequence, says. */
function shapeOf(config: Config): (number | null)[] | undefined {
  const shape = config.batch_input_shape ?? config.batch_shape ?? undefined;
  if (shape === undefined) return undefined;
  const right = Array.isArray(shape) && shape.every((length) => length === null || (Number.isSafeInteger(length) && length >= 0));
  if (!right) throw new TypeError(`loadLayersModel: batch_input_shape must be a list of lengths, got ${shown(shape)}`);
  return shape.slice(1);
}

const isRecord = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A sequence of layers as a graph: each feeds the next. */
function chained(layers: readonly Saved[]): { layers: Saved[]; inputs: Link[]; outputs: Link[] } {
  const [first] = layers;
  const shape = isRecord(first?.config) && shapeOf((first as Saved).config as Config);
  if (!first || !shape) throw new Error('loadLayersModel: the first layer must say the shape of its input, got none');
  const named =
    first.class_name === 'InputLayer'
      ? layers
      : [{ class_name: 'InputLayer', config: { name: 'input', batch_input_shape: [null, ...shape] } }, ...layers];
  const nameOf = (i: number) => String(named[i]?.config?.name);
  const all = named.map((layer, i) => ({ ...layer, name: nameOf(i), inbound_nodes: i ? [[[nameOf(i - 1), 0, 0, {}]]] : [] }));
  return { layers: all, inputs: [[nameOf(0), 0, 0]], outputs: [[nameOf(all.length - 1), 0, 0]] };
}

/** A model that Keras or TensorFlow.js saved, with the layers as modules by their names. */
export class LayersModel extends Module {
  /** By the names in the file: their parameters are trained and saved under these. */
  readonly layers: Record<string, Layer> = {};
  /** In the order in which {@link predict} takes them. */
  readonly inputs: readonly LayersInput[];
  private readonly calls: { name: string; call: number; from: readonly Link[] }[] = [];
  private readonly entries: readonly Link[];
  private readonly results: readonly Link[];

  constructor(topology: unknown, weights: ReadonlyMap<string, Weight>) {
    super();
    const { class_name: kind, config } = Object(topology) as { class_name?: unknown; config?: Config & { layers?: readonly Saved[] } };
    const layers = Array.isArray(config) ? (config as readonly Saved[]) : config?.layers;
    if (!Array.isArray(layers) || !['Sequential', 'Model', 'Functional'].includes(String(kind)))
      throw new Error(`loadLayersModel: topology must be a Sequential or Functional model with layers, got ${shown(kind)}`);
    const graph =
      kind === 'Sequential'
        ? chained(layers)
        : { layers, inputs: linksOf('input_layers', config?.input_layers), outputs: linksOf('output_layers', config?.output_layers) };
    const taken = new Set<string>();
    const shapes = new Map<string, readonly (number | null)[]>();
    for (const saved of graph.layers) this.add(saved, weights, taken, shapes);
    const left = [...weights.keys()].filter((name) => !taken.has(name));
    if (left.length) throw new Error(`loadLayersModel: weights must each belong to a layer, got ${left.join(', ')} left over`);
    this.entries = graph.inputs;
    this.results = graph.outputs;
    this.inputs = graph.inputs.map(([name]) => ({ name, shape: shapes.get(name) ?? [] }));
  }

  private add(
    saved: Saved,
    weights: ReadonlyMap<string, Weight>,
    taken: Set<string>,
    shapes: Map<string, readonly (number | null)[]>,
  ): void {
    const { class_name: kind, config = {}, inbound_nodes: nodes = [] } = Object(saved) as Saved;
    const name = String(Object(saved).name ?? Object(config).name);
    if (!isRecord(saved) || !isRecord(config) || !Array.isArray(nodes))
      throw new TypeError(`loadLayersModel: layers must have a class, a config and a list of calls, got ${shown(saved)} for ${name}`);
    if (name === '__proto__' || Object.hasOwn(this.layers, name) || shapes.has(name))
      throw new Error(`loadLayersModel: layers must have names of their own, got ${shown(name)} again`);
    if (kind === 'InputLayer') {
      shapes.set(name, shapeOf(config) ?? []);
      return;
    }
    this.layers[name] = layerOf(String(kind), new Parts(name, config, weights, taken));
    nodes.forEach((node: unknown, call: number) => void this.calls.push({ name, call, from: linksOf(`inbound_nodes of ${name}`, node) }));
  }

  /** The outputs for inputs in the order of `inputs`, batch first; symbols are int32. Dropout and noise do nothing, so no key is needed. */
  predict(...inputs: readonly Tensor[]): Tensor[] {
    if (inputs.length !== this.inputs.length)
      throw new RangeError(`LayersModel: inputs must be ${this.inputs.map(({ name }) => name).join(', ')}, got ${inputs.length}`);
    const signals = new Map<string, readonly Signal[]>();
    this.entries.forEach((entry, i) => {
      const x = inputs[i];
      const { name, shape } = this.inputs[i] as LayersInput;
      const fits =
        x instanceof Tensor && x.rank === shape.length + 1 && shape.every((length, k) => length === null || length === x.shape[k + 1]);
      if (!fits) throw new RangeError(`LayersModel: ${name} must be [B, ${shape.map((n) => n ?? 'any').join(', ')}], got ${kindOf(x)}`);
      signals.set(`${entry[0]}:${entry[1]}`, [{ x }]);
    });
    // A call waits until all that feeds it is there: model.json lists layers in any order.
    let waiting = this.calls;
    while (waiting.length) {
      const ready = waiting.filter(({ from }) => from.every(([name, call]) => signals.has(`${name}:${call}`)));
      if (!ready.length)
        throw new Error(`LayersModel: layers must be fed from the inputs, got none for ${waiting.map(({ name }) => name).join(', ')}`);
      for (const { name, call, from } of ready) {
        const given = from.map(([other, at, k]) => signals.get(`${other}:${at}`)?.[k] as Signal);
        signals.set(`${name}:${call}`, (this.layers[name] as Layer).call(given));
      }
      waiting = waiting.filter((each) => !ready.includes(each));
    }
    return this.results.map(([name, call, k]) => {
      const found = signals.get(`${name}:${call}`)?.[k]?.x;
      if (!found) throw new Error(`LayersModel: outputs must come from layers, got none from ${name} at ${show([call, k])}`);
      return found;
    });
  }

  /** {@link predict} for models of one output. */
  forward(...inputs: readonly Tensor[]): Tensor {
    const [output, ...more] = this.predict(...inputs);
    if (!output || more.length)
      throw new Error(`LayersModel: forward must have one output to give, got ${this.results.length}; use predict`);
    return output;
  }
}
