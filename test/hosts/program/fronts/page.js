// What a test calls: the four jobs in this page or in its worker. The page says when everything that they need is loaded.
import { Remote } from 'saccade/remote';
import { IndexedDBFiles } from 'saccade/stores';
import { fit, open } from './jobs.js';

/** What everything that Remote does in this page took, in milliseconds: each call, and each message of the worker. */
const took = [];
const timed =
  (work) =>
  (...given) => {
    const began = performance.now();
    try {
      return work(...given);
    } finally {
      took.push(performance.now() - began);
    }
  };

const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
const add = worker.addEventListener.bind(worker);
worker.addEventListener = (type, listener) => add(type, timed(listener));
const remote = new Remote(worker);
const store = new IndexedDBFiles('fronts-of-page');
const progress = [];

/** Two thousand rows are sent to the worker, which tells each of twelve steps and sends the model back: what the page has of it, and the longest that it was held. */
async function held() {
  const rows = Array.from({ length: 2000 }, (_, i) => ({ text: `row ${i % 97} of many in the list ${i}`, label: i % 2 ? 'odd' : 'even' }));
  const steps = [];
  took.length = 0;
  const result = timed(() => remote.call('teach', rows, { onProgress: ({ step }) => steps.push(step) }))();
  const { length } = await result;
  return { bytes: length, steps: steps.length, messages: took.length, longest: Math.max(...took) };
}

globalThis.jobs = {
  held,
  inWorker: { fit: () => remote.call('fit', null, { onProgress: (name) => progress.push(name) }), open: () => remote.call('open', null) },
  inPage: { fit: () => fit(store), open: () => open(store) },
  progress,
};
document.querySelector('output').textContent = 'loaded';
