import { serve } from 'saccade/remote';
import { IndexedDBFiles } from 'saccade/stores';
import { fit, open } from './jobs.js';

const store = new IndexedDBFiles('fronts');
serve({ fit: (_, { progress }) => fit(store, progress), open: () => open(store) });
