// `npm run bench:beside -- FOLDER`: the bench of another checkout and ours in turns on one machine, and how many times as fast each case is now.
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { Argument, Command, Option } from 'commander';
import type { Result } from './measure.ts';
import { besides, bestOf } from './report.ts';

interface Options {
  rounds: number;
  case?: string;
  computing?: true;
}

const command = new Command('npm run bench:beside --')
  .description('Measures another checkout, an earlier commit that is built, and this one in turns.')
  .addArgument(new Argument('<folder>', 'the other checkout, where `npm run bench` has built'))
  .addArgument(new Argument('[family...]', 'what to measure; all that both have by default'))
  .addOption(new Option('--rounds <number>', 'turns of each, of which the best counts').default(3).argParser(Number))
  .option('--case <text>', 'only cases whose name has this')
  .option('--computing', 'time the processor computed, for a machine that others use, too')
  .parse();
const { rounds, case: named, computing } = command.opts<Options>();
const [folder, ...families] = command.args as [string, ...string[]];
const asked = [...families, '--json', ...(named ? ['--case', named] : []), ...(computing ? ['--computing'] : [])];

function measured(root: string): Result[] {
  const told = execFileSync(process.execPath, ['build/bench/run.js', ...asked], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  return JSON.parse(told) as Result[];
}

const [before, now]: [Result[][], Result[][]] = [[], []];
for (let round = 0; round < rounds; round++) {
  before.push(measured(resolve(folder)));
  now.push(measured(process.cwd()));
}
console.log(besides(bestOf(before), bestOf(now)));
