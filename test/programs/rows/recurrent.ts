// LSTM and GRU, a step and whole sequences, from their papers' equations with PyTorch's layout of gates; memories and entities.
import type { Draw, Row } from '../draw.ts';
import * as n from '../interpreter.ts';
import { get, make, type Plain } from '../plain.ts';
import type { Slot } from '../program.ts';
import { softmaxOf } from './along.ts';
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

/** One example's step of a memory's heads (Graves, Wayne, Danihelka 2014, eq. 2–9). */
function remembered(x: readonly n.Node[], memory: State, before: State, { reads, writes }: { reads: number; writes: number }): State[] {
  const [heads, width, cells] = [reads + writes, memory[0]?.length ?? 0, memory.length];
  const said = [...x];
  const take = (count: number, f: (v: n.Node) => n.Node = (v) => v) => said.splice(0, count).map(f);
  const each = <T>(count: number, f: (h: number) => T) => Array.from({ length: count }, (_, h) => f(h));
  const inverse = (v: readonly n.Node[]) => n.div(n.one, n.sqrt(n.shift(n.dot(v, v), 1e-12)));
  const keys = each(heads, () => take(width, n.tanh));
  const strengths = take(heads, n.softplus);
  const gates = take(heads, n.sigmoid);
  const shifts = each(heads, () => softmaxOf(take(3)));
  const sharpness = take(heads, (v) => n.shift(n.softplus(v), 1));
  const [erase, addition] = [each(writes, () => take(width, n.sigmoid)), each(writes, () => take(width, n.tanh))];
  const get = (list: readonly n.Node[] | undefined, i: number) => list?.[(i + cells) % cells] as n.Node;
  const weights = keys.map((key, h) => {
    const [strength, gate, sharp] = [strengths[h], gates[h], sharpness[h]] as [n.Node, n.Node, n.Node];
    const scores = memory.map((cell) => n.mul(strength, n.mul(n.dot(key, cell), n.mul(inverse(key), inverse(cell)))));
    const gated = softmaxOf(scores).map((v, i) => n.add(n.mul(gate, v), n.mul(n.sub(n.one, gate), get(before[h], i))));
    const moved = gated.map((_, i) => n.dot(shifts[h] as readonly n.Node[], [get(gated, i + 1), get(gated, i), get(gated, i - 1)]));
    return softmaxOf(moved.map((v) => n.mul(sharp, n.log(n.shift(v, 1e-12)))));
  });
  const column = (rows: State, c: number) => rows.map((row) => row[c] as n.Node);
  const read = weights.slice(0, reads).map((w) => each(width, (c) => n.dot(w, column(memory, c))));
  const after = memory.map((cell, i) =>
    cell.map((value, c) => {
      const own = (h: number) => weights[reads + h]?.[i] as n.Node;
      const kept = erase.reduce((v, e, h) => n.mul(v, n.sub(n.one, n.mul(own(h), e[c] as n.Node))), value);
      return addition.reduce((v, a, h) => n.add(v, n.mul(own(h), a[c] as n.Node)), kept);
    }),
  );
  return [weights, read, after];
}

const memoryStep: Row = {
  op: 'memoryStep',
  refuses: true,
  weight: 3,
  draw: (d) => {
    const [batch, cells, width] = [1 + d.int(2), 3 + d.int(2), 1 + d.int(3)];
    const [reads, writes] = [1 + d.int(2), d.int(3)];
    const heads = reads + writes;
    const memory = d.like([batch, cells, width]);
    const before = d.fresh([batch, heads, cells], [0.0625, 0.3125]);
    const x = d.fresh([batch, heads * (width + 6) + 2 * writes * width]);
    const states = (of: Plain, b: number, count: number) => Array.from({ length: count }, (_, i) => rowOf(of, [b, i]));
    const rows = Array.from({ length: batch }, (_, b) =>
      remembered(rowOf(x, [b]), states(memory, b, cells), states(before, b, heads), { reads, writes }),
    );
    const result = (k: number, count: number, size: number) =>
      make([batch, count, size], ([b = 0, i = 0, j = 0]) => rows[b]?.[k]?.[i]?.[j] as n.Node);
    const results = [result(0, heads, cells), result(1, reads, width), writes > 0 ? result(2, cells, width) : memory];
    d.calls('memoryStep', [x, memory, before, { reads, writes }], results, ['weights', 'read', 'memory']);
  },
};

/** A story as entities hear it (Henaff et al. 2017, eq. 3–5). */
const entityStates: Row = {
  op: 'entityStates',
  weight: 3,
  draw: (d) => {
    const sentences = d.ranked(3);
    const [batch, steps, width] = sentences.shape as [number, number, number];
    const slots = 1 + d.int(2);
    d.need(batch * (steps + 1) * slots * width <= 4 * d.sizes.limit && steps <= 3);
    const states = d.fresh([batch, slots, width]);
    const square = [width, width];
    const [keys, gateBias, stateWeight, stateBias] = [d.like([slots, width]), d.like([slots]), d.like(square), d.like([width])];
    const [sentenceWeight, keyWeight, slopes] = [d.like(square), d.like(square), d.fresh([width], [-1, 1])];
    const mask = d.int(3) === 2 ? full(d, [batch, steps]) : undefined;
    const results = Array.from({ length: batch }, (_, b) => {
      let h: State = Array.from({ length: slots }, (_, j) => rowOf(states, [b, j]));
      const [all, gates]: [State[], n.Node[][]] = [[h], []];
      for (const t of Array(steps).keys()) {
        const s = rowOf(sentences, [b, t]);
        const real = !mask || get(mask, [b, t]).value === 1;
        const own = h.map((before, j) => n.sigmoid(n.add(n.dot(s, before), n.add(n.dot(s, rowOf(keys, [j])), get(gateBias, [j])))));
        gates.push(own.map((gate) => (real ? gate : n.zero)));
        if (real) {
          const driven = affine(s, sentenceWeight, stateBias);
          h = h.map((before, j) => {
            const [from, by] = [affine(before, stateWeight), affine(rowOf(keys, [j]), keyWeight)];
            const moved = before.map((x, k) => {
              const z = n.add(n.add(from[k] as n.Node, driven[k] as n.Node), by[k] as n.Node);
              d.need(n.apart(z, n.zero)); // where it bends
              return n.add(x, n.mul(own[j] as n.Node, z.value > 0 ? z : n.mul(get(slopes, [k]), z)));
            });
            const length = n.sqrt(n.dot(moved, moved));
            d.need(length.value >= 0.25);
            return moved.map((x) => n.div(x, length));
          });
        }
        all.push(h);
      }
      return { all, gates };
    });
    const out = make([batch, steps + 1, slots, width], ([b = 0, t = 0, j = 0, k = 0]) => results[b]?.all[t]?.[j]?.[k] as n.Node);
    const gates = make([batch, steps, slots], ([b = 0, t = 0, j = 0]) => results[b]?.gates[t]?.[j] as n.Node);
    const w = { keys, gateBias, stateWeight, stateBias, sentenceWeight, keyWeight, slopes };
    d.calls('entityStates', [sentences, states, w, mask ? { mask } : {}], [out, gates], ['states', 'gates']);
  },
};

export const recurrent: Row[] = [
  cell('lstmCell', 4, lstmStep, ['h', 'c']),
  cell('gruCell', 3, gruStep, 'one'),
  sequence('lstm', 4, lstmStep, ['output', 'h', 'c']),
  sequence('gru', 3, gruStep, ['output', 'h']),
  memoryStep,
  entityStates,
];
