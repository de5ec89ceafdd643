// How the pages of examples are served: `npm run example -- NAME`.
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Vite's configuration for the page of an example. @param {string} name */
export const config = (name) => ({
  configFile: /** @type {const} */ (false),
  root: `${root}examples/${name}`,
  base: './',
  resolve: {
    alias: [
      { find: /^vega-datasets\/data/, replacement: `${root}node_modules/vega-datasets/data` }, // which exports no file
      { find: /^saccade$/, replacement: `${root}dist/index.js` },
      { find: /^saccade\/(\w+)$/, replacement: `${root}dist/$1.js` },
    ],
  },
  server: { fs: { allow: [root] } },
  build: {
    outDir: `${root}out/${name}`,
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 8000,
  },
});
