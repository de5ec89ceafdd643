// The Neural Turing Machine (Graves, Wayne, Danihelka 2014, eq. 2–9) and the RL-NTM, an example at a time, from their papers.
import { movesOf, STEPS } from '../models/machines.ts';
import { real } from '../nn/row.ts';
import { tokensOf } from './models.ts';
import type { Equation } from './modules.ts';
import {
  affine,
  at,
  dot,
  logSoftmax,
  type Matrix,
  plus,
  range,
  rowsOf,
  scaled,
  sigmoid,
  softmax,
  tanh,
  total,
  type Vector,
  zeros,
} from './plain.ts';
import { linear, lstm, run, type State } from './recurrent.ts';
import { rows, type Weights } from './weights.ts';

/** How many heads there are, and how far they move. */
export interface Heads {
  reads: number;
  writes: number;
  reach: number;
}

/** A memory [N, W] with what was read, [reads, W], and where the heads were, [H, N]. */
export interface Remembered {
  memory: Matrix;
  read: Matrix;
  weights: Matrix;
}

const softplus = (x: Vector): Vector => x.map((v) => Math.log(1 + Math.exp(v)));
const norm = (x: Vector) => Math.sqrt(total(x.map((v) => v * v)) + 1e-12);

/** One step of heads that follow `x`; the rows of the map are keys, strengths, gates, shifts, sharpness, what to erase and what to add. */
export function stepHeads(w: Weights, x: Vector, { memory, weights }: Omit<Remembered, 'read'>, heads: Heads): Remembered {
  const { reads, writes, reach } = heads;
  const [count, width, moves] = [reads + writes, at(memory, 0).length, 2 * reach + 1];
  const said = [...affine(w.matrix('map.weight'), x, w.vector('map.bias'))].map((v) => Math.max(-20, Math.min(20, v)));
  const take = (n: number) => said.splice(0, n);
  const keys = rowsOf(take(count * width), width).map(tanh);
  const [strengths, gates] = [softplus(take(count)), sigmoid(take(count))];
  const shifts = rowsOf(take(count * moves), moves).map(softmax);
  const sharpness = softplus(take(count)).map((v) => 1 + v);
  const erase = rowsOf(take(writes * width), width).map(sigmoid);
  const addition = rowsOf(take(writes * width), width).map(tanh);
  const now = range(count).map((h): Vector => {
    const key = at(keys, h);
    const content = softmax(memory.map((cell) => (at(strengths, h) * dot(key, cell)) / (norm(key) * norm(cell))));
    const gated = plus(scaled(content, at(gates, h)), scaled(at(weights, h), 1 - at(gates, h)));
    const n = gated.length;
    const moved = gated.map((_, i) => total(range(moves).map((j) => at(at(shifts, h), j) * at(gated, (i - (j - reach) + n) % n))));
    const sharp = moved.map((v) => (v + 1e-12) ** at(sharpness, h));
    return scaled(sharp, 1 / total(sharp));
  });
  const column = (c: number) => memory.map((cell) => at(cell, c));
  const writing = now.slice(reads);
  return {
    weights: now,
    read: now.slice(0, reads).map((own) => range(width).map((c) => dot(own, column(c)))),
    memory: memory.map((cell, i) =>
      cell.map((value, c) => {
        const kept = writing.reduce((v, own, h) => v * (1 - at(own, i) * at(at(erase, h), c)), value);
        return kept + total(writing.map((own, h) => at(own, i) * at(at(addition, h), c)));
      }),
    ),
  };
}

/** The machine along inputs: logits, and where its heads were, of each step. */
export function machine(
  w: Weights,
  inputs: Matrix,
  options: Heads & { cells: number; width: number; hidden: number; layers: number; peaked: boolean; empty: boolean },
): { outputs: Matrix; weights: Matrix[] } {
  const { cells, width, hidden, layers, peaked, empty } = options;
  let states: State[] = range(layers).map(() => ({ h: zeros(hidden), c: zeros(hidden) }));
  let now: Remembered = {
    memory: empty ? range(cells).map(() => zeros(width).map(() => 1e-6)) : w.matrix('contents'),
    read: w.matrix('read').map(tanh),
    weights: w.matrix('weights').map((row) => softmax(row.map((v, i) => v - (peaked ? i : 0)))),
  };
  const weights: Matrix[] = [];
  const outputs = inputs.map((input) => {
    let said: Vector = [...input, ...now.read.flat()];
    if (layers === 0) said = tanh(affine(w.matrix('layer.weight'), said, w.vector('layer.bias')));
    states = states.map((state, i) => {
      const next = lstm(w.within(`layers.${i}`), '', said, state);
      said = next.h;
      return next;
    });
    now = stepHeads(w.within('heads'), said, now, options);
    weights.push(now.weights);
    return affine(w.matrix('output.weight'), [...said, ...now.read.flat()], w.vector('output.bias'));
  });
  return { outputs, weights };
}

const given = (e: number, shape: readonly number[], seed: number): Matrix => rows(real([e], shape, seed));

/** Both kinds of weights lie step by step. */
const turing =
  ({ reads = 1, writes = 1, reach = 1, layers = 1, peaked = true, empty = true }): Equation =>
  (w, e) => {
    const options = { reads, writes, reach, layers, peaked, empty, cells: 5, width: 4, hidden: 6 };
    const { outputs, weights } = machine(w, given(e, [4, 3], 1), options);
    const part = (from: number, to?: number) => weights.flatMap((heads) => heads.slice(from, to).flat());
    return [...outputs.flat(), ...part(0, reads), ...part(reads)];
  };

const memoryHeads: Equation = (w, e) => {
  const before = { memory: given(e, [5, 4], 2), weights: given(e, [3, 5], 3).map(softmax) };
  const { read, memory, weights } = stepHeads(w, at(given(e, [6], 1), 0), before, { reads: 2, writes: 1, reach: 2 });
  return [...read.flat(), ...memory.flat(), ...weights.flat()];
};

/** The tapes of an RL-NTM (Zaremba and Sutskever 2015, §4–6), moves given: logits, log-probabilities of the moves and gains. */
const tapes =
  ({ cells = 0, reach = 0, direct = true, back = false }): Equation =>
  (w, e) => {
    const [C, hidden, length] = [7, 6, 4];
    const input = tokensOf(e, length, C, 1);
    const target = tokensOf(e, 3, C, 2);
    const ways = [back ? 3 : 2, ...(cells ? [3] : []), 2];
    const hot = (i: number, n: number): Vector => range(n).map((k) => (k === i ? 1 : 0));
    const around = range(2 * reach + 1).map((k) => k - reach);
    const wrap = (i: number) => (i + cells) % cells;
    let state: State = { h: zeros(hidden), c: zeros(hidden) };
    let tape: Matrix = range(cells).map((i) => (i === 0 ? hot(0, C) : zeros(C)));
    let [head, memory, written] = [0, 0, 0];
    let moved: Vector = zeros(total(ways));
    const steps = range(STEPS).map((t) => {
      const shown = around.map((k) => (head + k >= 0 && head + k < length ? hot(at(input, head + k), C) : zeros(C)));
      const kept = cells ? around.map((k) => at(tape, wrap(memory + k))) : [];
      state = lstm(w.within('lstm'), '', [...moved, ...shown.flat(), ...kept.flat()], state);
      const map = (name: string) => affine(w.matrix(`${name}.weight`), state.h, w.vector(`${name}.bias`));
      const gates = direct ? map('gates') : [];
      const logits = plus(map('output'), ...(direct ? [...shown, ...kept].map((row, k) => scaled(row, at(gates, k))) : []));
      const moves = ways.map((n, i) => at(movesOf(n, i), t));
      const all = map('moves');
      let from = 0;
      const logs = ways.map((n, i) => {
        const own = all.slice(from, from + n);
        from += n;
        const left = target.length - written;
        const forced = left > 0 && left === STEPS - t;
        const may = (move: number) => {
          if (i === 0) return move === 0 || (move === 1 ? head < length - 1 : head > 0);
          return i < ways.length - 1 || (move === 0 ? !forced : left > 0);
        };
        const open = own.map((v, move) => (may(move) ? v : -Infinity));
        return at(logSoftmax(open), at(moves, i));
      });
      const writes = at(moves, -1) === 1;
      const gain = writes ? at(logSoftmax(logits), at(target, written)) : 0;
      if (cells) {
        const said = map('writes');
        const next = tape.map((cell) => [...cell]);
        around.forEach((k, row) => {
          const added = direct
            ? plus(...shown.map((sign, j) => scaled(sign, at(gates, 2 * around.length + row * around.length + j))))
            : tanh(said.slice(around.length + row * C, around.length + (row + 1) * C));
          next[wrap(memory + k)] = [...plus(scaled(at(tape, wrap(memory + k)), at(sigmoid(said), row)), added)];
        });
        tape = next;
      }
      const way = (move: number) => (move === 2 ? -1 : move);
      head += way(at(moves, 0));
      if (cells) memory = wrap(memory + way(at(moves, 1)));
      written += at(moves, -1);
      moved = ways.flatMap((n, i) => hot(at(moves, i), n));
      return { logits, logs, gain };
    });
    return [...steps.flatMap(({ logits }) => logits), ...steps.flatMap(({ logs }) => logs), ...steps.map(({ gain }) => gain)];
  };

const recurrentBaseline: Equation = (w, e) =>
  run(lstm, w.within('lstm'), given(e, [4, 3], 1), { hidden: 4 }).outputs.map((h) => at(linear(w, 'linear', h), 0));

/** By the title of the row. */
export const machineEquations: Record<string, Equation> = {
  MemoryHeads: memoryHeads,
  NeuralTuringMachine: turing({}),
  'NeuralTuringMachine: several heads, two LSTMs': turing({ reads: 2, writes: 2, reach: 2, layers: 2, peaked: false }),
  TapeMachine: tapes({}),
  'TapeMachine: a memory tape, direct': tapes({ cells: 5, reach: 1, back: true }),
  'TapeMachine: a memory tape, through the LSTM': tapes({ cells: 5, reach: 1, direct: false }),
  RecurrentBaseline: recurrentBaseline,
  'NeuralTuringMachine: no LSTM': turing({ reads: 2, layers: 0 }),
  'NeuralTuringMachine: learned contents': turing({ empty: false }),
};
