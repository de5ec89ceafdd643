// What an IntraAttention is for: pairs of a key and a value are shown, then keys alone, and each is to be answered with its value.
import { describe, expect, it } from 'vitest';
import {
  Adam,
  argmax,
  backward,
  clipGradNorm,
  crossEntropy,
  foldIn,
  IntraAttention,
  type Key,
  key,
  Linear,
  LSTM,
  Module,
  noGrad,
  parameters,
  permutation,
  randomInt,
  scope,
  type Tensor,
  tensor,
} from '../../src/all.ts';

const [BATCH, KEYS, VALUES, ASKED] = [32, 10, 10, 6];
const STEPS = KEYS + ASKED;
const WIDTH = KEYS + VALUES;

/** `x` [B, T, K + V] of two one-hot parts, `target` int32 [B, T], −1 where nothing is asked. */
function shown(from: Key): { x: Tensor; target: Tensor } {
  const x = new Float32Array(BATCH * STEPS * WIDTH);
  const target = new Int32Array(BATCH * STEPS).fill(-1);
  for (let b = 0; b < BATCH; b++) {
    const own = foldIn(from, b);
    const keys = permutation(foldIn(own, 0), KEYS);
    const asked = permutation(foldIn(own, 1), KEYS).subarray(0, ASKED);
    const values = Array.from({ length: KEYS }, (_, i) => randomInt(own, i, VALUES));
    [...keys.keys(), ...asked].forEach((pair, t) => {
      const at = b * STEPS + t;
      x[at * WIDTH + (keys[pair] as number)] = 1;
      if (t < KEYS) x[at * WIDTH + KEYS + (values[pair] as number)] = 1;
      else target[at] = values[pair] as number;
    });
  }
  return { x: tensor(x, { shape: [BATCH, STEPS, WIDTH] }), target: tensor(target, { shape: [BATCH, STEPS] }) };
}

class Answering extends Module {
  readonly core: IntraAttention | LSTM;
  readonly answer: Linear;

  constructor(core: IntraAttention | LSTM) {
    super();
    this.core = core;
    this.answer = new Linear({ input: core.hidden, output: VALUES }, key(4));
  }

  forward(x: Tensor): Tensor {
    return this.answer.forward(this.core.forward(x).output);
  }
}

/** Share of right answers after so many steps of training. */
function learnt(core: IntraAttention | LSTM, steps: number): { right: number; size: number } {
  const model = new Answering(core);
  const optimizer = new Adam(parameters(model), { lr: 0.01 });
  for (let step = 0; step < steps; step++) {
    scope(() => {
      const { x, target } = shown(foldIn(key(1), step));
      backward(crossEntropy(model.forward(x), target, { ignoreIndex: -1 }));
      clipGradNorm(optimizer.parameters, 1);
      optimizer.step();
    });
  }
  const right = scope(() =>
    noGrad(() => {
      const counts = [0, 1, 2, 3, 4].map((i) => {
        const { x, target } = shown(foldIn(key(2), i));
        const guesses = argmax(model.forward(x), { axis: -1 }).view();
        return Array.from(target.view()).filter((wanted, at) => wanted >= 0 && wanted === guesses[at]).length;
      });
      return counts.reduce((a, b) => a + b) / (5 * BATCH * ASKED);
    }),
  );
  const size = [...parameters(model).values()].reduce((sum, p) => sum + p.size, 0);
  return { right, size };
}

describe('a core that attends to its own past', () => {
  it('answers what was shown long before, where a plain one of equal size does not', () => {
    const intra = learnt(new IntraAttention({ input: WIDTH, hidden: 32, window: STEPS }, key(3)), 600);
    const plain = learnt(new LSTM({ input: WIDTH, hidden: 46 }, key(3)), 600);
    expect(plain.size).toBeGreaterThanOrEqual(intra.size);
    expect(intra.right).toBeGreaterThan(0.98);
    expect(plain.right).toBeLessThan(0.6);
  });
});
