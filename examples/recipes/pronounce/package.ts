// `npm run pronounce`: what the recipe `pronounce --model stress` has learnt becomes the weights of @saccade/pronounce, and what it measured the figures of its README.
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { keptOf } from '../../runner/results.ts';
import { fileOf } from '../../runner/run.ts';
import { command } from '../../runner/terminal.ts';
import { withFigures } from './readme.ts';
import { pronounceStress, SMALL } from './stress.ts';

const place = 'packages/pronounce';

await command(async () => {
  const weights = fileOf(pronounceStress, { quick: false, keys: 1, out: 'out' }, SMALL);
  const result = keptOf(pronounceStress);
  if (!existsSync(weights) || !result)
    throw new Error('pronounce: a model must be trained first (npm run recipe -- pronounce --model stress --keep), got none in out');
  copyFileSync(weights, `${place}/weights.safetensors`);
  writeFileSync(`${place}/README.md`, withFigures(readFileSync(`${place}/README.md`, 'utf8'), result));
  console.log(`${place}: weights and figures of ${result.date}`);
});
