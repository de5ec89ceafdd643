// What a test calls: the four jobs in this page or in its worker. The page says when everything that they need is loaded.
import { Remote } from 'saccade/remote';
import { IndexedDBFiles } from 'saccade/stores';
import { fit, open } from './jobs.js';

const remote = new Remote(new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }));
const store = new IndexedDBFiles('fronts-of-page');
const progress = [];

globalThis.jobs = {
  inWorker: { fit: () => remote.call('fit', null, { onProgress: (name) => progress.push(name) }), open: () => remote.call('open', null) },
  inPage: { fit: () => fit(store), open: () => open(store) },
  progress,
};
document.querySelector('output').textContent = 'loaded';
