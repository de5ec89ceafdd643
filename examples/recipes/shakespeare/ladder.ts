// From nanoGPT's model to a modern one, one change a rung: the same characters, batches and products.
import { picture } from '../../runner/documents.ts';
import type { Recipe } from '../../runner/recipe.ts';
import { tableOf } from '../../runner/tables.ts';
import { muon, nano, type Outcome, recipeOf, type Settings, type Told } from './index.ts';
import type { Lesson } from './teaching.ts';

interface Rung {
  name: string;
  title: string;
  change: Partial<Lesson>;
  meaning: string;
}

const { muon: rate, fall, warmup, lr } = muon;

const rungs: readonly Rung[] = [
  { name: 'nano', title: 'nanoGPT', change: {}, meaning: 'LayerNorm before each half, learned positions, GELU, one table for input and output, AdamW.' },
  { name: 'rms', title: 'RMSNorm', change: { rmsNorm: true }, meaning: 'Without weights, behind the embedding too: `x / √(mean x² + ε)` (Zhang and Sennrich 2019).' },
  { name: 'rotary', title: 'rotary positions', change: { rotary: 1024 }, meaning: 'Queries and keys turn with their place, base 1024, in place of learned vectors (Su et al. 2021).' },
  { name: 'qk', title: 'norm of queries and keys', change: { qkNorm: true }, meaning: 'Each by its root mean square, scores times 2.4 / √d (Henry et al. 2020).' },
  { name: 'squared', title: 'ReLU²', change: { squared: true }, meaning: 'In place of GELU (So et al. 2021).' },
  { name: 'zeroed', title: 'a head of its own, zeros at first', change: { zeroed: true }, meaning: 'So are the maps that add to the residual; embeddings begin as N(0, 1), and logits stay within ±15 by `15 tanh(x / 15)`.' },
  { name: 'rate', title: 'rate 2e-3', change: { lr: 2e-3 }, meaning: 'Of AdamW, twice as much.' },
  { name: 'muon', title: 'Muon', change: { lr, ...(rate && { muon: rate }), ...(fall && { fall }), warmup }, meaning: 'Of the maps within layers, rate 0.02, falling evenly to 0 over the last 60 % (Jordan et al. 2024); AdamW of the rest, 4e-3.' },
]; // biome-ignore format: a table

/** Each with all changes up to it. */
const told: readonly Told[] = rungs.map(({ name, title }, i) => ({
  name,
  title,
  lesson: Object.assign({ ...nano }, ...rungs.slice(0, i + 1).map(({ change }) => change)) as Lesson,
}));

export const shakespeareLadder: Recipe<Settings, Outcome> = {
  ...recipeOf({
    name: 'shakespeare-ladder',
    asked: 'shakespeare --model ladder',
    shows:
      'From nanoGPT’s smallest model to a modern one, one change a rung: the whole validation part of tiny Shakespeare after the same 1.5 M characters.',
    papers: ['Karpathy, nanoGPT', 'Jordan et al. 2024, modded-nanogpt'],
    told,
  }),
  page: (result) => [
    '# The ladder of language models',
    '',
    'From nanoGPT’s smallest model to a modern one, one change a rung. Each rung keeps the changes before it; all see the same 1.536 M characters of',
    'tiny Shakespeare in the same batches, and are measured on the whole validation part, by which no choice was made here. Lower is better.',
    '',
    ...rungs.map(({ title, meaning }, i) => `${i + 1}. **${title}**. ${meaning}`),
    '',
    ...tableOf(result.rows),
    ...picture(result, 'learning'),
  ],
};
