// Every mechanism learns: to find, by what it looks like or by where it stands, the item that each query asks for.
import { describe, expect, it } from 'vitest';
import type { Attended, Mechanism } from '../../src/attention/parts.ts';
import { backward } from '../../src/autograd/backward.ts';
import { parameters } from '../../src/nn/module.ts';
import { add, concat, log, mean, mseLoss, nllLoss, slice, square, sub } from '../../src/ops/index.ts';
import { detach, tensor } from '../../src/tensor/create.ts';
import { foldIn, type Key, key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { reinforceLoss } from '../../src/train/choice/reinforce.ts';
import { Adam } from '../../src/train/optimizers/adam.ts';
import { real } from '../nn/row.ts';
import { type MechanismRow, mechanisms } from './mechanisms.ts';
import { S, T, V } from './table.ts';

const [CODE, ROWS] = [6, 16];
const width = CODE + T;

/** Steps of learning, and the most that may be left of the error. */
const usual = { steps: 160, left: 0.05 };

/** Those that the task is harder for, and why. */
const others: Record<string, Partial<typeof usual>> = {
  'luong, global general': { left: 0.2 }, // one matrix of codes that are not orthogonal
  'luong, local-m general': { left: 0.2 },
  'luong, local-p location': { left: 0.75 }, // the window starts in the middle, and what it does not see cannot draw it near
  'luong, local-p dot': { left: 0.6 }, // of few parameters: only the window learns
  contentBased: { left: 0.1 }, // sharpness takes time
  multiHead: { left: 0.6 }, // heads of width 2
  'multiHead, locationAware, sliding, hard': { left: 0.8 }, // two heads drawn, one reward
  'multiHead, dropout': { left: 0.6 }, // narrow heads too, and two of five weights dropped
  'additive, dropping': { left: 0.35 }, // half of the weights dropped: what one step learns to look at is gone in the next
  monotonic: { left: 0.35 }, // scores grow slowly from the offset
  'additive, monotonicSoft': { left: 0.35 },
  'additive, CombinedWindow': { left: 0.4 }, // two windows to move
  'additive, exploring': { left: 0.6, steps: 600 }, // Q is of noisy rewards
};

/** Those that may not look at what is asked for. */
const blind = ['additive, sliding', 'additive, masked'];

/** Items with codes and values; query t has the code of item t, and says that it is the t-th. */
function problem(seed: number): { query: Tensor; keys: Tensor; values: Tensor } {
  const rows = Array.from({ length: ROWS }, (_, b) => seed * ROWS + b);
  const codes = real(rows, [S, CODE], 1);
  const nothing = tensor(new Float32Array(ROWS * S * T), { shape: [ROWS, S, T] });
  const places = tensor(Float32Array.from({ length: ROWS * T * T }, (_, i) => (i % T === Math.floor(i / T) % T ? 1 : 0)), { shape: [ROWS, T, T] }); // biome-ignore format: one row
  return {
    query: concat([slice(codes, 1, 0, T), places], 2),
    keys: concat([codes, nothing], 2),
    values: real(rows, [S, V], 2),
  };
}

/** How far what was read is from what was asked for: one number each query, without and with its gradient. */
function wrong(attended: Attended, values: Tensor, row: MechanismRow): { loss: Tensor; each: Tensor } {
  const target = slice(values, 1, 0, T);
  if (row.output === S) {
    const index = tensor(
      Int32Array.from({ length: ROWS * T }, (_, i) => i % T),
      { shape: [ROWS, T] },
    );
    const logs = log(add(attended.output, 1e-6));
    return { loss: nllLoss(logs, index), each: nllLoss(logs, index, { reduction: 'none' }) };
  }
  const wanted = slice(target, 2, 0, row.output ?? V);
  return { loss: mseLoss(attended.output, wanted), each: mean(square(sub(attended.output, wanted)), { axis: 2 }) };
}

/** What is learned from: the loss itself, and for choices their reward. */
function objective(attended: Attended, values: Tensor, row: MechanismRow): Tensor {
  const { loss, each } = wrong(attended, values, row);
  const reward = sub(0, detach(each));
  const { logProbability, entropy, value } = attended;
  if (logProbability && entropy) return add(loss, reinforceLoss(logProbability, reward, { baseline: -0.5, entropy, entropyWeight: 0.05 }));
  return value ? add(loss, mseLoss(value, reward)) : loss;
}

function learn(mechanism: Mechanism, row: MechanismRow, steps: number): { before: number; after: number } {
  const test = (): number => {
    const { query, keys, values } = problem(0);
    return scope(() => wrong(mechanism.forward(query, keys, values), values, row).loss.item());
  };
  const before = test();
  const optimizer = new Adam(parameters(mechanism), { lr: 2e-2 });
  for (let i = 0; i < steps; i++) {
    scope(() => {
      const { query, keys, values } = problem(1 + i);
      const draw: { key?: Key } = row.draws ? { key: foldIn(key(3), i) } : {};
      backward(objective(mechanism.forward(query, keys, values, draw), values, row));
      optimizer.step();
    });
  }
  return { before, after: test() };
}

describe('a mechanism learns to look where it should', () => {
  const sizes = { query: width, key: width, hidden: 24 };
  const learning = mechanisms.filter(
    (row) => !row.learns?.not && !blind.includes(row.name) && row.build(sizes, key(1)).stateDict().size > 0,
  );

  it.each(learning.map((row) => [row.name, row] as const))('%s', (name, row) => {
    const { steps, left } = { ...usual, ...others[name] };
    const { before, after } = learn(row.build(sizes, key(1)), row, steps);
    expect(after / before).toBeLessThanOrEqual(left);
  });
});
