// TensorFlow.js on its wasm backend: SIMD, one thread (its wasm has no threads in Node). Its kernels run when they are called.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Softmax cross entropy as its users write it: the one-hot rows are prepared in advance. */
const crossEntropy = (tf, x, classes) => tf.losses.softmaxCrossEntropy(classes, x);

/** Filters as TensorFlow has them, [rows, columns, in, out]. */
const filtered = (tf, x, weight) => tf.conv2d(x, tf.transpose(weight, [2, 3, 1, 0]), 1, 'same');

/** By task: the call, from TensorFlow.js, the operands and the task. */
const ops = {
  conv2d: (tf, [x, weight]) => filtered(tf, x, weight),
  conv2dGradients: (tf, [x, weight, g]) => tf.valueAndGrads((a, b) => filtered(tf, a, b))([x, weight], g).grads[1],
  matmul: (tf, [a, b], { transposeA, transposeB }) => tf.matMul(a, b, transposeA, transposeB),
  softmax: (tf, [x]) => tf.softmax(x),
  logSoftmax: (tf, [x]) => tf.logSoftmax(x),
  exp: (tf, [x]) => tf.exp(x),
  tanh: (tf, [x]) => tf.tanh(x),
  sigmoid: (tf, [x]) => tf.sigmoid(x),
  gelu: (tf, [x]) => tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2)))),
  add: (tf, [a, b]) => tf.add(a, b),
  layerNorm(tf, [x, weight, bias]) {
    const { mean, variance } = tf.moments(x, -1, true);
    return tf.add(tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-5))), weight), bias);
  },
  attention(tf, [query, keys, values], { causal, mask, bias }) {
    if (causal || mask || bias) return undefined; // a masked softmax is again other ops; the plain one is representative
    return tf.matMul(tf.softmax(tf.mul(tf.matMul(query, keys, false, true), 1 / 8)), values);
  },
};

/** @param tf TensorFlow.js @param {import('../case.ts').Task} task @returns {(() => unknown) | undefined} */
function callOf(tf, task, tensors) {
  if (task.op === 'LSTM' || task.op === 'GRU') return recurrent(tf, task, tensors);
  if (task.op === 'crossEntropy' || task.op === 'crossEntropyGradient') {
    const [rows, width] = task.shapes[0];
    const classes = tf
      .oneHot(
        Array.from({ length: rows }, (_, i) => (i * 37) % width),
        width,
      )
      .toFloat();
    if (task.op === 'crossEntropy') return () => crossEntropy(tf, tensors[0], classes);
    const gradient = tf.grad((x) => crossEntropy(tf, x, classes));
    return () => gradient(tensors[0]);
  }
  const op = ops[task.op];
  return op && tf.tidy(() => op(tf, tensors, task) !== undefined) ? () => op(tf, tensors, task) : undefined;
}

/** A training step: the mean square of a layer's outputs, Adam. Every activation equals ours. */
function recurrent(tf, { op, hidden }, [x]) {
  const options = { units: hidden, returnSequences: true, recurrentActivation: 'sigmoid', recurrentInitializer: 'glorotNormal' };
  const layer = op === 'LSTM' ? tf.layers.lstm(options) : tf.layers.gru({ ...options, resetAfter: false });
  layer.apply(x);
  const adam = tf.train.adam(1e-3);
  return () => adam.minimize(() => tf.mean(tf.square(layer.apply(x, { training: true }))), true);
}

/** A training step of the model of bench/cases/dates.ts, built as in the library's own example. */
function dates(tf, { batch, source, target, width }) {
  const symbols = (length, count, seed) =>
    tf.tensor(
      Int32Array.from({ length: batch * length }, (_, i) => (i * seed) % count),
      [batch, length],
      'int32',
    );
  const tokens = symbols(source.length, source.symbols, 37);
  const given = symbols(target.length, target.symbols, 41);
  const wanted = tf.oneHot(symbols(target.length, target.symbols, 43), target.symbols).toFloat();
  const embedding = ({ symbols: inputDim, length: inputLength }) => tf.layers.embedding({ inputDim, outputDim: width, inputLength });
  const lstm = () =>
    tf.layers.lstm({ units: width, returnSequences: true, recurrentActivation: 'sigmoid', recurrentInitializer: 'glorotNormal' });
  const parts = {
    read: embedding(source),
    write: embedding(target),
    encoder: lstm(),
    decoder: lstm(),
    combine: tf.layers.dense({ units: width, activation: 'tanh' }),
    output: tf.layers.dense({ units: target.symbols }),
  };
  const loss = () => {
    const memory = parts.encoder.apply(parts.read.apply(tokens));
    const last = tf.squeeze(tf.slice(memory, [0, source.length - 1, 0], [-1, 1, -1]), [1]);
    const output = parts.decoder.apply(parts.write.apply(given), { initialState: [last, last] });
    const context = tf.matMul(tf.softmax(tf.matMul(output, memory, false, true)), memory);
    return tf.losses.softmaxCrossEntropy(wanted, parts.output.apply(parts.combine.apply(tf.concat([context, output], 2))));
  };
  tf.tidy(() => void loss()); // layers create their variables when they are first applied
  const adam = tf.train.adam(1e-3);
  return () => adam.minimize(loss, true);
}

/** The library, and a peer of a name on one of its backends. */
async function on(backend, note, now, calls) {
  const tf = (await import('@tensorflow/tfjs')).default;
  return {
    name: `TF.js ${tf.version.tfjs}${note}`,
    native: false,
    async prepare(task, inputs) {
      await tf.setBackend(backend);
      const tensors = task.shapes.map((shape, i) => tf.tensor(inputs[i], shape));
      const call = calls(tf, task, tensors);
      if (!call) return undefined;
      return {
        async time(times) {
          await tf.setBackend(backend);
          const start = now();
          for (let i = 0; i < times; i++) tf.tidy(() => void call());
          return (now() - start) / times;
        },
        ...(task.training ? {} : { result: async () => tf.tidy(() => call().dataSync()) }),
        close: () => tf.dispose(tensors),
      };
    },
  };
}

/** @returns {Promise<import('../contender.ts').Peer>} */
export async function start(now) {
  const { setThreadsCount, setWasmPaths } = (await import('@tensorflow/tfjs-backend-wasm')).default;
  setWasmPaths(`${dirname(fileURLToPath(import.meta.resolve('@tensorflow/tfjs-backend-wasm')))}/`);
  setThreadsCount(1);
  return on('wasm', '', now, (tf, task, tensors) => (task.op === 'conv2dGradients' ? undefined : callOf(tf, task, tensors)));
}

/** Plain JavaScript, for the kernels that its wasm backend lacks: the gradients of an embedding and of a filter. */
export async function startPlain(now) {
  return on('cpu', ' without wasm', now, (tf, task, tensors) =>
    task.op === 'dates' ? dates(tf, task) : task.op === 'conv2dGradients' ? callOf(tf, task, tensors) : undefined,
  );
}
