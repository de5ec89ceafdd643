// LSTM and GRU, a step and whole sequences, from their papers' equations with PyTorch's layout of gates.
import type { Draw, Row } from '../draw.ts';
import * as n from '../interpreter.ts';
import { get, make, type Plain } from '../plain.ts';
import type { Slot } from '../program.ts';
import { affine } from './products.ts';

interface Weights {
  weightIh: Slot;
  weightHh: Slot;
  biasIh: Slot;
  biasHh: Slot;
}

type State = readonly (readonly n.Node[])[];

/** One row's step: from x and the state, h first, to the next state. */
type Cell = (x: readonly n.Node[], state: State, w: Weights) => State;

const weights = (d: Draw, gates: number, inputs: number, hidden: number): Weights => ({
  weightIh: d.like([gates * hidden, inputs]),
  weightHh: d.like([gates * hidden, hidden]),
  biasIh: d.like([gates * hidden]),
  biasHh: d.like([gates * hidden]),
});

/** Gates i f g o: `c = f·c′ + i·g`, `h = o·tanh(c)`. */
const lstmStep: Cell = (x, [h = [], c = []], w) => {
  const [outer, inner, size] = [affine(x, w.weightIh, w.biasIh), affine(h, w.weightHh, w.biasHh), h.length];
  const gate = (k: number, j: number) => n.add(outer[k * size + j] as n.Node, inner[k * size + j] as n.Node);
  const next = c.map((before, j) => n.add(n.mul(n.sigmoid(gate(1, j)), before), n.mul(n.sigmoid(gate(0, j)), n.tanh(gate(2, j)))));
  return [next.map((each, j) => n.mul(n.sigmoid(gate(3, j)), n.tanh(each))), next];
};

/** Gates r z n: `n = tanh(W x + b + r·(U h + b′))`, `h = (1 − z)·n + z·h′`. */
const gruStep: Cell = (x, [h = []], w) => {
  const [outer, inner, size] = [affine(x, w.weightIh, w.biasIh), affine(h, w.weightHh, w.biasHh), h.length];
  const both = (k: number, j: number) => n.sigmoid(n.add(outer[k * size + j] as n.Node, inner[k * size + j] as n.Node));
  const next = h.map((before, j) => {
    const fresh = n.tanh(n.add(outer[2 * size + j] as n.Node, n.mul(both(0, j), inner[2 * size + j] as n.Node)));
    const z = both(1, j);
    return n.add(n.mul(n.sub(n.one, z), fresh), n.mul(z, before));
  });
  return [next];
};

const rowOf = (x: Plain, lead: readonly number[]) => Array.from({ length: x.shape.at(-1) as number }, (_, i) => get(x, [...lead, i]));

const cell = (op: string, gates: number, step: Cell, form: 'one' | readonly string[]): Row => ({
  op,
  weight: 2,
  draw: (d) => {
    const x = d.ranked(2);
    const [batch, inputs] = x.shape as [number, number];
    const hidden = 1 + d.int(3);
    const states = (form === 'one' ? ['h'] : form).map(() => d.like([batch, hidden]));
    const w = weights(d, gates, inputs, hidden);
    const rows = Array.from({ length: batch }, (_, b) =>
      step(
        rowOf(x, [b]),
        states.map((s) => rowOf(s, [b])),
        w,
      ),
    );
    const results = states.map((_, k) => make([batch, hidden], ([b = 0, j = 0]) => rows[b]?.[k]?.[j] as n.Node));
    d.calls(op, [x, ...states, w], results, form);
  },
});

/** Steps that are real, from the first or from the last; a state stays at the others, where the output is 0. */
const sequence = (op: string, gates: number, step: Cell, form: readonly string[]): Row => ({
  op,
  weight: 2,
  refuses: true,
  draw: (d) => {
    const embedded = d.int(4) === 3;
    const x = embedded ? d.ranked(2) : d.ranked(3);
    const index = embedded ? d.index([1 + d.int(2), 1 + d.int(3)], x.shape[0] as number) : undefined;
    const [batch, steps] = (index ?? x).shape as [number, number];
    const hidden = 1 + d.int(3);
    d.need(batch * steps * hidden <= 4 * d.sizes.limit);
    const given = form.slice(1).map(() => d.int(3) !== 2);
    if (given.length === 2) given[1] = given[0] as boolean;
    const states = given.map((is) => (is ? d.like([batch, hidden]) : null));
    const w = weights(d, gates, x.shape.at(-1) as number, hidden);
    const mask = d.int(3) === 2 ? full(d, [batch, steps]) : undefined;
    const reverse = d.flag();
    const read = (b: number, t: number) => rowOf(x, index ? [get(index, [b, t]).value] : [b, t]);
    const zeros = Array.from({ length: hidden }, () => n.zero);
    const rows = Array.from({ length: batch }, (_, b) => {
      let state: State = states.map((s) => (s ? rowOf(s, [b]) : zeros));
      const output: (readonly n.Node[])[] = [];
      for (const t of reverse ? [...Array(steps).keys()].reverse() : Array(steps).keys()) {
        const real = !mask || get(mask, [b, t]).value === 1;
        if (real) state = step(read(b, t), state, w);
        output[t] = real ? (state[0] as readonly n.Node[]) : zeros;
      }
      return { output, state };
    });
    const output = make([batch, steps, hidden], ([b = 0, t = 0, j = 0]) => rows[b]?.output[t]?.[j] as n.Node);
    const last = states.map((_, k) => make([batch, hidden], ([b = 0, j = 0]) => rows[b]?.state[k]?.[j] as n.Node));
    const input = index ? { table: x, index } : x;
    const options = { ...(mask ? { mask } : {}), reverse };
    d.calls(op, [input, ...states, w, options], [output, ...last], form);
  },
});

/** A mask of this very shape. */
function full(d: Draw, shape: readonly number[]): Slot {
  const mask = d.mask(shape);
  d.need(mask.shape.length === shape.length && mask.shape.every((length, axis) => length === shape[axis]));
  return mask;
}

export const recurrent: Row[] = [
  cell('lstmCell', 4, lstmStep, ['h', 'c']),
  cell('gruCell', 3, gruStep, 'one'),
  sequence('lstm', 4, lstmStep, ['output', 'h', 'c']),
  sequence('gru', 3, gruStep, ['output', 'h']),
];
