import { describe, it } from 'vitest';
import { GRUCell, LSTMCell, RNNCell } from '../../src/nn/cells.ts';
import { GRU, LSTM, RNN } from '../../src/nn/recurrent.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { type Case, cases, expectParity, stored } from './fixture.ts';

type Options = { input: number; hidden: number; layers: number; bidirectional: boolean };

const loaded = <M extends { loadStateDict(dict: ReadonlyMap<string, Tensor>): void }>(module: M, from: Case): M => {
  module.loadStateDict(stored(from));
  return module;
};

describe('LSTM equals PyTorch', () => {
  it.each(cases('lstm').map((c) => [c.name, c] as const))('%s', (_, from) => {
    const module = loaded(new LSTM(from.options as Options, key(1)), from);
    expectParity(from, module.stateDict(), ({ x, mask, h, c }) => {
      const { output, state } = module.forward(x as Tensor, { ...(mask && { mask }), ...(h && c && { state: { h, c } }) });
      return { output, ...state };
    });
  });
});

describe.each([
  ['rnn', RNN],
  ['gru', GRU],
] as const)('%s equals PyTorch', (file, Kind) => {
  it.each(cases(file).map((c) => [c.name, c] as const))('%s', (_, from) => {
    const module = loaded(new Kind(from.options as Options, key(1)), from);
    expectParity(from, module.stateDict(), ({ x, mask, h }) => {
      const { output, state } = module.forward(x as Tensor, { ...(mask && { mask }), ...(h && { state: { h } }) });
      return { output, ...state };
    });
  });
});

describe('cells equal PyTorch', () => {
  const named = new Map(cases('cells').map((c) => [c.name, c]));
  it.each([
    ['RNNCell', RNNCell],
    ['GRUCell', GRUCell],
  ] as const)('%s', (name, Kind) => {
    const from = named.get(name) as Case;
    const cell = loaded(new Kind(from.options as Options, key(1)), from);
    expectParity(from, cell.stateDict(), ({ x, h }) => cell.step(x as Tensor, { h: h as Tensor }).state);
  });

  it('LSTMCell', () => {
    const from = named.get('LSTMCell') as Case;
    const cell = loaded(new LSTMCell(from.options as Options, key(1)), from);
    expectParity(from, cell.stateDict(), ({ x, h, c }) => cell.step(x as Tensor, { h: h as Tensor, c: c as Tensor }).state);
  });
});
