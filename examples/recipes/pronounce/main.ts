// Saccade learns to pronounce English words it has never seen, and shows where it looked. `npm start -- --help` tells the options.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import logUpdate from 'log-update';
import { alignmentText, type ErrorRates, init, loadCheckpoint, saveCheckpoint } from 'saccade';
import { alignmentsSvg } from 'saccade/plot';
import { type Dictionary, dictionaryOf } from './dictionary.ts';
import { begin, type Report } from './lesson.ts';
import { type Shape, type Speaker, type Spoken, speakerOf, untaught } from './speaker.ts';
import { full, quick, type Recipe, stepsOf, withoutAttention } from './teaching.ts';

interface Options {
  full?: true;
  attention: boolean;
  data?: string;
  say?: string[];
  fresh?: true;
  out: string;
}

const options = new Command('npm start --')
  .description('Learns English pronunciation and shows where it looks.')
  .option('--full', 'the larger model: most of an hour')
  .option('--no-attention', 'an encoder and a decoder without attention, with as many parameters')
  .option('--data <folder>', 'learn from g014b2b.train in a folder, not from npm cmu-pronouncing-dictionary')
  .option('--say <words...>', 'pronounce words with the model saved before')
  .option('--fresh', 'forget the model and checkpoint of an earlier run')
  .option('--out <folder>', 'where models and pictures go', 'out')
  .parse()
  .opts<Options>();

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
const rates = ({ tokenErrorRate, sequenceErrorRate }: ErrorRates) =>
  `phone error rate ${percent(tokenErrorRate)}, word error rate ${percent(sequenceErrorRate)}`;
const clock = (seconds: number) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
const file = (kind: string, ending = 'safetensors') => join(options.out, `${kind}${suffix()}.${ending}`);
const checkpoints = ({ members }: Recipe) => Array.from({ length: members }, (_, index) => file(`checkpoint-${index}`));

/** Runs of different kinds do not overwrite each other. */
function suffix({ full = options.full, attention = options.attention, data = options.data } = {}): string {
  return [data ? '-g014b2b' : '', full ? '-full' : '', attention ? '' : '-plain'].join('');
}

/** A speaker from its file. */
async function load(path: string): Promise<{ speaker: Speaker; metadata: Record<string, string> }> {
  const checkpoint = await loadCheckpoint(path);
  return { speaker: speakerOf(checkpoint), metadata: checkpoint.metadata };
}

function show({ word, phones, weights }: Spoken): void {
  console.log(`\n${word} → ${phones.join(' ')}`);
  if (weights && weights.length > 0) console.log(alignmentText(weights, { rows: phones, columns: [...word], color: process.stdout.isTTY }));
}

async function draw(path: string, spoken: Spoken[]): Promise<void> {
  const panels = spoken.flatMap(({ word, phones, weights }) =>
    weights ? [{ weights, rows: phones, columns: [...word], title: word }] : [],
  );
  if (panels.length > 0) await writeFile(path, alignmentsSvg(panels));
}

/** Pronounces words with the best model there is. */
async function say(words: string[]): Promise<void> {
  const { attention } = options;
  const candidates = [suffix(), suffix({ full: true, attention }), suffix({ attention })].map((end) =>
    join(options.out, `pronounce${end}.safetensors`),
  );
  const path = candidates.find(existsSync);
  if (!path) throw new Error(`--say: a model must be trained first (npm start), got none in ${options.out}`);
  const { speaker } = await load(path);
  const known = words.map((word) => word.toLowerCase());
  for (const word of known) {
    const strange = [...word].find((letter) => !speaker.alphabets.letters.has(letter));
    if (word === '' || strange !== undefined)
      throw new Error(`--say: words must be of letters and apostrophes, got ${JSON.stringify(word)}`);
  }
  const spoken = speaker.say(known, { beam: 4 });
  for (const one of spoken) show(one);
  mkdirSync(options.out, { recursive: true });
  await draw(join(options.out, 'said.svg'), spoken);
}

/** The words whose alignments are shown: held out, long enough to be interesting, pronounced right and wrong alike. */
function shown(dictionary: Dictionary): string[] {
  const wanted = dictionary.test.filter(({ word }) => word.length >= 7 && word.length <= 11);
  return [0.11, 0.23, 0.37, 0.53, 0.67, 0.83].flatMap((place) => wanted[Math.floor(place * wanted.length)]?.word ?? []);
}

/** Trains, or goes on training, until the end or Ctrl-C; null when interrupted. */
async function trained(dictionary: Dictionary, recipe: Recipe): Promise<Speaker | null> {
  const shape: Shape = {
    ...recipe,
    letters: [..."'abcdefghijklmnopqrstuvwxyz"],
    phones: [...new Set(dictionary.train.flatMap(({ pronunciations }) => pronunciations.flat()))].sort(),
  };
  const speaker = untaught(shape);
  const total = stepsOf(dictionary, recipe);
  const metadata = { shape: JSON.stringify(shape), recipe: JSON.stringify(recipe) };
  const paths = checkpoints(recipe);
  for (const path of paths.filter(existsSync)) {
    const saved = await loadCheckpoint(path);
    if (saved.metadata.recipe !== metadata.recipe)
      throw new Error(`checkpoint: must be of this recipe, got another in ${path} (--fresh forgets it)`);
    console.log(`Going on from step ${saved.position?.step} of ${total}.`);
  }
  const size = [...speaker.stateDict().values()].reduce((sum, { size }) => sum + size, 0);
  const kind = recipe.attention ? 'Attention' : 'No attention';
  const models = recipe.members > 1 ? `${recipe.members} models with together ` : '';
  console.log(`${kind}: ${models}${size.toLocaleString('en')} parameters, ${recipe.epochs} epochs, ${total} steps.`);

  const reports: Report[] = [];
  const lessons = paths.map((checkpoint, index) => {
    const lesson = { recipe, shape, member: index, checkpoint, ...(options.data ? { data: options.data } : {}) };
    return begin(lesson, (report) => {
      reports[index] = report;
      tell(reports, recipe, total);
    });
  });
  let stopped = false;
  const stop = () => {
    stopped = true;
    for (const lesson of lessons) lesson.stop();
  };
  process.on('SIGINT', stop); // more than once: npm passes on what the terminal has sent already
  process.on('SIGTERM', stop);
  await Promise.all(lessons.map(({ ended }) => ended));
  logUpdate.done();
  process.off('SIGINT', stop);
  process.off('SIGTERM', stop);
  if (stopped) {
    console.log(`Stopped at step ${Math.min(...reports.map(({ step }) => step))}; the next start goes on from there.`);
    return null;
  }
  for (const [index, path] of paths.entries()) speaker.members[index]?.loadStateDict((await loadCheckpoint(path)).model);
  await saveCheckpoint(file('pronounce'), { model: speaker, metadata });
  for (const path of paths) rmSync(path);
  return speaker;
}

let told = 0;

/** One line for all members: how far the slowest is, the mean loss and rate, and the time left. */
function tell(reports: Report[], { batch }: Recipe, total: number): void {
  const all = reports.filter((report) => report !== undefined);
  const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const step = Math.min(...all.map((report) => report.step));
  const left = Math.max(...all.map((report) => (total - report.step) / report.speed));
  const words = all.reduce((sum, report) => sum + report.speed * batch, 0);
  const rated = all.flatMap(({ rate }) => rate ?? []);
  const rate = rated.length > 0 ? `  dev phone error rate ${percent(average(rated))}` : '';
  const line = `step ${step}/${total}  loss ${average(all.map(({ loss }) => loss)).toFixed(3)}  ${words.toFixed(0)} words/s${rate}  ${clock(left)} left`;
  if (process.stdout.isTTY) logUpdate(line);
  else if (performance.now() - told > 20_000) {
    console.log(line);
    told = performance.now();
  }
}

async function main(): Promise<void> {
  await init();
  if (options.say) return say(options.say);
  const attentive = options.full ? full : quick;
  const recipe = options.attention ? attentive : withoutAttention(attentive);
  mkdirSync(options.out, { recursive: true });
  const modelPath = file('pronounce');
  if (options.fresh) for (const path of [modelPath, ...checkpoints(recipe)]) rmSync(path, { force: true });
  const dictionary = await dictionaryOf(options.data);
  console.log(
    `${dictionary.name}: ${dictionary.train.length} words to learn from, ${dictionary.dev.length} for development, ${dictionary.test.length} held out.`,
  );

  let speaker: Speaker | null = null;
  if (existsSync(modelPath)) {
    const saved = await load(modelPath);
    if (saved.metadata.recipe !== JSON.stringify(recipe))
      throw new Error(`model: must be of this recipe, got another in ${modelPath} (--fresh forgets it)`);
    console.log(`Trained before: ${modelPath} (--fresh trains anew).`);
    speaker = saved.speaker;
  } else {
    speaker = await trained(dictionary, recipe);
  }
  if (!speaker) return;

  const words = shown(dictionary);
  const spoken = speaker.say(words, { beam: recipe.beam });
  for (const one of spoken) show(one);
  await draw(file('alignment', 'svg'), spoken);
  const result = speaker.rate(dictionary.test, { beam: recipe.beam });
  console.log(`\n${result.sequences} held-out words: ${rates(result)}.`);
  console.log(`Model: ${modelPath}${recipe.attention ? `  Alignments: ${file('alignment', 'svg')}` : ''}`);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
