// LSTM, GRU and SimpleRNN as Keras computes them. Where Saccade's fused ops compute the same they are used, otherwise the steps are ops.

import { param } from '../nn/module.ts';
import { add, concat, flip, gru, linear, lstm, mul, reshape, select, slice, stack, sub, where } from '../ops/index.ts';
import { tensor, zeros } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { activationOf, snake } from './activation.ts';
import { Layer, type Parts, type Signal, turned } from './layer.ts';

/** For each kind the number of gates, and the order in which Saccade (PyTorch) has those of Keras. */
const orders = { LSTM: [0, 1, 2, 3], GRU: [1, 0, 2], SimpleRNN: [0] } as const;

/** A kind of recurrent layer. */
export type Kind = keyof typeof orders;

/** Gates side by side `[rows, gates · D]` as rows `[gates · D, rows]`, in the order of ours. */
function gatesOf(values: Float32Array, rows: number, units: number, order: readonly number[]): Float32Array {
  const all = turned(values, rows, order.length * units); // [gates · D, rows]
  const gate = units * rows;
  const found = new Float32Array(all.length);
  order.forEach((from, to) => void found.set(all.subarray(from * gate, (from + 1) * gate), to * gate));
  return found;
}

/** An LSTM, a GRU or a simple recurrent layer, from one end or the other, with a state to start from or without. */
export class KerasRecurrent extends Layer {
  readonly weight_ih: Tensor;
  readonly weight_hh: Tensor;
  readonly bias_ih: Tensor;
  readonly bias_hh: Tensor;
  readonly sequences: boolean;
  private readonly kind: Kind;
  private readonly units: number;
  private readonly states: boolean;
  private readonly backwards: boolean;
  private readonly resetAfter: boolean;
  private readonly fused: boolean;
  private readonly activation: (x: Tensor) => Tensor;
  private readonly gate: (x: Tensor) => Tensor;

  constructor(kind: Kind, parts: Parts) {
    super();
    const { config, name } = parts;
    parts.never('stateful');
    this.kind = kind;
    this.units = parts.size('units');
    this.sequences = parts.flag('return_sequences', false);
    this.states = parts.flag('return_state', false);
    this.backwards = parts.flag('go_backwards', false);
    this.resetAfter = kind === 'GRU' && parts.flag('reset_after', false);
    const [activation, gate] = [config.activation ?? 'tanh', config.recurrent_activation ?? 'sigmoid'];
    this.activation = activationOf(name, activation);
    this.gate = activationOf(name, gate);
    const usual = snake(String(activation)) === 'tanh' && snake(String(gate)) === 'sigmoid';
    this.fused = usual && (kind === 'LSTM' || this.resetAfter);

    const [order, units] = [orders[kind], this.units];
    const width = order.length * units;
    const input = parts.shape('kernel')[0] ?? 0;
    const gates = (rows: number) => (values: Float32Array) => gatesOf(values, rows, units, order);
    this.weight_ih = parts.parameter('kernel', [input, width], gates(input), [width, input]);
    this.weight_hh = parts.parameter('recurrent_kernel', [units, width], gates(units), [width, units]);
    const biased = parts.flag('use_bias', true);
    const rows = this.resetAfter ? [2, width] : [width];
    const bias = (row: number) => (values: Float32Array) => gatesOf(values.slice(row * width, (row + 1) * width), 1, units, order);
    this.bias_ih = biased ? parts.parameter('bias', rows, bias(0), [width]) : param(() => zeros([width]));
    this.bias_hh = biased && this.resetAfter ? parts.parameter('bias', rows, bias(1), [width]) : param(() => zeros([width]));
  }

  call([input, ...initial]: readonly Signal[]): readonly Signal[] {
    const { x, mask } = input as Signal; // [B, T, I], [B, T]
    const state = initial.map((each) => each.x);
    const { output, last } = this.fused && !(mask && this.sequences) ? this.inOneOp(x, mask, state) : this.inSteps(x, mask, state);
    const y: Signal = this.sequences ? { x: this.backwards ? flip(output, 1) : output, mask } : { x: last[0] as Tensor };
    return this.states ? [y, ...last.map((each) => ({ x: each }))] : [y];
  }

  private get weights() {
    return { weightIh: this.weight_ih, weightHh: this.weight_hh, biasIh: this.bias_ih, biasHh: this.bias_hh };
  }

  private inOneOp(x: Tensor, mask: Tensor | undefined, [h = null, c = null]: (Tensor | null)[]) {
    const options = { ...(mask && { mask }), reverse: this.backwards };
    if (this.kind === 'GRU') {
      const found = gru(x, h, this.weights, options);
      return { output: found.output, last: [found.h] };
    }
    const found = lstm(x, h, c, this.weights, options);
    return { output: found.output, last: [found.h, found.c] };
  }

  /** Step by step. A step that is not real keeps the state, and gives the output before it once more. */
  private inSteps(x: Tensor, mask: Tensor | undefined, initial: Tensor[]) {
    const [batch = 0, steps = 0] = x.shape;
    const inputs = linear(x, this.weight_ih, this.bias_ih); // [B, T, gates · D]
    let state = Array.from({ length: this.kind === 'LSTM' ? 2 : 1 }, (_, i) => initial[i] ?? zeros([batch, this.units]));
    const outputs: Tensor[] = [];
    for (let i = 0; i < steps; i++) {
      const t = this.backwards ? steps - 1 - i : i;
      const next = this.step(select(inputs, 1, t), state);
      const real = mask && reshape(select(mask, 1, t), [batch, 1]);
      state = real ? next.map((each, k) => where(real, each, state[k] as Tensor)) : next;
      outputs[t] = state[0] as Tensor;
    }
    return { output: steps ? stack(outputs, 1) : zeros([batch, 0, this.units]), last: state };
  }

  private step(input: Tensor, [h, c]: Tensor[]): Tensor[] {
    const { units, gate, activation, weight_hh: u, bias_hh: b } = this;
    const part = (z: Tensor, i: number) => slice(z, 1, i * units, (i + 1) * units);
    const before = h as Tensor;
    if (this.kind === 'SimpleRNN') return [activation(add(input, linear(before, u)))];
    const all = linear(before, u, b);
    if (this.kind === 'LSTM') {
      const z = add(input, all);
      const kept = add(mul(gate(part(z, 1)), c as Tensor), mul(gate(part(z, 0)), activation(part(z, 2))));
      return [mul(gate(part(z, 3)), activation(kept)), kept];
    }
    const [r, z] = [gate(add(part(input, 0), part(all, 0))), gate(add(part(input, 1), part(all, 1)))];
    const recurrent = this.resetAfter ? mul(r, part(all, 2)) : linear(mul(r, before), slice(u, 0, 2 * units, 3 * units));
    const n = activation(add(part(input, 2), recurrent));
    return [add(mul(z, before), mul(sub(1, z), n))];
  }
}

/** A layer once forwards and once backwards, merged. */
export class Bidirectional extends Layer {
  readonly forwards: KerasRecurrent;
  readonly backwards: KerasRecurrent;
  private readonly merge: (a: Tensor, b: Tensor) => Tensor;

  constructor(parts: Parts) {
    super();
    const inner = parts.config.layer as { class_name?: unknown; config?: Record<string, unknown> } | undefined;
    const kind = String(inner?.class_name);
    if (!inner?.config || !Object.hasOwn(orders, kind))
      throw new Error(`loadLayersModel: layer of ${parts.name} must be among ${Object.keys(orders).join(', ')}, got ${kind}`);
    if (inner.config.return_state === true)
      throw new Error(`loadLayersModel: layer of ${parts.name} must return no state, got return_state`);
    const mode = String(parts.config.merge_mode ?? 'concat');
    const merged = Object.hasOwn(merges, mode) ? merges[mode] : undefined;
    if (!merged)
      throw new Error(`loadLayersModel: merge_mode of ${parts.name} must be among ${Object.keys(merges).join(', ')}, got ${mode}`);
    this.merge = merged;
    const one = (part: string, back: boolean) =>
      new KerasRecurrent(
        kind as Kind,
        parts.within(part, { ...inner.config, go_backwards: (inner.config?.go_backwards === true) !== back }),
      );
    this.forwards = one('forward', false);
    this.backwards = one('backward', true);
  }

  call([input]: readonly Signal[]): readonly Signal[] {
    const [a, b] = [this.forwards, this.backwards].map((each) => (each.call([input as Signal])[0] as Signal).x) as [Tensor, Tensor];
    const there = this.forwards.sequences;
    return [{ x: this.merge(a, there ? flip(b, 1) : b), ...(there && { mask: input?.mask }) }];
  }
}

const merges: Readonly<Record<string, (a: Tensor, b: Tensor) => Tensor>> = {
  concat: (a, b) => concat([a, b], -1),
  sum: add,
  mul,
  ave: (a, b) => mul(add(a, b), tensor(0.5)),
};
