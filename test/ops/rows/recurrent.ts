import { concat, gru, gruCell, lstm, lstmCell, reshape } from '../../../src/ops/index.ts';
import type { SequenceOptions } from '../../../src/ops/recurrent.ts';
import { tensor } from '../../../src/tensor/create.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
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
  },
  {
    op: 'gruCell',
    f: (x, h, ...w) => gruCell(x as Tensor, h as Tensor, named(w)),
    inputs: [{ shape: [B, I] }, { shape: [B, H] }, ...weights(3)],
  },
  {
    op: 'gruCell',
    name: 'twice, the second on the first',
    f: (x, h, ...w) => gruCell(x as Tensor, gruCell(x as Tensor, h as Tensor, named(w)), named(w)),
    inputs: [{ shape: [B, I] }, { shape: [B, H] }, ...weights(3)],
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
      second: false,
    },
  ];
});

export const recurrent: OpRow[] = [...cells, ...sequences, ...embedded];
