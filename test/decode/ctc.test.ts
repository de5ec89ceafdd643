// Connectionist temporal classification: searches against every path, and a model that learns with it.
import { describe, expect, it } from 'vitest';
import { key, normal, randomInt, split } from '../../src/all.ts';
import { backward } from '../../src/autograd/backward.ts';
import { ctcBeamSearch, ctcGreedy } from '../../src/decode/ctc.ts';
import { Linear } from '../../src/nn/linear.ts';
import { parameters } from '../../src/nn/module.ts';
import { GRU } from '../../src/nn/recurrent.ts';
import { argmax, ctcAlignment, ctcLoss, mul, oneHot, softmax, sum } from '../../src/ops/index.ts';
import { slice } from '../../src/ops/shape.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { Adam } from '../../src/train/index.ts';
import { collapsed, everyPath } from '../ops/collapse.ts';

const [FRAMES, CLASSES] = [5, 3];

/** The probability of each sequence of labels, from all paths. */
function everything(logits: Tensor, frames = FRAMES, blank = 0): [tokens: string, p: number][] {
  const p = softmax(logits).toArray() as Float32Array;
  const found = new Map<string, number>();
  for (const path of everyPath(frames, CLASSES)) {
    const name = collapsed(path, blank).join();
    found.set(name, (found.get(name) ?? 0) + path.reduce((all, c, t) => all * (p[t * CLASSES + c] as number), 1));
  }
  return [...found].sort((a, b) => b[1] - a[1]);
}

describe('ctcBeamSearch', () => {
  it('with a beam of all prefixes finds every sequence and its probability', () => {
    for (const [seed, blank, frames] of [
      [1, 0, 5],
      [2, 2, 5],
      [3, 1, 3],
    ] as const) {
      const logits = mul(normal(key(seed), [1, FRAMES, CLASSES]), 2);
      const mask = tensor([Array.from({ length: FRAMES }, (_, t) => t < frames)]);
      const wanted = everything(slice(logits, 1, 0, frames), frames, blank);
      const [found = []] = ctcBeamSearch(logits, { beam: 1000, blank, mask });
      expect(found.map(({ tokens }) => tokens.join())).toEqual(wanted.map(([tokens]) => tokens));
      found.forEach(({ logProbability }, i) => expect(logProbability).toBeCloseTo(Math.log(wanted[i]?.[1] as number), 5));
    }
  });

  it('finds what the best path misses: many paths to one label', () => {
    const p = [
      [0.6, 0.4],
      [0.6, 0.4],
    ]; // best path: blank, blank (0.36); label 1: 0.64 in three paths (Graves 2012)
    const logits = tensor([p.map((row) => row.map((share) => Math.log(share)))]);
    expect(ctcGreedy(logits)[0]?.tokens).toEqual([]);
    const [best, next] = ctcBeamSearch(logits, { beam: 2 })[0] ?? [];
    expect([best?.tokens, next?.tokens]).toEqual([[1], []]);
    expect(best?.logProbability).toBeCloseTo(Math.log(0.64), 6);
  });

  it('says nothing of no frames, and of hundreds does not underflow', () => {
    const none = tensor([[false, false]]);
    expect(ctcBeamSearch(normal(key(1), [1, 2, 3]), { mask: none })[0]).toEqual([{ tokens: [], logProbability: 0 }]);
    const [best] = ctcBeamSearch(normal(key(1), [1, 600, 40]), { beam: 3 })[0] ?? [];
    expect(best?.logProbability).toBeLessThan(-800);
    expect(best?.logProbability).toBeGreaterThan(-2500);
    const target = tensor(Int32Array.from(best?.tokens ?? []), { shape: [1, best?.tokens.length ?? 0] });
    const exact = -ctcLoss(normal(key(1), [1, 600, 40]), target, { reduction: 'sum' }).item();
    expect(best?.logProbability).toBeLessThanOrEqual(exact + 1e-2); // some of its paths were pruned
  });

  it('refuses what it cannot read', () => {
    const logits = normal(key(1), [1, 3, 4]);
    const call =
      (x: unknown, options: object = {}) =>
      () =>
        ctcBeamSearch(x as Tensor, options);
    expect(call(normal(key(1), [3, 4]))).toThrow('ctcBeamSearch: logits must be float32 [B, T, C], got float32 [3, 4]');
    expect(call(logits, { blank: 4 })).toThrow('ctcBeamSearch: blank must be below 4, got 4 for [1, 3, 4]');
    expect(call(logits, { beam: 0 })).toThrow('ctcBeamSearch: beam must be');
    expect(call(logits, { mask: tensor([true]) })).toThrow('ctcBeamSearch: mask must be bool [1, 3], got bool [1]');
    expect(() => ctcGreedy(logits, { beam: 3 } as object)).toThrow('ctcGreedy: options must be among mask, blank, got beam');
  });
});

it('ctcGreedy collapses the likeliest path', () => {
  const logits = mul(normal(key(4), [2, 9, 4]), 3);
  const p = softmax(logits).toArray() as Float32Array;
  const path = argmax(logits, { axis: 2 }).toArray() as Int32Array;
  ctcGreedy(logits, { blank: 3 }).forEach((found, b) => {
    const own = Array.from(path.subarray(9 * b, 9 * b + 9));
    expect(found.tokens).toEqual(collapsed(own, 3));
    expect(found.frames.map((t) => own[t])).toEqual(found.tokens);
    const wanted = own.reduce((all, c, t) => all + Math.log(p[(9 * b + t) * 4 + c] as number), 0);
    expect(found.logProbability).toBeCloseTo(wanted, 4);
  });
});

describe('ctcLoss', () => {
  it('refuses targets and frames that cannot be', () => {
    const logits = normal(key(1), [2, 3, 4]);
    const of =
      (target: number[][], options: object = {}, x: Tensor = logits) =>
      () =>
        ctcLoss(x, tensor(Int32Array.from(target.flat()), { shape: [target.length, target[0]?.length ?? 0] }), options);
    expect(
      of([
        [1, 1, 2],
        [1, 2, 3],
      ]),
    ).toThrow('ctcLoss: frames must be at least 4 in row 0, got 3');
    expect(
      of([
        [0, 1],
        [1, 2],
      ]),
    ).toThrow('ctcLoss: target must be real at the start of each row, got a gap in row 0');
    expect(
      of([
        [1, 4],
        [1, 2],
      ]),
    ).toThrow('ctcLoss: target must be in [0, 4), got 4 at 1');
    expect(of([[1]])).toThrow('ctcLoss: target must be int32 [2, L], got int32 [1, 1]');
    expect(of([[1], [2]], { blank: 4 })).toThrow('ctcLoss: blank must be below 4, got 4');
    expect(
      of([[1], [2]], {
        mask: tensor([
          [true, false, true],
          [true, true, true],
        ]),
      }),
    ).toThrow('ctcLoss: mask must be real at the start');
    expect(
      of([[1], [2]], {
        mask: tensor([
          [false, false, false],
          [true, true, true],
        ]),
      }),
    ).toThrow('frames must be at least 1 in row 0, got 0');
    expect(of([[1], [2]], { ignoreIndex: 0 })).toThrow('ctcLoss: options must be among mask, blank, reduction, got ignoreIndex');
    expect(of([[1], [2]], {}, normal(key(1), [3, 4]))).toThrow('ctcLoss: logits must be [B, T, C], got [3, 4]');
  });

  it('is infinite, without gradient, where no path is left, and NaN where a logit is', () => {
    const closed = tensor([
      [
        [0, -Infinity, 0],
        [0, -Infinity, 0],
      ],
      [
        [0, 0, 0],
        [0, 0, 0],
      ],
    ]);
    const target = tensor(Int32Array.of(1, 1), { shape: [2, 1] });
    const losses = ctcLoss(closed, target, { reduction: 'none' });
    expect(losses.toArray()[0]).toBe(Infinity);
    expect(losses.toArray()[1]).toBeCloseTo(-Math.log(3 / 9), 6);
    expect(ctcAlignment(closed, target).toArray().slice(0, 2)).toEqual(Float32Array.of(0, 0));
    const broken = tensor([
      [
        [0, Number.NaN, 0],
        [0, 0, 0],
      ],
    ]);
    expect(ctcLoss(broken, tensor(Int32Array.of(2), { shape: [1, 1] })).item()).toBeNaN();
  });

  it('keeps seven digits over a thousand frames', () => {
    const [frames, labels] = [1000, 100];
    const logits = mul(normal(key(9), [1, frames, 5]), 3);
    const target = Int32Array.from({ length: labels }, (_, i) => 1 + randomInt(key(3), i, 4));
    const x = logits.toArray() as Float32Array;
    const row = (t: number) => {
      const all = Array.from({ length: 5 }, (_, c) => x[5 * t + c] as number);
      const level = Math.log(all.reduce((s, v) => s + Math.exp(v), 0));
      return all.map((v) => v - level);
    };
    const state = (s: number) => (s % 2 ? (target[(s - 1) / 2] as number) : 0);
    let alpha = Array.from({ length: 2 * labels + 1 }, (_, s) => (s < 2 ? (row(0)[state(s)] as number) : -Infinity));
    const logSum = (...v: number[]) => {
      const top = Math.max(...v);
      return top === -Infinity ? top : top + Math.log(v.reduce((s, e) => s + Math.exp(e - top), 0));
    };
    for (let t = 1; t < frames; t++) {
      const p = row(t);
      alpha = alpha.map((a, s) => {
        const jump = s % 2 && state(s) !== state(s - 2) ? (alpha[s - 2] ?? -Infinity) : -Infinity;
        return (p[state(s)] as number) + logSum(a, alpha[s - 1] ?? -Infinity, jump);
      });
    }
    const exact = -logSum(alpha.at(-1) as number, alpha.at(-2) as number);
    const found = ctcLoss(logits, tensor(target, { shape: [1, labels] }), { reduction: 'sum' }).item();
    expect(Math.abs(found / exact - 1)).toBeLessThan(1e-6);
  });

  it('teaches a recurrent net to read what lasts for several frames', () => {
    const [forReader, forOutput] = split(key(1));
    const reader = new GRU({ input: 4, hidden: 16 }, forReader);
    const output = new Linear({ input: 16, output: 4 }, forOutput);
    const read = (x: Tensor) => output.forward(reader.forward(x).output);
    const optimizer = new Adam([...parameters(reader).values(), ...parameters(output).values()], { lr: 2e-2 });
    /** Labels 1 to 3, each two or three frames long, with silence between. */
    const drawn = (seed: number) => {
      const labels = Array.from({ length: 3 }, (_, i) => 1 + randomInt(key(seed), i, 3));
      const frames = labels.flatMap((label, i) => [...Array(2 + randomInt(key(seed), 9 + i, 2)).fill(label), 0]);
      return { labels, frames: [...frames, ...Array(12 - frames.length).fill(0)] };
    };
    const batch = (from: number) => {
      const all = Array.from({ length: 16 }, (_, i) => drawn(from * 16 + i));
      const x = oneHot(tensor(Int32Array.from(all.flatMap(({ frames }) => frames)), { shape: [16, 12] }), 4);
      return { x, labels: all.map(({ labels }) => labels) };
    };
    for (let step = 0; step < 60; step++) {
      const { x, labels } = batch(step);
      backward(ctcLoss(read(x), tensor(Int32Array.from(labels.flat()), { shape: [16, 3] })));
      optimizer.step();
    }
    const { x, labels } = batch(1000);
    const right = ctcGreedy(read(x)).filter(({ tokens }, b) => tokens.join() === labels[b]?.join()).length;
    expect(right).toBeGreaterThanOrEqual(15);
    const heard = ctcAlignment(read(x), tensor(Int32Array.from(labels.flat()), { shape: [16, 3] })); // [16, 3, 12]
    const spans = sum(heard, { axis: 2 }).toArray();
    expect(Math.min(...spans)).toBeGreaterThan(0.99); // each label is heard for a frame at least
  });
});
