import { describe, expect, it } from 'vitest';
import { backward } from '../../src/autograd/backward.ts';
import { Embedding } from '../../src/nn/embedding.ts';
import { GRU, LSTM } from '../../src/nn/recurrent.ts';
import { mul, sum } from '../../src/ops/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import { SGD } from '../../src/train/optimizers/sgd.ts';
import { list } from './row.ts';

const index = () =>
  tensor(
    [
      [2, 0, 1],
      [1, 2, 2],
    ],
    { dtype: 'int32' },
  );
const [N, E] = [4, 3];

describe('the padding of an embedding', () => {
  const padded = (paddingIndex?: number) =>
    new Embedding({ symbols: N, size: E, ...(paddingIndex !== undefined && { paddingIndex }) }, key(1));

  it('is a row of zeros at first; the others are drawn as without', () => {
    const [all, plain] = [list(padded(2).weight), list(padded().weight)];
    expect(all.slice(2 * E, 3 * E)).toEqual([0, 0, 0]);
    expect(all.toSpliced(2 * E, E)).toEqual(plain.toSpliced(2 * E, E));
    expect([...padded(2).stateDict().keys()]).toEqual(['weight']);
  });

  it('gets no gradient, and the others the one they have without', () => {
    const gradient = (paddingIndex?: number) => {
      const module = padded(paddingIndex);
      scope(() =>
        backward(
          sum(
            mul(
              module.forward(index()),
              tensor([
                [[1], [2], [3]],
                [[4], [5], [6]],
              ]),
            ),
          ),
        ),
      );
      return list(module.weight.grad as NonNullable<typeof module.weight.grad>);
    };
    // symbol 0 stands once, with 2; symbol 1 with 3 + 4; symbol 2 with 1 + 5 + 6; symbol 3 nowhere
    expect(gradient()).toEqual([2, 2, 2, 7, 7, 7, 12, 12, 12, 0, 0, 0]);
    expect(gradient(2)).toEqual([2, 2, 2, 7, 7, 7, 0, 0, 0, 0, 0, 0]);
    expect(gradient(0)).toEqual([0, 0, 0, 7, 7, 7, 12, 12, 12, 0, 0, 0]);
  });

  it('gets none even where the gradient that reaches it is no number', () => {
    const module = padded(2);
    scope(() =>
      backward(
        sum(
          mul(
            module.forward(index()),
            tensor([
              [[Number.NaN], [2], [3]],
              [[4], [5], [6]],
            ]),
          ),
        ),
      ),
    );
    expect(list(module.weight.grad as NonNullable<typeof module.weight.grad>).slice(2 * E, 3 * E)).toEqual([0, 0, 0]);
  });

  it.each([
    ['LSTM', LSTM],
    ['GRU', GRU],
  ] as const)('gets none through a table that an %s reads', (_, Kind) => {
    const rnn = new Kind({ input: E, hidden: 2 }, key(2));
    const run = (read: 'forward' | 'lookup') => {
      const module = padded(2);
      scope(() => backward(sum(rnn.forward(module[read](index())).output)));
      return list(module.weight.grad as NonNullable<typeof module.weight.grad>);
    };
    const [unread, looked] = [run('lookup'), run('forward')];
    expect(unread.slice(2 * E, 3 * E)).toEqual([0, 0, 0]);
    unread.forEach((g, i) => {
      expect(g).toBeCloseTo(looked[i] as number, 6);
    });
  });

  it('is what a file says, and stays that while the others learn', () => {
    const module = padded(2);
    module.weight.view().fill(5);
    const optimizer = new SGD(module.stateDict(), { lr: 1 });
    scope(() => {
      const y = module.forward(index());
      expect(list(y).every((value) => value === 5)).toBe(true);
      backward(sum(y));
      optimizer.step();
    });
    expect(list(module.weight)).toEqual([4, 4, 4, 3, 3, 3, 5, 5, 5, 5, 5, 5]);
  });

  it('is a symbol', () => {
    expect(() => padded(4)).toThrow('Embedding: paddingIndex must be below the 4 symbols, got 4');
    expect(() => padded(-1)).toThrow('Embedding: paddingIndex must be a whole number from 0, got -1');
  });
});
