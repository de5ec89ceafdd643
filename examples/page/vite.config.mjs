// `npm run page` serves the page, `npm run page -- build` makes it static in out/page. A model saved by `npm start` is included.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));
const saved = process.env.SACCADE_MODEL ?? `${root}out/pronounce.safetensors`;
const name = 'pronounce.safetensors';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  resolve: {
    alias: [
      { find: /^saccade$/, replacement: `${root}dist/index.js` },
      { find: /^saccade\/(\w+)$/, replacement: `${root}dist/$1.js` },
    ],
  },
  worker: { format: 'es' },
  build: {
    outDir: `${root}out/page`,
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 8000,
  },
  plugins: [
    {
      name: 'model',
      buildStart() {
        if (this.environment?.mode !== 'dev' && existsSync(saved))
          this.emitFile({ type: 'asset', fileName: name, source: readFileSync(saved) });
      },
      configureServer({ middlewares }) {
        middlewares.use(`/${name}`, (_, response) =>
          existsSync(saved) ? response.end(readFileSync(saved)) : response.writeHead(404).end(),
        );
      },
    },
  ],
});
