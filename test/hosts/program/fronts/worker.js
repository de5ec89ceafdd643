import { init } from 'saccade';
import { TextClassifier } from 'saccade/fronts';
import { serve } from 'saccade/remote';
import { IndexedDBFiles } from 'saccade/stores';
import { fit, open } from './jobs.js';

const store = new IndexedDBFiles('fronts');

/** Twelve steps of learning from rows: the bytes of the front. */
async function teach(rows, { progress }) {
  await init();
  const onProgress = (at) => {
    progress(at);
    return at.step < 12;
  };
  return (await TextClassifier.fit(rows, { width: 8, onProgress })).save();
}

serve({ fit: (_, { progress }) => fit(store, progress), open: () => open(store), teach });
