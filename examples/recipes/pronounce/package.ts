// `npm run pronounce`: what the recipe `pronounce --model stress` has learnt becomes the weights of @saccade/pronounce, what it measured the figures of its README; and
// its list of exceptions is built anew, since it is what these weights get wrong. `-- --train` trains before, `-- --list` takes the weights that are there.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { init } from 'saccade';
import { keptOf } from '../../runner/results.ts';
import { fileOf } from '../../runner/run.ts';
import { command } from '../../runner/terminal.ts';
import { exceptionsOf } from './exceptions.ts';
import { lengthOf, withExceptions, withFigures } from './readme.ts';
import { pronounceStress, SMALL, speakerOfFile } from './stress.ts';

const place = 'packages/pronounce';
const [weights, readme] = [`${place}/weights.safetensors`, `${place}/README.md`];

/** Changes the README. */
const rewrite = (change: (text: string) => string) => writeFileSync(readme, change(readFileSync(readme, 'utf8')));

function takeWeights(): void {
  const trained = fileOf(pronounceStress, { quick: false, keys: 1, out: 'out' }, SMALL);
  const result = keptOf(pronounceStress);
  if (!existsSync(trained) || !result)
    throw new Error('pronounce: a model must be trained first (npm run pronounce -- --train), got none in out');
  copyFileSync(trained, weights);
  rewrite((text) => withFigures(text, result));
  console.log(`${place}: weights and figures of ${result.date}`);
}

await command(async () => {
  const { values } = parseArgs({ options: { train: { type: 'boolean' }, list: { type: 'boolean' } } });
  if (values.train)
    execFileSync(process.execPath, ['scripts/recipe.mjs', 'pronounce', '--model', 'stress', '--keep'], { stdio: 'inherit' });
  if (!values.list) takeWeights();
  await init();
  const list = await exceptionsOf(speakerOfFile(readFileSync(weights)));
  writeFileSync(`${place}/exceptions.txt`, list.lines);
  rewrite((text) => withExceptions(text, list));
  console.log(`${place}: ${lengthOf(list.lines)} npm run build puts them into the package.`);
});
