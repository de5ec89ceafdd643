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
export async function natural({ learn, test }) {
  const { default: library } = await import('natural');
  const began = performance.now();
  const classifier = new library.BayesClassifier();
  for (const { text, label } of learn) classifier.addDocument(text, label);
  classifier.train();
  const seconds = (performance.now() - began) / 1000;
  return { seconds, accuracy: test.filter(({ text, label }) => classifier.classify(text) === label).length / test.length };
}

/** brain.js's LSTM over characters, as its README has it: seconds of a pass over some of the rows, and of one over all at that pace. */
export async function brain({ learn }) {
  const library = createRequire(import.meta.url)('brain.js');
  const some = learn.filter((_, i) => i % 60 === 0);
  const net = new library.recurrent.LSTM({ hiddenLayers: [20] });
  const began = performance.now();
  net.train(some.map(({ text, label }) => ({ input: text, output: label })), { iterations: 1 }); // biome-ignore format: one call
  const seconds = (performance.now() - began) / 1000;
  return { seconds, pass: (seconds * learn.length) / some.length, rows: some.length };
}
