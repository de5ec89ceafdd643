// Bandits: what is played, and what can be reached, beside numbers computed in other ways.
import { describe, expect, it } from 'vitest';
import { memoryReport, scope } from '../../src/index.ts';
import { sum } from '../../src/ops/index.ts';
import { type BanditPolicy, banditInput, banditInputs, banditOptimum, banditProblems, finiteHorizonIndex, greedyArm, indexPolicy, optimisticThompson, playBandits, randomArm, thompson } from '../../src/tasks/index.ts'; // biome-ignore format: one line
import { tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { dice, range, total } from '../equations/plain.ts';
import { list } from '../nn/row.ts';

const rewards = (policy: BanditPolicy, arms: number, pulls: number, batch: number, seed = 5) => {
  const { reward } = playBandits(policy, banditProblems(key(seed), { batch, arms }), { pulls, key: key(6) });
  return list(sum(reward, { axis: 1 }));
};
const mean = (x: readonly number[]) => total(x) / x.length;

describe('the optimum', () => {
  it('is what dynamic programmes over all states gave before', () => {
    expect(banditOptimum({ arms: 5, pulls: 10 })).toBeCloseTo(6.66, 3);
    expect(banditOptimum({ arms: 10, pulls: 10 })).toBeCloseTo(6.714, 3);
    expect(banditOptimum({ arms: 1, pulls: 7 })).toBeCloseTo(3.5, 12);
  });

  it('is what one finds by hand', () => {
    // Two arms, two pulls: after a win stay (2/3), after a loss go (1/2).
    expect(banditOptimum({ arms: 2, pulls: 2 })).toBeCloseTo(0.5 + 0.5 * (2 / 3) + 0.5 * 0.5, 12);
    // Three pulls of two arms, spelled out without sorting or memory.
    const best = (counts: readonly (readonly [number, number])[], left: number): number =>
      left === 0
        ? 0
        : Math.max(
            ...counts.map(([w, l], arm) => {
              const p = (w + 1) / (w + l + 2);
              return p * (1 + best(counts.with(arm, [w + 1, l]), left - 1)) + (1 - p) * best(counts.with(arm, [w, l + 1]), left - 1);
            }),
          );
    for (const [arms, pulls] of [[2, 3], [3, 4], [2, 5]] as const) // biome-ignore format: one line
      expect(banditOptimum({ arms, pulls })).toBeCloseTo(best(range(arms).map(() => [0, 0]), pulls), 12); // biome-ignore format: one line
  });

  it('says where it stops', () => {
    expect(() => banditOptimum({ arms: 13, pulls: 3 })).toThrow('banditOptimum: arms and pulls must be at most 12, got 13 and 3');
  });
});

describe('the index', () => {
  it('is the posterior mean at the last pull, and above it where there is time to learn', () => {
    const indices = finiteHorizonIndex(6);
    for (const left of range(7).slice(1)) {
      const side = 6 - left + 1;
      for (const wins of range(side)) {
        for (const losses of range(side - wins)) {
          const index = indices[left]?.[wins * side + losses] ?? Number.NaN;
          const expected = (wins + 1) / (wins + losses + 2);
          if (left === 1) expect(index).toBeCloseTo(expected, 5);
          else expect(index).toBeGreaterThan(expected);
        }
      }
    }
  });

  it('leaves one as willing to stop as to go on', () => {
    // Two pulls, nothing known: ½ (1 + max(λ, ⅔)) + ½ max(λ, ⅓) = 2 λ, hence λ = 5/9.
    expect(finiteHorizonIndex(2)[2]?.[0]).toBeCloseTo(5 / 9, 5);
  });
});

describe('playBandits', () => {
  it('gives every policy the same luck, and counts what was pulled', () => {
    const chances = tensor([[0, 1], [1, 0]]); // biome-ignore format: one line
    const seen: number[][] = [];
    const policy: BanditPolicy = ({ wins, losses, left, last }) => {
      seen.push([left, ...list(wins), ...list(losses), ...(last ? list(last.reward) : [])]);
      return { action: tensor(Int32Array.of(left % 2, 0)) };
    };
    const { action, reward } = playBandits(policy, chances, { pulls: 3, key: key(1) });
    expect(list(action)).toEqual([1, 0, 1, 0, 0, 0]);
    expect(list(reward)).toEqual([1, 0, 1, 1, 1, 1]);
    expect(seen).toEqual([
      [3, 0, 0, 0, 0, 0, 0, 0, 0],
      [2, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1],
      [1, 0, 1, 2, 0, 1, 0, 0, 0, 0, 1],
    ]);
    const all = banditProblems(key(2), { batch: 50, arms: 3 });
    const pulled = (arm: number) =>
      list(playBandits(() => ({ action: tensor(new Int32Array(50).fill(arm)) }), all, { pulls: 4, key: key(3) }).reward);
    const mixed = playBandits(({ left }) => ({ action: tensor(new Int32Array(50).fill(left % 3)) }), all, { pulls: 4, key: key(3) });
    list(mixed.reward).forEach((one, i) => {
      expect(one).toBe(pulled((4 - (i % 4)) % 3)[i]);
    });
  });

  it('hands a policy its state, and frees what is no longer held', () => {
    const chances = banditProblems(key(2), { batch: 1000, arms: 2 });
    const blocks: number[] = [];
    const policy: BanditPolicy<{ big: Tensor }> = ({ state, wins, left }) => {
      blocks.push(memoryReport().blocks);
      if (left < 50) expect(state?.big.item()).toBe(left + 1);
      return { action: tensor(new Int32Array(wins.shape[0] as number)), state: { big: tensor(new Float32Array([left]), { shape: [1] }) } };
    };
    const run = () => scope(() => playBandits(policy, chances, { pulls: 50, key: key(1) }).reward.shape);
    run();
    const before = memoryReport().blocks;
    blocks.length = 0;
    run();
    expect(memoryReport().blocks).toBe(before);
    expect(blocks.slice(2).every((count) => count === blocks[2])).toBe(true);
  });

  it('says what it cannot take', () => {
    const chances = banditProblems(key(1), { batch: 2, arms: 3 });
    const options = { pulls: 2, key: key(1) };
    expect(() => playBandits(() => ({ action: tensor(Int32Array.of(1)) }), chances, options)).toThrow(
      'playBandits: policy must give an action, int32 [2], got int32 [1]',
    );
    expect(() => playBandits(randomArm, tensor([1, 2]), options)).toThrow('playBandits: chances must be [B, K] with K from 1, got [2]');
    expect(() => playBandits(randomArm, chances, { ...options, pulls: 0 })).toThrow(
      'playBandits: pulls must be a whole number from 1, got 0',
    );
    expect(() => playBandits(indexPolicy(2), chances, { ...options, pulls: 3 })).toThrow(
      'indexPolicy: pulls left must be from 1 to 2, got 3',
    );
  });
});

describe('inputs of a learner', () => {
  it('are what happened one pull before, whole and step by step', () => {
    const action = tensor(Int32Array.of(2, 0, 1, 1, 1, 0), { shape: [2, 3] });
    const reward = tensor([[1, 0, 1], [0, 1, 0]]); // biome-ignore format: one line
    const whole = list(banditInputs({ action, reward }, 3));
    const first = [0, 0, 0, 0, 1];
    expect(whole).toEqual([...first, 0, 0, 1, 1, 1, 1, 0, 0, 0, 1, ...first, 0, 1, 0, 0, 1, 0, 1, 0, 1, 1]);
    const wins = tensor(new Int32Array(6), { shape: [2, 3] });
    expect(list(banditInput({ wins, last: null }))).toEqual([...first, ...first]);
    const last = { action: tensor(Int32Array.of(2, 1)), reward: tensor([1, 0]) };
    expect(list(banditInput({ wins, last }))).toEqual([0, 0, 1, 1, 1, 0, 1, 0, 0, 1]);
  });
});

describe('policies', () => {
  it('reach what was measured elsewhere, in order', () => {
    const [N, K, count] = [10, 5, 6000];
    const [any, sampled, hopeful, greedy, index] = [randomArm, thompson, optimisticThompson, greedyArm, indexPolicy(N)].map((policy) =>
      mean(rewards(policy, K, N, count)),
    ) as [number, number, number, number, number];
    // Standard errors of the means are 0.03; differences on the same bandits are closer.
    const luck = index - banditOptimum({ arms: K, pulls: N });
    expect(Math.abs(luck)).toBeLessThan(0.09);
    for (const [ours, known] of [[any, 5], [sampled, 5.83], [hopeful, 5.99], [greedy, 6.63]] as const) // biome-ignore format: one line
      expect(Math.abs(ours - luck - known)).toBeLessThan(0.08);
    expect(index).toBeGreaterThanOrEqual(greedy - 0.005);
  });

  it('believe by Beta distributions: moments of what Thompson samples', () => {
    // With K = 2 and wins/losses given, the share of choices of arm 0 is P(Beta(3, 2) > Beta(2, 4)), by counting order statistics of another die.
    const die = dice(9);
    const beta = (a: number, b: number) => range(a + b - 1).map(die).sort((x, y) => x - y)[a - 1] as number; // biome-ignore format: one line
    const theirs = mean(range(40_000).map(() => (beta(3, 2) > beta(2, 4) ? 1 : 0)));
    const n = 20_000;
    const pairs = (a: number, b: number) =>
      tensor(
        Int32Array.from({ length: 2 * n }, (_, i) => (i % 2 === 0 ? a : b)),
        { shape: [n, 2] },
      );
    const { action } = thompson({ wins: pairs(2, 1), losses: pairs(1, 3), last: null, left: 1, state: undefined, key: key(8) });
    const ours = 1 - mean(list(action));
    expect(Math.abs(ours - theirs)).toBeLessThan(0.015); // four standard errors
  });
});
