// `npm run stress`: heavier tests than `npm test`. Each part ends with its figures, or with the failure.
import { Command, InvalidArgumentError, Option } from 'commander';
import { init } from 'saccade';
import { parts } from '../test/stress/parts.mjs';

/** @param {string} text */
function whole(text) {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('It must be a whole number.');
  return value;
}

const list = Object.entries(parts).map(([name, { what, long }]) => `  ${name.padEnd(12)} ${what} (${long.toLocaleString('en')})`);
const program = new Command('npm run stress --')
  .description('Runs the package under conditions that are hard to meet, for as long as it takes.')
  .addOption(new Option('--only <parts...>', 'only these parts').choices(Object.keys(parts)))
  .option('--count <number>', 'in place of the count of each part', whole)
  .option('--seed <number>', 'what is drawn at random is drawn from it', whole)
  .option('--short', 'the counts of `npm test`')
  .option('--quiet', 'no progress')
  .addHelpText('after', `\nParts, and how many of each:\n${list.join('\n')}`)
  .parse();

/** @type {{ only?: string[], count?: number, seed?: number, short?: true, quiet?: true }} */
const { only = Object.keys(parts), count, seed, short, quiet } = program.opts();

await init();
for (const name of only) {
  const part = parts[name];
  if (!part) continue;
  const report = (/** @type {string} */ line) => void (quiet || console.error(`${name}: ${line}`));
  const figures = await part.run({ count: count ?? (short ? part.short : part.long), ...(seed === undefined ? {} : { seed }), report });
  console.log(`✓ ${name}: ${figures}`);
}
