// What the rows of entityStates cannot say: states of length 0, sentences that are none, and no sentence at all.
import { describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { add, entityStates, normal, square, sum } from '../../src/ops/index.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const [N, D] = [3, 5];
const drawn = (n: number, ...shape: number[]) => parameter(normal(key(n), shape, { std: 0.5 }));
const weights = () => ({
  ...{ keys: drawn(1, N, D), gateBias: drawn(2, N), stateWeight: drawn(3, D, D), stateBias: drawn(4, D) },
  ...{ sentenceWeight: drawn(5, D, D), keyWeight: drawn(6, D, D), slopes: drawn(7, D) },
});
const loss = ({ states, gates }: { states: Tensor; gates: Tensor }) => add(sum(square(add(states, 1))), sum(gates));
const bits = (x: Tensor) => Array.from(new Int32Array(x.toArray().buffer));

describe('entityStates', () => {
  it('leaves a state of length 0 as it is, and passes its gradient on', () => {
    scope(() => {
      const none = { ...weights(), stateBias: parameter(zeros([D])) };
      const [sentences, h0] = [parameter(zeros([1, 2, D])), parameter(zeros([1, N, D]))];
      const y = entityStates(sentences, h0, { ...none, keys: parameter(zeros([N, D])) });
      expect(Array.from(y.states.toArray())).toEqual(new Array(3 * N * D).fill(0));
      for (const g of grad(loss(y), [sentences, h0, none.stateBias])) expect(Array.from(g.toArray()).every(Number.isFinite)).toBe(true);
    });
  });

  it('hears nothing of sentences that a mask hides, whatever they are', () => {
    scope(() => {
      const [w, h0] = [weights(), drawn(8, 2, N, D)];
      const given = normal(key(9), [2, 3, D]).toArray();
      const results = [0, Number.NaN].map((value) => {
        const sentences = parameter(tensor(given.map((x, i) => (i >= D && i < 2 * D ? value : x)), { shape: [2, 3, D] })); // biome-ignore format: one line
        const y = entityStates(sentences, h0, w, { mask: tensor([[true, false, true], [true, true, true]]) }); // biome-ignore format: one line
        return [y.states, y.gates, ...grad(loss(y), [sentences, h0, ...Object.values(w)])].map(bits);
      });
      expect(results[1]).toEqual(results[0]);
    });
  });

  it('takes stories without a sentence, examples and entities', () => {
    scope(() => {
      const [w, h0] = [weights(), drawn(8, 2, N, D)];
      const y = entityStates(parameter(zeros([2, 0, D])), h0, w);
      expect([y.states.shape, y.gates.shape]).toEqual([[2, 1, N, D], [2, 0, N]]); // biome-ignore format: one line
      expect(bits(y.states)).toEqual(bits(h0));
      const [dh, dweight] = grad(loss(y), [h0, w.stateWeight]) as [Tensor, Tensor];
      expect(Array.from(dh.toArray())).toEqual(Array.from(h0.toArray(), (x) => 2 * Math.fround(x + 1)));
      expect(Array.from(dweight.toArray())).toEqual(new Array(D * D).fill(0));
      expect(entityStates(zeros([0, 2, D]), zeros([0, N, D]), w).states.shape).toEqual([0, 3, N, D]);
      expect(entityStates(zeros([1, 2, D]), zeros([1, 0, D]), { ...w, keys: zeros([0, D]), gateBias: zeros([0]) }).gates.shape).toEqual([
        1, 2, 0,
      ]);
    });
  });
});
