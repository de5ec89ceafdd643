// Functions of tensors that are no ops, of the rooms above them: each tensor of a right call is spoilt in turn. Ops: test/ops/hostile.test.ts.
import { describe, expect, it, vi } from 'vitest';
import * as saccade from '../../src/all.ts';
import { full, ones } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { type Path, parts, put, right } from './spoilt.ts';

vi.resetModules();
const copy = await import('../../src/all.ts');
await copy.init();

type Call = (...args: unknown[]) => unknown;
const all = saccade as unknown as Record<string, Call>;

const x = (...shape: number[]) => full(shape, 0.5);
const int = (...shape: number[]) => full(shape, 1, 'int32');
const bool = (...shape: number[]) => ones(shape, 'bool');

const [B, H, N, W] = [2, 2, 4, 3];
const heads = () => ({ written: x(B, H, N), read: x(B, H, N), free: x(B, H) });
const address = () => ({ key: x(B, H, W), strength: x(B, H), gate: x(B, H), shift: x(B, H, 3), sharpness: full([B, H], 2) });

/** A right call of each. */
const calls: Record<string, () => unknown[]> = {
  contentWeights: () => [x(B, N, W), x(B, H, W), x(B, H)],
  interpolateWeights: () => [x(B, H, N), x(B, H, N), x(B, H)],
  shiftWeights: () => [x(B, H, N), x(B, H, 3)],
  sharpenWeights: () => [x(B, H, N), full([B, H], 2)],
  addressMemory: () => [x(B, N, W), x(B, H, N), address()],
  readMemory: () => [x(B, N, W), x(B, H, N)],
  writeMemory: () => [x(B, N, W), x(B, H, N), x(B, H, W), x(B, H, W)],
  memoryUsage: () => [x(B, N), heads()],
  allocationWeights: () => [x(B, N)],
  linkMemory: () => [saccade.noLinks(B, N), x(B, N)],
  followLinks: () => [x(B, N, N), x(B, H, N)],
  tapeView: () => [int(B), N],
  readTape: () => [x(B, N, W), x(B, 1, N)],
  moveHeads: () => [int(B), int(B), N],
  dotScore: () => [x(B, 2, W), x(B, N, W)],
  scaledDotScore: () => [x(B, 2, W), x(B, N, W)],
  generalScore: () => [x(B, 2, W), x(B, N, W), x(W, W)],
  cosineScore: () => [x(B, 2, W), x(B, N, W), x(B, 2, 1)],
  distanceScore: () => [x(B, 2, W), x(B, N, W)],
  locationScore: () => [x(B, 2, W), x(N, W), N],
  locationFeatures: () => [x(B, N), x(2, 1, 3)],
  gaussianFactor: () => [x(B, 2, N), 2],
  predictedPlaces: () => [x(B, 2, W), x(5, W), x(5), x(B, 1)],
  masked: () => [bool(2, N)],
  biased: () => [x(2, N)],
  weightedSum: () => [x(B, 2, N), x(B, N, W)],
  chosenItem: () => [x(B, 2, N), x(B, N, W), { weights: x(B, 2, N), choice: int(B, 2) }],
  rewardToGo: () => [x(B, N), { done: bool(B, N) }],
  generalizedAdvantages: () => [x(B, N), x(B, N), { done: bool(B, N), last: x(B) }],
  standardized: () => [x(B, N), { mask: bool(B, N) }],
  ppoLoss: () => [x(B, N), x(B, N), x(B, N)],
  epsilonGreedy: () => [key(1), x(B, N), { epsilon: 0.5, mask: bool(B, N) }],
  qTarget: () => [x(B), x(B, N), { done: bool(B), mask: bool(B, N) }],
  qLoss: () => [x(B, N), int(B), x(B)],
  reinforceLoss: () => [x(B, N), x(B), { baseline: x(B), entropy: x(B, N), mask: bool(B, N) }],
  baselineLoss: () => [x(B, N), x(B), { mask: bool(B, N) }],
  doublyStochasticLoss: () => [x(B, 2, N)],
  meanPool: () => [x(B, N, W), bool(B, N)],
  unitLength: () => [x(B, N)],
  takeRows: () => [{ h: x(B, N) }, int(3)],
  distinct: () => [bool(B, N), int(B)],
  everyItemOnce: () => [bool(B, N), int(B)],
};

/** Not looked at: what is chosen is read, whatever its weight; an object is a state within a state. */
const unread: readonly string[] = ['chosenItem 0', 'chosenItem 2.weights', 'takeRows 0.h'];

describe('refuses by name what is no tensor of its own', () => {
  it.each(Object.keys(calls))('%s', (name) => {
    const wrongs: string[] = [];
    scope(() => {
      const args = (calls[name] as () => unknown[])();
      all[name]?.(...args);
      const one = (path: Path, what: string, value: unknown, wanted: RegExp | null) => {
        let text = '';
        try {
          scope(() => void all[name]?.(...(put(args, path, value) as unknown[])));
          if (wanted) text = 'it passes';
        } catch (error) {
          const { message } = error as Error;
          if (!right.test(message) || (wanted && !wanted.test(message))) text = message;
        }
        if (text) wrongs.push(`${path.join('.')} that is ${what}: ${text}`);
      };
      for (const [path, value] of parts(args)) {
        if (!(value instanceof Tensor) || unread.includes(`${name} ${path.join('.')}`)) continue;
        one(path, 'of another copy', copy.ones(value.shape, value.dtype), /another copy/);
        for (const [what, bad] of Object.entries({ undefined: undefined, null: null })) one(path, what, bad, null);
        for (const [what, bad] of Object.entries({ 'a text': 'a', 'an object': {}, 'a list': [1] })) one(path, what, bad, /./);
      }
    });
    expect(wrongs).toEqual([]);
  });
});
