// The GPT of bench/cases/gpt.ts in jax-js: one jitted function from parameters and moments to the next ones, and the loss.
import { blockUntilReady, jit, nn, numpy as np, random, tree, valueAndGrad } from '@jax-js/jax';

const turned = (x, axes) => np.transpose(x, axes);

function parameters({ layers, width, length, symbols }) {
  let seed = 0;
  const weight = (...shape) => np.multiply(random.normal(random.key(seed++), shape), 0.02);
  const dense = (from, to) => ({ weight: weight(from, to), bias: np.zeros([to]) });
  const norm = () => ({ weight: np.ones([width]), bias: np.zeros([width]) });
  const layer = () => ({
    attentionNorm: norm(),
    hiddenNorm: norm(),
    project: dense(width, 3 * width),
    join: dense(width, width),
    widen: dense(width, 4 * width),
    narrow: dense(4 * width, width),
  });
  return {
    symbols: weight(symbols, width),
    positions: weight(length, width),
    layers: Array.from({ length: layers }, layer),
    norm: norm(),
    output: weight(width, symbols),
  };
}

/** [B, H, T, D] each. Its own `dotProductAttention` needs iterator helpers, which Node has since version 22. */
export function attend(query, keys, values, causal) {
  const [, , length, width] = query.shape;
  const scores = np.multiply(np.matmul(query, np.matrixTranspose(keys)), 1 / Math.sqrt(width));
  const seen = causal ? np.where(np.tri(length, length, 0, { dtype: np.bool }), scores, -1e9) : scores;
  return np.matmul(nn.softmax(seen, -1), values);
}

const linear = (x, { weight, bias }) => np.add(np.matmul(x, weight), bias);
const normalise = (x, { weight, bias }) => np.add(np.multiply(nn.standardize(x, -1, { epsilon: 1e-5 }), weight), bias);

/** x [B, T, D] */
function layerOf(x, layer, { batch, length, width, heads }) {
  const projected = linear(normalise(x.ref, layer.attentionNorm), layer.project);
  const headed = (part) => turned(np.reshape(part, [batch, length, heads, width / heads]), [0, 2, 1, 3]);
  const [query, keys, values] = np.split(projected, 3, -1).map(headed);
  const read = np.reshape(turned(attend(query, keys, values, true), [0, 2, 1, 3]), [batch, length, width]);
  const y = np.add(x, linear(read, layer.join));
  return np.add(y.ref, linear(nn.gelu(linear(normalise(y, layer.hiddenNorm), layer.widen), { approximate: false }), layer.narrow));
}

/** One-hot rows [B, T, V] for inputs and targets: a gather has its gradient there too, but products are faster. */
function lossOf(p, input, wanted, task) {
  let x = np.add(np.matmul(input, p.symbols), p.positions);
  for (const layer of p.layers) x = layerOf(x, layer, task);
  const logs = nn.logSoftmax(np.matmul(normalise(x, p.norm), p.output), -1);
  return np.negative(np.multiply(np.sum(np.multiply(logs, wanted)), 1 / (task.batch * task.length)));
}

/** Kingma and Ba 2015, with the step's two corrections as scalars. */
function adam(p, g, m, v, first, second) {
  const m2 = tree.map((m, g) => np.add(np.multiply(m, 0.9), np.multiply(g, 0.1)), m, tree.ref(g));
  const v2 = tree.map((v, g) => np.add(np.multiply(v, 0.999), np.multiply(np.square(g), 0.001)), v, g);
  const next = tree.map(
    (p, m, v) =>
      np.subtract(p, np.trueDivide(np.multiply(np.multiply(m, first.ref), 1e-3), np.add(np.sqrt(np.multiply(v, second.ref)), 1e-8))),
    p,
    tree.ref(m2),
    tree.ref(v2),
  );
  first.dispose();
  second.dispose();
  return [next, m2, v2];
}

/** @param {import('../case.ts').Task} task @returns {import('../contender.ts').Prepared} */
export function trainer(task, now) {
  const { batch, length, symbols } = task;
  const rows = (seed) => nn.oneHot(np.array(Int32Array.from({ length: batch * length }, (_, i) => (i * seed) % symbols)), symbols);
  const text = (seed) => np.reshape(rows(seed), [batch, length, symbols]);
  const [input, wanted] = [text(37), text(41)];
  const step = jit((p, m, v, first, second, input, wanted) => {
    const [loss, g] = valueAndGrad((p) => lossOf(p, input, wanted, task))(tree.ref(p));
    return [loss, ...adam(p, g, m, v, first, second)];
  });
  let p = parameters(task);
  let m = tree.map((x) => np.zerosLike(x), tree.ref(p));
  let v = tree.map((x) => np.zerosLike(x), tree.ref(p));
  let [first, second] = [1, 1];
  return {
    async time(calls) {
      const start = now();
      for (let i = 0; i < calls; i++) {
        first *= 0.9;
        second *= 0.999;
        const corrections = [np.array([1 / (1 - first)]), np.array([1 / (1 - second)])];
        const [loss, ...next] = step(p, m, v, ...corrections, input.ref, wanted.ref);
        [p, m, v] = next;
        await blockUntilReady([loss, p, m, v]);
        const value = loss.item();
        if (!Number.isFinite(value)) throw new Error(`jax-js: the loss must be finite, got ${value}`);
      }
      return (now() - start) / calls;
    },
    close: () => tree.dispose([p, m, v, input, wanted]),
  };
}
