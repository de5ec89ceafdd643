import { concat, memoryStep, reshape } from '../../../src/ops/index.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { at, list, type Plain, range, softmaxOf, total } from '../plain.ts';
import type { OpRow } from '../row.ts';

interface Heads {
  reads: number;
  writes: number;
  reach: number;
}

const [B, N, W] = [2, 5, 3];
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => Math.log(1 + Math.exp(x));

/** Graves et al. 2014, eq. 2–9, for one example: what the heads say is in the order of the op. */
function step(said: readonly number[], memory: readonly number[][], before: readonly number[][], { reads, writes, reach }: Heads) {
  const [heads, moves] = [reads + writes, 2 * reach + 1];
  const numbers = said.map((v) => Math.min(20, Math.max(-20, v)));
  const take = (count: number) => numbers.splice(0, count);
  const keys = range(heads).map(() => take(W).map(Math.tanh));
  const strengths = take(heads).map(softplus);
  const gates = take(heads).map(sigmoid);
  const shifts = range(heads).map(() => softmaxOf(take(moves)));
  const sharpness = take(heads).map((v) => 1 + softplus(v));
  const erase = range(writes).map(() => take(W).map(sigmoid));
  const addition = range(writes).map(() => take(W).map(Math.tanh));
  const dot = (a: readonly number[], b: readonly number[]) => total(a.map((v, i) => v * (b[i] as number)));
  const norm = (a: readonly number[]) => Math.sqrt(dot(a, a) + 1e-12);
  const weights = keys.map((key, h) => {
    const content = softmaxOf(memory.map((cell) => ((strengths[h] as number) * dot(key, cell)) / (norm(key) * norm(cell))));
    const gated = content.map((v, i) => (gates[h] as number) * v + (1 - (gates[h] as number)) * (before[h]?.[i] as number));
    const moved = range(N).map((i) =>
      total(range(moves).map((j) => (shifts[h]?.[j] as number) * (gated[(i - (j - reach) + N) % N] as number))),
    );
    const powers = moved.map((v) => (v + 1e-12) ** (sharpness[h] as number));
    return powers.map((v) => v / total(powers));
  });
  const read = weights.slice(0, reads).map((w) => range(W).map((c) => total(w.map((v, i) => v * (memory[i]?.[c] as number)))));
  const writing = weights.slice(reads);
  const after = memory.map((cell, i) =>
    cell.map((value, c) => {
      const kept = writing.reduce((v, w, h) => v * (1 - (w[i] as number) * (erase[h]?.[c] as number)), value);
      return writing.reduce((v, w, h) => v + (w[i] as number) * (addition[h]?.[c] as number), kept);
    }),
  );
  return { weights, read, memory: after };
}

/** All results, tensor by tensor. */
const value =
  (heads: Heads) =>
  (x: Plain, memory: Plain, before: Plain): Plain => {
    const [count, width] = [heads.reads + heads.writes, x.shape[1] as number];
    const all = range(B).map((b) =>
      step(
        range(width).map((i) => at(x, [b, i])),
        range(N).map((n) => range(W).map((c) => at(memory, [b, n, c]))),
        range(count).map((h) => range(N).map((n) => at(before, [b, h, n]))),
        heads,
      ),
    );
    return list(...(['weights', 'read', 'memory'] as const).flatMap((name) => all.flatMap((one) => one[name].flat())));
  };

const row = (name: string, heads: Heads, more: Partial<OpRow> = {}): OpRow => ({
  op: 'memoryStep',
  name,
  f: (x, memory, before) => {
    const y = memoryStep(x as Tensor, memory as Tensor, before as Tensor, heads);
    return concat([y.weights, y.read, y.memory].map((part) => reshape(part, [part.size])));
  },
  inputs: [
    { shape: [B, (heads.reads + heads.writes) * (W + 4 + 2 * heads.reach) + 2 * heads.writes * W] },
    { shape: [B, N, W] },
    { shape: [B, heads.reads + heads.writes, N], domain: [0.05, 0.4] },
  ],
  value: value(heads),
  second: false,
  ...more,
});

export const remembering: OpRow[] = [
  row('one head each', { reads: 1, writes: 1, reach: 1 }),
  row('several heads, farther', { reads: 2, writes: 2, reach: 2 }),
  row('nobody writes', { reads: 2, writes: 0, reach: 0 }),
  row('nobody reads', { reads: 0, writes: 3, reach: 1 }),
];
