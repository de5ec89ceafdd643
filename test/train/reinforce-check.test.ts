// REINFORCE on the tape machine against the exact gradient, every sequence of moves enumerated; and the curriculum's rule.
import { describe, expect, it } from 'vitest';
import { TapeMachine } from '../../src/models/memory/tape-machine.ts';
import { parameters } from '../../src/nn/module.ts';
import { expand, mul, select, toFloat } from '../../src/ops/index.ts';
import { withBackend } from '../../src/runtime/backend.ts';
import { referenceBackend } from '../../src/runtime/reference/index.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { foldIn, key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { type Curriculum, curriculumAfter, curriculumLevel } from '../../src/train/choice/curriculum.ts';
import { RecurrentBaseline } from '../../src/train/choice/recurrent-baseline.ts';
import { reinforceCheck } from '../../src/train/choice/reinforce-check.ts';

const STEPS = 3;

/** A machine on one pair of tapes under all moves, and how it is checked. */
function checked(expects?: (moves: Tensor) => Tensor) {
  const machine = new TapeMachine({ symbols: 4, hidden: 3, cells: 3, reach: 1, back: true, slowdown: 1 }, key(1));
  const baseline = new RecurrentBaseline({ input: machine.lstm.input + 2, hidden: 3 }, key(2));
  const f = (moves: Tensor) => {
    const count = moves.shape[0] as number;
    const tapes = (...signs: number[]) => expand(tensor(Int32Array.from(signs)), [count, signs.length]);
    const { logProbability, gains, seen } = machine.run(tapes(2, 3, 1), { steps: STEPS, targets: tapes(3, 1), moves });
    return { logProbability, gains, baseline: expects?.(moves) ?? baseline.forward(seen) };
  };
  return reinforceCheck(f, [...parameters(machine).values()], { choices: machine.choices, steps: STEPS });
}

describe('REINFORCE', () => {
  it('is, over all 18³ sequences of moves, the exact gradient within 1e-6 in float64', () => {
    withBackend(referenceBackend(), () =>
      scope(() => {
        const { expected, difference } = checked();
        expect(difference).toBeLessThan(1e-6);
        expect(expected).toBeLessThan(-1); // two signs of four, hardly known
      }),
    );
  }, 20_000);

  it('is biased by a baseline that knows the move of its own step', () => {
    const knows = (moves: Tensor) => toFloat(select(moves, 2, 0));
    expect(() => withBackend(referenceBackend(), () => checked(knows))).toThrow(
      /^reinforceCheck: gradients must agree within 0.000001, got /,
    );
  }, 20_000);

  it('is refused where a policy is wrong', () => {
    withBackend(referenceBackend(), () => {
      const p = (scale: number) => (choices: Tensor) => ({
        logProbability: mul(zeros([...choices.shape]), scale),
        gains: zeros(choices.shape.slice(0, 2)),
      });
      const wrong = () => reinforceCheck(p(1), [], { choices: [2], steps: 2 });
      expect(wrong).toThrow('reinforceCheck: probabilities of all sequences must add up to 1, got 4');
    });
  });
});

describe('the curriculum', () => {
  const start: Curriculum = { level: 3, error: 1, since: 0 };

  it('draws a tenth of levels from all, of the others a quarter up to C + e, else C + e', () => {
    const drawn = Array.from({ length: 4000 }, (_, i) => curriculumLevel(foldIn(key(1), i), start, 10));
    const share = (test: (level: number) => boolean) => drawn.filter(test).length / drawn.length;
    // 0.9 · 0.75 · ½ at C itself, and of the rest what falls there: 0.1/10 + 0.9 · 0.25 · Σ 2^−(e+1)/(3 + e).
    expect(share((level) => level === 3)).toBeCloseTo(0.9 * 0.75 * 0.5 + 0.01 + 0.9 * 0.25 * 0.2737, 1);
    expect(share((level) => level < 3)).toBeCloseTo(0.02 + 0.9 * 0.25 * 2 * 0.2737, 1);
    expect(Math.max(...drawn)).toBe(10);
    expect(Math.min(...drawn)).toBe(1);
  });

  it('rises below the threshold once it has lasted, by batches at its level and above alone', () => {
    const options = { most: 5, patience: 3 };
    let state = start;
    for (const error of [0, 0, 0, 0, 0, 0, 0]) state = curriculumAfter(state, 2, error, options);
    expect(state).toEqual({ level: 3, error: 1, since: 7 });
    for (let i = 0; i < 7; i++) state = curriculumAfter(state, 4, 0, options);
    expect(state.error).toBeCloseTo(0.8 ** 7, 10);
    expect(curriculumAfter(state, 3, 0, options)).toEqual({ level: 4, error: 1, since: 0 });
    expect(curriculumAfter({ level: 5, error: 0, since: 9 }, 5, 0, options).level).toBe(5);
    expect(() => curriculumAfter(start, 3, Number.NaN, options)).toThrow('curriculumAfter: error must be a finite number, got NaN');
  });
});
