import { concat, gru, gruCell, lstm, lstmCell, reshape } from '../../../src/ops/index.ts';
import type { SequenceOptions } from '../../../src/ops/sequence.ts';
import { tensor } from '../../../src/tensor/create.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { at, type Plain, joined as plainly, range, total } from '../plain.ts';
import type { Input, OpRow } from '../row.ts';

/** Row 0 is whole, row 1 padded, row 2 has a gap. */
const mask = () =>
  tensor([
    [true, true, true, true],
    [true, true, false, false],
    [true, false, true, false],
  ]);

const [B, T, I, H] = [3, 4, 3, 5];

const weights = (gates: number): Input[] => [
  { shape: [gates * H, I], domain: [-1, 1] },
  { shape: [gates * H, H], domain: [-1, 1] },
  { shape: [gates * H], domain: [-1, 1] },
  { shape: [gates * H], domain: [-1, 1] },
];

const named = ([weightIh, weightHh, biasIh, biasHh]: Tensor[]) =>
  ({ weightIh, weightHh, biasIh, biasHh }) as { weightIh: Tensor; weightHh: Tensor; biasIh: Tensor; biasHh: Tensor };

/** All results in one row of numbers. */
const joined = (...results: Tensor[]) => concat(results.map((y) => reshape(y, [y.size])));

const MASK = [[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 1, 0]]; // biome-ignore format: rows

type States = { h: number[]; c: number[] };
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Row `gate · H + j` of `W x + b`. */
const part = (w: Plain, b: Plain, x: readonly number[], gate: number, j: number) =>
  (b.values[gate * H + j] as number) + total(x.map((v, i) => v * at(w, [gate * H + j, i])));

/** PyTorch's LSTM: gates i f g o. */
function lstmStep(x: readonly number[], { h, c }: States, [wi, wh, bi, bh]: Plain[]): States {
  const gate = (g: number, j: number) => part(wi as Plain, bi as Plain, x, g, j) + part(wh as Plain, bh as Plain, h, g, j);
  const cell = c.map((own, j) => sigmoid(gate(1, j)) * own + sigmoid(gate(0, j)) * Math.tanh(gate(2, j)));
  return { h: cell.map((own, j) => sigmoid(gate(3, j)) * Math.tanh(own)), c: cell };
}

/** PyTorch's GRU: gates r z n, the reset gate behind the state's product. */
function gruStep(x: readonly number[], { h, c }: States, [wi, wh, bi, bh]: Plain[]): States {
  const [input, state] = [wi as Plain, wh as Plain].map(
    (w, k) => (g: number, j: number) => part(w, (k ? bh : bi) as Plain, k ? h : x, g, j),
  ) as [(g: number, j: number) => number, (g: number, j: number) => number];
  const both = (g: number, j: number) => sigmoid(input(g, j) + state(g, j));
  const next = h.map((own, j) => (1 - both(1, j)) * Math.tanh(input(2, j) + both(0, j) * state(2, j)) + both(1, j) * own);
  return { h: next, c };
}

type Step = typeof lstmStep;
const rowOf = (x: Plain, ...index: number[]) => range(x.shape.at(-1) as number).map((i) => at(x, [...index, i]));
const zero = () => range(H).map(() => 0);

/** A row at a time, where the mask is 0 the state stays and the output is 0; all outputs, then the last states. */
function sequenceOf(
  step: Step,
  x: (b: number, t: number) => number[],
  first: (b: number) => States,
  w: Plain[],
  { masked = false, back = false } = {},
): Plain[] {
  const runs = range(B).map((b) => {
    const outputs: number[][] = range(T).map(zero);
    let state = first(b);
    for (const i of range(T)) {
      const t = back ? T - 1 - i : i;
      if (masked && !MASK[b]?.[t]) continue;
      state = step(x(b, t), state, w);
      outputs[t] = state.h;
    }
    return { outputs, state };
  });
  const plain = (values: number[]): Plain => ({ shape: [values.length], values });
  return [
    plain(runs.flatMap(({ outputs }) => outputs.flat())),
    plain(runs.flatMap(({ state }) => state.h)),
    plain(runs.flatMap(({ state }) => state.c)),
  ];
}

/** A step of each row of a batch. */
const stepOf = (step: Step, x: Plain, h: Plain, c: Plain, w: Plain[]) =>
  range(B).map((b) => step(rowOf(x, b), { h: rowOf(h, b), c: rowOf(c, b) }, w));
const matrix = (rows: number[][]): Plain => ({ shape: [rows.length, H], values: rows.flat() });
const symbolAt = (rows: number, b: number, t: number) => ((b * T + t) * 7) % rows;
const none = () => ({ h: zero(), c: zero() });

const modes: [string, () => SequenceOptions][] = [
  ['forward', () => ({})],
  ['reverse', () => ({ reverse: true })],
  ['masked', () => ({ mask: mask() })],
  ['masked reverse', () => ({ mask: mask(), reverse: true })],
];

const cells: OpRow[] = [
  {
    op: 'lstmCell',
    f: (x, h, c, ...w) => {
      const y = lstmCell(x as Tensor, h as Tensor, c as Tensor, named(w));
      return joined(y.h, y.c);
    },
    inputs: [{ shape: [B, I] }, { shape: [B, H] }, { shape: [B, H] }, ...weights(4)],
    value: (x, h, c, ...w) => {
      const states = stepOf(lstmStep, x as Plain, h as Plain, c as Plain, w);
      return plainly(matrix(states.map((s) => s.h)), matrix(states.map((s) => s.c)));
    },
  },
  {
    op: 'gruCell',
    f: (x, h, ...w) => gruCell(x as Tensor, h as Tensor, named(w)),
    inputs: [{ shape: [B, I] }, { shape: [B, H] }, ...weights(3)],
    value: (x, h, ...w) => matrix(stepOf(gruStep, x as Plain, h as Plain, h as Plain, w).map((s) => s.h)),
  },
  {
    op: 'gruCell',
    name: 'twice, the second on the first',
    f: (x, h, ...w) => gruCell(x as Tensor, gruCell(x as Tensor, h as Tensor, named(w)), named(w)),
    inputs: [{ shape: [B, I] }, { shape: [B, H] }, ...weights(3)],
    value: (x, h, ...w) => {
      const once = matrix(stepOf(gruStep, x as Plain, h as Plain, h as Plain, w).map((s) => s.h));
      return matrix(stepOf(gruStep, x as Plain, once, once, w).map((s) => s.h));
    },
  },
];

const sequences = modes.flatMap(([name, options]): OpRow[] => [
  {
    op: 'lstm',
    name,
    f: (x, h, c, ...w) => {
      const y = lstm(x as Tensor, h as Tensor, c as Tensor, named(w), options());
      return joined(y.output, y.h, y.c);
    },
    inputs: [{ shape: [B, T, I] }, { shape: [B, H] }, { shape: [B, H] }, ...weights(4)],
    value: (x, h, c, ...w) => {
      const how = { masked: name.includes('masked'), back: name.includes('reverse') };
      return plainly(
        ...sequenceOf(
          lstmStep,
          (b, t) => rowOf(x as Plain, b, t),
          (b) => ({ h: rowOf(h as Plain, b), c: rowOf(c as Plain, b) }),
          w,
          how,
        ),
      );
    },
    second: false,
  },
  {
    op: 'gru',
    name,
    f: (x, h, ...w) => {
      const y = gru(x as Tensor, h as Tensor, named(w), options());
      return joined(y.output, y.h);
    },
    inputs: [{ shape: [B, T, I] }, { shape: [B, H] }, ...weights(3)],
    value: (x, h, ...w) => {
      const how = { masked: name.includes('masked'), back: name.includes('reverse') };
      return plainly(
        ...sequenceOf(
          gruStep,
          (b, t) => rowOf(x as Plain, b, t),
          (b) => ({ h: rowOf(h as Plain, b), c: [] }),
          w,
          how,
        ),
      );
    },
    second: false,
  },
]);

/** Without a state, and from symbols of a table: three rows, fewer than there are symbols, and nineteen, more. */
const embedded = [3, 19].flatMap((rows): OpRow[] => {
  const index = () =>
    tensor(
      Int32Array.from({ length: B * T }, (_, i) => (i * 7) % rows),
      { shape: [B, T] },
    );
  return [
    {
      op: 'lstm',
      name: `symbols of a table of ${rows}, no state`,
      f: (table, ...w) => {
        const y = lstm({ table: table as Tensor, index: index() }, null, null, named(w), { mask: mask(), reverse: true });
        return joined(y.output, y.h, y.c);
      },
      inputs: [{ shape: [rows, I] }, ...weights(4)],
      value: (table, ...w) =>
        plainly(...sequenceOf(lstmStep, (b, t) => rowOf(table as Plain, symbolAt(rows, b, t)), none, w, { masked: true, back: true })),
      second: false,
    },
    {
      op: 'gru',
      name: `symbols of a table of ${rows}, no state`,
      f: (table, ...w) => {
        const y = gru({ table: table as Tensor, index: index() }, null, named(w));
        return joined(y.output, y.h);
      },
      inputs: [{ shape: [rows, I] }, ...weights(3)],
      value: (table, ...w) => plainly(...sequenceOf(gruStep, (b, t) => rowOf(table as Plain, symbolAt(rows, b, t)), none, w).slice(0, 2)),
      second: false,
    },
  ];
});

export const recurrent: OpRow[] = [...cells, ...sequences, ...embedded];
