// Rows of npm packages, and other libraries that learn from rows: what `npm run bench -- fronts` puts beside the fronts.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const languages = ['cs', 'de', 'es', 'fr', 'it', 'pl', 'pt-br', 'tr'];

/** A number of a text, by FNV-1a, mixed. @param {string} text */
const hash = (text) => {
  let h = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) h = Math.imul(h ^ byte, 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
};

/**
 * A tenth of the TypeScript compiler's messages in eight languages of Latin letters, by the message's name; of these a fifth to test by, the same messages in every
 * language, so that no translation of a message that is learnt from is tested by.
 */
export function messages() {
  const rows = languages.flatMap((label) => {
    const path = createRequire(import.meta.url).resolve(`typescript-messages/lib/${label}/diagnosticMessages.generated.json`);
    return Object.entries(JSON.parse(readFileSync(path, 'utf8'))).map(([name, text]) => ({ name, label, text: String(text) }));
  });
  const some = rows.filter(({ name }) => hash(name) % 10 === 0);
  const plain = (keep) => some.filter(({ name }) => keep(hash(`${name}?`) % 5)).map(({ text, label }) => ({ text, label }));
  return { learn: plain((part) => part > 0), test: plain((part) => part === 0) };
}

/** `natural`'s naive Bayes over stemmed words: seconds to learn, and the share that is right. */
export async function natural({ learn, test }, now) {
  const { default: library } = await import('natural');
  const began = now();
  const classifier = new library.BayesClassifier();
  for (const { text, label } of learn) classifier.addDocument(text, label);
  classifier.train();
  const seconds = (now() - began) / 1000;
  return { seconds, accuracy: test.filter(({ text, label }) => classifier.classify(text) === label).length / test.length };
}

/** brain.js's LSTM over characters, as its README has it: seconds of a pass over some of the rows, and of one over all at that pace. */
export async function brain({ learn }, now) {
  const library = createRequire(import.meta.url)('brain.js');
  const some = learn.filter((_, i) => i % 60 === 0);
  const net = new library.recurrent.LSTM({ hiddenLayers: [20] });
  const began = now();
  net.train(some.map(({ text, label }) => ({ input: text, output: label })), { iterations: 1 }); // biome-ignore format: one call
  const seconds = (now() - began) / 1000;
  return { seconds, pass: (seconds * learn.length) / some.length, rows: some.length };
}

/** Rows as TensorFlow.js takes them: the numbers of the words that two rows have, 40 at most, 0 behind. */
function numbered(rows, words, labels, tf) {
  const wordsOf = (text) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const ids = rows.map(({ text }) => wordsOf(text).slice(0, 40).map((word) => words.get(word) ?? 1)); // biome-ignore format: one line
  const filled = ids.map((some) => [...some, ...new Array(40 - some.length).fill(0)]);
  return { x: tf.tensor2d(filled, [rows.length, 40], 'int32'), y: tf.oneHot(tf.tensor1d(rows.map(({ label }) => labels.indexOf(label)), 'int32'), labels.length) }; // biome-ignore format: one line
}

/** Seconds that it is given. */
const PATIENCE = 120;

/**
 * TensorFlow.js Layers: words embedded, their mean, a dense layer: the model of its own guides for texts. Seconds of learning until it is as good on the rows to test by
 * as `wanted`, asked after each pass: it may choose where to stop by the very rows that it is judged by, until two minutes have gone, in the middle of a pass if need be.
 * On its plain backend, since its wasm cannot learn an embedding.
 */
export async function tfjs({ learn, test }, wanted, now) {
  const tf = (await import('@tensorflow/tfjs')).default;
  await tf.setBackend('cpu');
  const began = now();
  const counts = new Map();
  for (const { text } of learn)
    for (const word of new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu))) counts.set(word, (counts.get(word) ?? 0) + 1);
  const words = new Map([...counts].filter(([, count]) => count > 1).map(([word], i) => [word, i + 2]));
  const labels = [...new Set(learn.map(({ label }) => label))].sort();
  const model = tf.sequential();
  model.add(tf.layers.embedding({ inputDim: words.size + 2, outputDim: 32, inputLength: 40 }));
  model.add(tf.layers.globalAveragePooling1d({}));
  model.add(tf.layers.dense({ units: labels.length, activation: 'softmax' }));
  model.compile({ optimizer: tf.train.adam(0.01), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  const [own, others] = [learn, test].map((rows) => numbered(rows, words, labels, tf));
  let seconds = (now() - began) / 1000;
  let [best, batches] = [0, 0];
  while (best < wanted && seconds < PATIENCE) {
    const before = now();
    const gone = () => seconds + (now() - before) / 1000;
    const onBatchEnd = () => {
      batches++;
      model.stopTraining = gone() >= PATIENCE;
    };
    await model.fit(own.x, own.y, { batchSize: 32, epochs: 1, shuffle: true, verbose: 0, yieldEvery: 'never', callbacks: { onBatchEnd } });
    seconds = gone();
    const accuracy = model.evaluate(others.x, others.y, { batchSize: 256 })[1].dataSync()[0];
    best = Math.max(best, accuracy);
  }
  return { seconds, accuracy: best, batches, perPass: Math.ceil(learn.length / 32) };
}
