// A model in the form that `npm start` saves, with the phones of a few words: it can pronounce, and is trained in a second.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './project.mjs';

const words = { a: 'AH', cat: 'K AE T', tack: 'T AE K', act: 'AE K T', tea: 'T IY', eat: 'IY T', attack: 'AH T AE K', key: 'K IY' };

export async function tinyModel(path) {
  if (existsSync(path)) return;
  const built = (file) => import(pathToFileURL(join(root, 'build/examples/shared/pronunciation', file)).href);
  const [{ untaught }, { quick, teach, optimizerOf }] = await Promise.all([built('speaker.js'), built('teaching.js')]);
  const { init, saveCheckpoint } = await import(pathToFileURL(join(root, 'dist/index.js')).href);
  await init();
  const entries = Object.entries(words).map(([word, phones]) => ({ word, pronunciations: [phones.split(' ')] }));
  const recipe = { ...quick, hidden: 32, embedding: 16, dropout: 0, epochs: 60, batch: 8, lr: 0.01, warmup: 5 };
  const shape = { ...recipe, letters: [..."'abcdefghijklmnopqrstuvwxyz"], phones: ['AE', 'AH', 'IY', 'K', 'T'] };
  const speaker = untaught(shape);
  const dictionary = { name: 'tiny', train: entries, dev: entries, test: entries };
  const [model] = speaker.members;
  const options = { member: 0, optimizer: optimizerOf(model, recipe), signal: new AbortController().signal };
  for await (const _ of teach(model, shape, dictionary, recipe, options));
  const metadata = { shape: JSON.stringify(shape), recipe: JSON.stringify(recipe) };
  await saveCheckpoint(path, { model: speaker, metadata });
  return speaker;
}
