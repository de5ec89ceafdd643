// jax-js on its wasm device: kernels are compiled at run time; one thread, because Node has no global Worker for its pool.
import { blockUntilReady, defaultDevice, init, jit, nn, numpy as np, tree } from '@jax-js/jax';
import { attend, trainer } from './jax-gpt.mjs';

/** Functions consume their arguments: `x.ref` keeps an array for another use. */
const ops = {
  matmul: ([a, b], { transposeA, transposeB }) => np.matmul(transposeA ? np.matrixTranspose(a) : a, transposeB ? np.matrixTranspose(b) : b),
  softmax: ([x]) => nn.softmax(x, -1),
  logSoftmax: ([x]) => nn.logSoftmax(x, -1),
  exp: ([x]) => np.exp(x),
  tanh: ([x]) => np.tanh(x),
  sigmoid: ([x]) => nn.sigmoid(x),
  gelu: ([x]) => nn.gelu(x, { approximate: false }),
  add: ([a, b]) => np.add(a, b),
  layerNorm: ([x, weight, bias]) => np.add(np.multiply(nn.standardize(x, -1, { epsilon: 1e-5 }), weight), bias),
  attention: ([query, keys, values], { causal }) => attend(query, keys, values, causal === true),
};

/** @returns {Promise<import('../contender.ts').Peer>} */
export async function start(now) {
  if (!(await init('wasm')).includes('wasm')) throw new Error('jax-js: its wasm device must start');
  defaultDevice('wasm');
  return {
    name: 'jax-js 0.1.25',
    native: false,
    async prepare(task, inputs) {
      if (task.op === 'gpt') return trainer(task, now);
      const op = ops[task.op];
      if (!op || (task.op === 'attention' && (task.mask || task.bias))) return undefined;
      const arrays = task.shapes.map((shape, i) => np.array(inputs[i], { shape: [...shape] }));
      const run = jit((...operands) => op(operands, task));
      const call = () => run(...arrays.map((x) => x.ref));
      return {
        async time(calls) {
          const start = now();
          for (let i = 0; i < calls; i++) (await blockUntilReady(call())).dispose();
          return (now() - start) / calls;
        },
        result: async () => await call().data(),
        close: () => tree.dispose(arrays),
      };
    },
  };
}
