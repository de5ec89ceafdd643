import { describe, expect, it } from 'vitest';
import { IntraAttention } from '../../src/attention/intra.ts';
import { grad } from '../../src/autograd/backward.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { mapState } from '../../src/nn/state.ts';
import { unroll } from '../../src/nn/unroll.ts';
import { concat, gather, reshape, slice } from '../../src/ops/index.ts';
import { detach, tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bits, list, padding, real } from '../nn/row.ts';

const [B, T, I, H, A, N] = [4, 7, 3, 5, 6, 8];
const core = new IntraAttention({ input: I, hidden: H, score: A, window: N }, key(1));
const inputs = (examples = [0, 1, 2, 3]) => real(examples, [T, I], 1);
const all = (y: { output: Tensor; state: ReturnType<IntraAttention['initialState']> }) => [
  y.output,
  y.state.cell.h,
  y.state.cell.c,
  y.state.keys,
  y.state.values,
  y.state.count,
];
const stepped = (of: IntraAttention, x: Tensor, mask?: Tensor) => unroll(of, x, mask ? { mask } : {});

describe('IntraAttention', () => {
  it('is the formula of its papers', () => {
    const w = (path: string) => core.stateDict().get(path) as Tensor;
    const rows = (x: Tensor) => Array.from({ length: x.shape[0] as number }, (_, i) => list(slice(x, 0, i, i + 1)));
    const times = (m: Tensor, x: number[]) => rows(m).map((row) => row.reduce((sum, v, j) => sum + v * (x[j] as number), 0));
    const [q, b] = [list(w('score.v')), list(w('score.key.bias'))];
    const { output, weights } = core.forward(inputs());
    const states = list(core.cell && unroll(core.cell, inputs()).output);
    const h = (i: number, t: number) => states.slice((i * T + t) * H, (i * T + t + 1) * H);
    for (const [i, t] of [
      [0, 0],
      [2, 1],
      [3, T - 1],
    ] as const) {
      const now = times(w('score.query.weight'), h(i, t));
      const e = Array.from({ length: t }, (_, s) => {
        const past = times(w('score.key.weight'), h(i, s));
        return q.reduce((sum, v, a) => sum + v * Math.tanh((past[a] as number) + (now[a] as number) + (b[a] as number)), 0);
      });
      const total = e.reduce((sum, v) => sum + Math.exp(v), 0);
      const alpha = e.map((v) => Math.exp(v) / total);
      list(weights)
        .slice((i * T + t) * T, (i * T + t + 1) * T)
        .forEach((v, s) => expect(v).toBeCloseTo(alpha[s] ?? 0, 6));
      const context = h(i, t).map((_, j) => alpha.reduce((sum, v, s) => sum + v * (h(i, s)[j] as number), 0));
      const wanted = times(w('combine.weight'), [...context, ...h(i, t)]).map(Math.tanh);
      list(output)
        .slice((i * T + t) * H, (i * T + t + 1) * H)
        .forEach((v, j) => expect(v).toBeCloseTo(wanted[j] as number, 6));
    }
  });

  it.each([
    ['whole', () => undefined],
    ['padded at the end', () => padding([0, 1, 2, 3], T)],
    [
      'with gaps and a row of nothing',
      () => tensor([0, 1, 2, 3].map((b) => Array.from({ length: T }, (_, t) => b > 0 && (t * b) % 3 !== 1))),
    ],
  ])('gives the same bits at once and step by step, %s', (_, mask) => {
    const options = mask() ? { mask: mask() as Tensor } : {};
    const [once, steps] = [core.forward(inputs(), options), stepped(core, inputs(), options.mask)];
    all(once).forEach((x, i) => expect(bits(x)).toEqual(bits(all(steps)[i] as Tensor)));
  });

  it('has the gradients of its steps', () => {
    const x = parameter(detach(inputs()));
    const xs = [x, ...core.stateDict().values()];
    const gradients = (y: ReturnType<typeof stepped>) =>
      grad(
        concat(
          all(y)
            .slice(0, 5)
            .map((part) => reshape(part, [part.size])),
        ),
        xs,
        { gradient: reshape(real([0], [y.output.size + B * (2 * H + N * (A + H))], 3), [-1]) },
      );
    const wanted = gradients(stepped(core, x));
    gradients(core.forward(x)).forEach((g, i) => {
      const [got, other] = [list(g), list(wanted[i] as Tensor)];
      const size = Math.max(...other.map(Math.abs));
      expect(size).toBeGreaterThan(1e-5);
      got.forEach((v, j) => expect(Math.abs(v - (other[j] as number))).toBeLessThan(5e-6 * size + 1e-7));
    });
  });

  it('looks back at the last N states alone', () => {
    const short = new IntraAttention({ input: I, hidden: H, window: 3 }, key(2));
    let state = short.initialState(B);
    for (let t = 0; t < T; t++) {
      const { weights, state: next } = short.step(reshape(slice(inputs(), 1, t, t + 1), [B, I]), state);
      const row = list(weights).slice(0, 3);
      expect(row.filter((v) => v > 0).length).toBe(Math.min(t, 3));
      if (t > 0) expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
      state = next;
    }
    const held = Array.from({ length: 3 }, (_, i) => list(state.values).slice(i * H, (i + 1) * H));
    const states = list(unroll(short.cell, inputs()).output);
    expect(held).toEqual([6, 4, 5].map((t) => states.slice(t * H, (t + 1) * H))); // state i in place i mod 3
    const [whole, one] = [short.forward(inputs()), stepped(short, inputs())];
    for (const name of ['output', 'weights'] as const) expect(bits(whole[name])).toEqual(bits(one[name]));
    expect(whole.weights.shape).toEqual([B, T, 3]);
  });

  it('goes on from a state, of any rows in any order', () => {
    const half = core.forward(slice(inputs(), 1, 0, 4)).state;
    const order = tensor(Int32Array.of(2, 0, 0));
    const state = mapState(half, (x) => gather(x, order));
    const rest = core.forward(gather(slice(inputs(), 1, 4), order), { state }).output;
    expect(bits(rest)).toEqual(bits(gather(slice(core.forward(inputs()).output, 1, 4), order)));
  });

  it('has the gradient to its inputs that central differences say, both ways', () => {
    const again = () => new IntraAttention({ input: I, hidden: H, window: N }, key(1)); // on the backend in use
    gradcheck((x) => again().forward(x as Tensor, { mask: padding([0, 1], T) }).output, [inputs([0, 1])]);
    gradcheck((x) => stepped(again(), x as Tensor, padding([0, 1], T)).output, [inputs([0, 1])]);
  });

  it('refuses a window of nothing', () => {
    expect(() => new IntraAttention({ input: I, hidden: H, window: 0 }, key(1))).toThrow(
      'IntraAttention: window must be a whole number from 1',
    );
  });

  it('reads all steps at once where padding comes last, and step by step where it does not', () => {
    const rows = (...real: number[][]) => tensor(real.map((row) => row.map(Boolean)));
    const x = inputs([0, 1]);
    const at = (...real: number[][]) => core.forward(x, { mask: rows(...real) }).weights.shape;
    expect(at([1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0, 0])).toEqual([2, T, T]);
    expect(at([0, 0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1, 0])).toEqual([2, T, T]);
    expect(at([1, 0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1, 1])).toEqual([2, T, T]);
    expect(at([1, 1, 1, 1, 1, 1, 1], [0, 1, 1, 1, 1, 1, 1])).toEqual([2, T, N]);
    expect(at([1, 0, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1])).toEqual([2, T, N]);
    const exact = new IntraAttention({ input: I, hidden: H, window: T }, key(1));
    expect(exact.forward(x, { mask: rows([1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0, 0]) }).state.keys.shape).toEqual([2, T, H]);
  });

  it('of no steps gives nothing, and the state that it was given', () => {
    const none = zeros([2, 0, I]);
    const { output, weights, state } = core.forward(none);
    expect([output.shape, weights.shape, state.keys.shape, list(state.count)]).toEqual([
      [2, 0, H],
      [2, 0, 0],
      [2, N, A],
      [0, 0],
    ]);
    const before = core.forward(inputs([0, 1])).state;
    expect(core.forward(none, { state: before }).state).toBe(before);
    expect(() => core.forward(zeros([2, 3, I + 1]))).toThrow('IntraAttention: x must be [B, T, 3], got [2, 3, 4]');
    expect(() => core.forward(zeros([2, I]))).toThrow('IntraAttention: x must be [B, T, 3], got [2, 3]');
  });
});
