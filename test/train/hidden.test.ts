// What a mask hides, or the end of an episode, may be NaN or infinite: it reaches neither value nor gradient.
import { describe, expect, it } from 'vitest';
import { backward } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { ones, tensor } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { generalizedAdvantages, ppoLoss, rewardToGo, standardized } from '../../src/train/choice/ppo.ts';
import { baselineLoss, reinforceLoss } from '../../src/train/choice/reinforce.ts';

const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e38];
const mask = tensor([[true, true, false]]);
const row = (a: number, b: number, hidden: number) => tensor([[a, b, hidden]]);

/** The value and the gradient of a loss of one leaf, whose last element is hidden. */
function taught(loss: (x: Tensor) => Tensor, hidden = 0.5): number[] {
  const x = parameter(row(-0.5, -0.25, hidden));
  const y = loss(x);
  backward(y);
  return [y.item(), ...(x.grad as Tensor).toArray()];
}

describe.each(odd)('%s behind the mask', (hidden) => {
  const given = (a: number, b: number) => row(a, b, hidden);

  it('of ppoLoss', () => {
    const old = row(-0.75, -0.25, 0);
    const gain = row(1, -2, 0);
    const plain = taught((x) => ppoLoss(x, old, gain, { mask, entropy: row(1, 2, 3) }));
    expect(plain.every(Number.isFinite)).toBe(true);
    expect(plain[3]).toBe(0);
    const same = [
      taught((x) => ppoLoss(x, given(-0.75, -0.25), gain, { mask, entropy: row(1, 2, 3) })),
      taught((x) => ppoLoss(x, old, given(1, -2), { mask, entropy: row(1, 2, 3) })),
      taught((x) => ppoLoss(x, old, gain, { mask, entropy: given(1, 2) })),
      taught((x) => ppoLoss(x, old, gain, { mask, entropy: row(1, 2, 3) }), hidden),
    ];
    for (const found of same) expect(found).toEqual(plain);
  });

  it('of reinforceLoss', () => {
    const plain = taught((x) => reinforceLoss(x, row(1, 2, 3), { mask, baseline: row(0.5, 1, 0), entropy: row(1, 2, 3) }));
    expect(plain[0]).toBeCloseTo(-(0.5 * -0.5 + 1 * -0.25 + 0.01 * 3), 6);
    expect(plain.slice(1)).toEqual([-0.5, -1, 0]);
    const same = [
      taught((x) => reinforceLoss(x, given(1, 2), { mask, baseline: row(0.5, 1, 0), entropy: row(1, 2, 3) })),
      taught((x) => reinforceLoss(x, row(1, 2, 3), { mask, baseline: given(0.5, 1), entropy: given(1, 2) })),
      taught((x) => reinforceLoss(x, row(1, 2, 3), { mask, baseline: row(0.5, 1, 0), entropy: row(1, 2, 3) }), hidden),
    ];
    for (const found of same) expect(found.map((y) => y + 0)).toEqual(plain);
  });

  it('of baselineLoss and standardized', () => {
    const plain = taught((x) => baselineLoss(x, row(1, 2, 3), { mask }));
    expect(plain).toEqual([(1.5 ** 2 + 2.25 ** 2) / 2, -1.5, -2.25, 0]);
    expect(taught((x) => baselineLoss(x, given(1, 2), { mask }))).toEqual(plain);
    expect(taught((x) => baselineLoss(x, row(1, 2, 3), { mask }), hidden)).toEqual(plain);
    expect(Array.from(standardized(given(1, 3), { mask }).toArray())).toEqual([-1, 1, 0]);
  });

  it('of the end of an episode', () => {
    const done = tensor([[false, true, false]]);
    const open = (x: Tensor) => Array.from(x.toArray().slice(0, 2));
    expect(open(rewardToGo(given(1, 2), { done, discount: 0.5 }))).toEqual([2, 2]);
    const { advantages, returns } = generalizedAdvantages(given(1, 2), given(0.5, 0.25), { done, discount: 0.5, lambda: 0.5 });
    expect(open(advantages)).toEqual([1 + 0.5 * 0.25 - 0.5 + 0.25 * 1.75, 1.75]);
    expect(open(returns)).toEqual([1 + 0.5 * 0.25 + 0.25 * 1.75, 2]);
  });
});

it('what is NaN within an episode stays so', () => {
  const done = tensor([[false, true, false]]);
  expect(Array.from(rewardToGo(tensor([[1, Number.NaN, 3]]), { done }).toArray())).toEqual([Number.NaN, Number.NaN, 3]);
  expect(rewardToGo(ones([1, 3]), { done, discount: 1 }).toArray()).toEqual(Float32Array.of(2, 1, 1));
});
