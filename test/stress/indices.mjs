// Hostile indices to every op that takes some, between sentinels: an error that names the op, or a result, and the neighbours as they were.
import { backward, Embedding, OutOfMemoryError, parameter } from 'saccade';
import * as ops from 'saccade/ops';
import { key, scope, tensor } from 'saccade/tensor';

const { normal } = ops;

/** @typedef {import('saccade').Tensor} Tensor */

/** Indices as tensors, and lengths or places as numbers. `bound`: indices from `low` to below it are right. */
const N = 5;
/** @type {Record<string, { shape: number[], low: number, run: (index: Tensor, x: Tensor) => Tensor }>} */
const byTensor = {
  gather: { shape: [4], low: 0, run: (index, x) => ops.gather(x, index) },
  segmentSum: { shape: [4], low: 0, run: (index) => ops.segmentSum(normal(key(2), [4, 3]), index, N) },
  embeddingBag: { shape: [2, 2], low: 0, run: (index, x) => ops.embeddingBag(x, index) },
  pick: { shape: [3], low: -1, run: (index, x) => ops.pick(ops.transpose(x, 0, 1), index) },
  batchGather: { shape: [1, 4], low: 0, run: (index, x) => ops.batchGather(ops.reshape(x, [1, N, 3]), index) },
  takeAlongAxis: { shape: [4, 3], low: 0, run: (index, x) => ops.takeAlongAxis(x, index, { axis: 0 }) },
  scatterAddAlongAxis: { shape: [2, 3], low: 0, run: (index) => ops.scatterAddAlongAxis(normal(key(2), [2, 3]), index, N) },
  oneHot: { shape: [4], low: -1, run: (index) => ops.oneHot(index, N) },
  crossEntropy: { shape: [3], low: 0, run: (index, x) => ops.crossEntropy(ops.transpose(x, 0, 1), index) },
  nllLoss: { shape: [3], low: 0, run: (index, x) => ops.nllLoss(ops.logSoftmax(ops.transpose(x, 0, 1)), index) },
  rotary: {
    shape: [1, 4],
    low: 0,
    run: (index) => ops.rotary(normal(key(2), [2, 1, 4, 2]), normal(key(3), [N, 2]), index, { layout: 'pairs' }),
  },
  Embedding: { shape: [2, 2], low: 0, run: (index) => new Embedding({ symbols: N, size: 3 }, key(1)).forward(index) },
};
/** @type {Record<string, (at: number, x: Tensor) => Tensor>} */
const byNumber = {
  'slice from': (at, x) => ops.slice(x, 0, at),
  'slice to': (at, x) => ops.slice(x, 0, 0, at),
  select: (at, x) => ops.select(x, 0, at),
  place: (at, x) => ops.place(x, 0, at, 12),
  'place in': (at, x) => ops.place(x, 0, 0, at),
  unfold: (at, x) => ops.unfold(x, at, 0),
  'select of axis': (at, x) => ops.select(x, at, 0),
  'oneHot of length': (at) => ops.oneHot(tensor(Int32Array.of(0, 1)), at),
  'segmentSum of rows': (at, x) => ops.segmentSum(x, tensor(Int32Array.of(0, 1, 2, 1, 0)), at),
  'scatterAddAlongAxis of length': (at, x) =>
    ops.scatterAddAlongAxis(
      x,
      tensor(
        Int32Array.from({ length: 15 }, (_, i) => i % 3),
        { shape: [5, 3] },
      ),
      at,
    ),
};

const hostile = [-1, -2, N, N + 1, 1000, 16384, 2 ** 20, 2 ** 30, 2 ** 31 - 1, -(2 ** 31), -(2 ** 20), 819];
const hostileNumbers = [...hostile, 0.5, 819.2, -0.5, Number.NaN, Infinity, -Infinity, 2 ** 32, 2 ** 53, 1e300];

/** Runs `fn` with sentinels made before, in and after it. @param {string} op @param {(x: Tensor) => Tensor | undefined} fn @returns {string} */
function between(op, fn) {
  return scope(() => {
    const guard = () => tensor(new Float32Array(48).fill(12345));
    const guards = [guard()];
    const x = normal(key(1), [N, 3]);
    const values = String(x.toArray());
    guards.push(guard());
    let result = 'a result';
    try {
      const y = fn(x);
      guards.push(guard());
      if (y) ops.sum(y).item();
    } catch (error) {
      if (
        !(
          error instanceof RangeError ||
          error instanceof TypeError ||
          error instanceof OutOfMemoryError ||
          (error instanceof Error && / gradient: |written since$/.test(error.message))
        )
      )
        throw error;
      if (!/^[\w ]+: /.test(error.message))
        throw new Error(`indices: ${op} must say what is wrong, got ${error.message}`, { cause: error });
      result = error.message;
    }
    guards.push(guard());
    if (String(x.toArray()) !== values) throw new Error(`indices: ${op} must leave its operand, got other values`);
    for (const one of guards) {
      if (one.toArray().some((value) => value !== 12345))
        throw new Error(`indices: ${op} must write nowhere else, got a changed neighbour`);
    }
    return result;
  });
}

/** @param {{ report: (line: string) => void }} options */
export function indices({ report }) {
  let [calls, refused] = [0, 0];
  /** @param {string} op @param {boolean} wrong @param {string} result */
  const judge = (op, wrong, result) => {
    calls++;
    if (result !== 'a result') refused++;
    if (wrong && result === 'a result') throw new Error(`indices: ${op} must refuse, got a result`);
    if (!wrong && result !== 'a result') throw new Error(`indices: ${op} must take it, got ${result}`);
  };
  for (const [op, { shape, low, run }] of Object.entries(byTensor)) {
    const size = shape.reduce((a, b) => a * b, 1);
    for (const bad of [low, N - 1, ...hostile]) {
      for (let place = 0; place < size; place++) {
        const values = Int32Array.from({ length: size }, (_, i) => (i === place ? bad : i % 3));
        const wrong = bad < low || bad >= N;
        judge(
          `${op} of ${bad}`,
          wrong,
          between(op, (x) => run(tensor(values, { shape }), x)),
        );
        // Right at the forward pass, hostile at the backward one.
        if (!wrong) continue;
        const result = between(op, (x) => {
          const index = tensor(
            Int32Array.from({ length: size }, (_, i) => i % 3),
            { shape },
          );
          const y = run(index, parameter(x));
          index.view()[place] = bad;
          if (y.requiresGrad) backward(ops.sum(ops.mul(y, y)));
          return undefined;
        });
        calls++;
        if (result !== 'a result') refused++;
      }
    }
    report(op);
  }
  for (const [op, run] of Object.entries(byNumber)) {
    for (const at of hostileNumbers) {
      const result = between(op, (x) => run(at, x));
      calls++;
      if (result !== 'a result') refused++;
      else if (!Number.isInteger(at) && !(op === 'slice to' && at === Infinity))
        throw new Error(`indices: ${op} must refuse ${at}, got a result`);
    }
    report(op);
  }
  return `${calls} calls of ${Object.keys(byTensor).length + Object.keys(byNumber).length} kinds with hostile indices, ${refused} refused; no neighbour was written`;
}

/** The ops of the table, for the test that none is missing. */
export const tried = [...Object.keys(byTensor), ...Object.keys(byNumber).map((name) => name.split(' ')[0])];
