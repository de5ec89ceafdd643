// Saccade learns to pronounce English words it has never seen, and shows where it looked. `npm start -- --help` tells the options.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import logUpdate from 'log-update';
import {
  alignmentsSvg,
  alignmentText,
  type ErrorRates,
  init,
  loadCheckpoint,
  memory,
  type Position,
  parameters,
  restoreCheckpoint,
  saveCheckpoint,
} from 'saccade';
import { cmudict, type Dictionary, g014b2b } from './dictionary.ts';
import { full, optimizerOf, quick, type Recipe, stepsOf, teach } from './recipe.ts';
import { type Shape, Speaker, type Spoken } from './speaker.ts';

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
  .option('--no-attention', 'an encoder and a decoder without attention, of the same width')
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

/** Runs of different kinds do not overwrite each other. */
function suffix({ full = options.full, attention = options.attention, data = options.data } = {}): string {
  return [data ? '-g014b2b' : '', full ? '-full' : '', attention ? '' : '-plain'].join('');
}

/** A speaker from its file. */
async function load(path: string): Promise<{ speaker: Speaker; metadata: Record<string, string> }> {
  const { model, metadata } = await loadCheckpoint(path);
  const speaker = new Speaker(JSON.parse(metadata.shape ?? '') as Shape);
  speaker.model.loadStateDict(model);
  return { speaker, metadata };
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
    const strange = [...word].find((letter) => !speaker.letters.has(letter));
    if (word === '' || strange !== undefined)
      throw new Error(`--say: words must be of the letters ${speaker.shape.letters.join('')}, got ${JSON.stringify(word)}`);
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
  const speaker = new Speaker({
    ...recipe,
    letters: [..."'abcdefghijklmnopqrstuvwxyz"],
    phones: [...new Set(dictionary.train.flatMap(({ pronunciations }) => pronunciations.flat()))].sort(),
  });
  const optimizer = optimizerOf(speaker, recipe);
  const total = stepsOf(dictionary, recipe);
  const checkpointPath = file('checkpoint');
  const metadata = { shape: JSON.stringify(speaker.shape), recipe: JSON.stringify(recipe) };
  let start: Position | undefined;
  if (existsSync(checkpointPath)) {
    const saved = await loadCheckpoint(checkpointPath);
    if (saved.metadata.recipe !== metadata.recipe)
      throw new Error(`checkpoint: must be of this recipe, got another in ${checkpointPath} (--fresh forgets it)`);
    restoreCheckpoint(saved, { model: speaker.model, optimizer });
    start = saved.numbers as unknown as Position;
    console.log(`Going on from step ${start.step} of ${total}.`);
  }
  const save = (position: Position) =>
    saveCheckpoint(checkpointPath, { model: speaker.model, optimizer, numbers: { ...position }, metadata });

  const controller = new AbortController();
  const stop = () => controller.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const size = [...parameters(speaker.model).values()].reduce((sum, { size }) => sum + size, 0);
  console.log(
    `${recipe.attention ? 'Attention' : 'No attention'}: ${size.toLocaleString('en')} parameters, ${recipe.epochs} epochs, ${total} steps.`,
  );

  let loss = Number.NaN;
  let rate = '';
  let last = start;
  let told = 0;
  for await (const progress of teach(speaker, dictionary, recipe, { signal: controller.signal, optimizer, ...(start ? { start } : {}) })) {
    last = progress.position;
    loss = Number.isNaN(loss) ? progress.loss : 0.98 * loss + 0.02 * progress.loss;
    if (progress.metric !== undefined) {
      rate = `, dev phone error rate ${percent(progress.metric)}`;
      await save(last);
    }
    const done = progress.step - (start?.step ?? 0);
    const words = (done * recipe.batch) / progress.seconds;
    const left = ((total - progress.step) * progress.seconds) / done;
    const line = `step ${progress.step}/${total}  loss ${loss.toFixed(3)}  ${words.toFixed(0)} words/s${rate}  ${clock(left)} left`;
    if (process.stdout.isTTY) logUpdate(line);
    else if (progress.metric !== undefined || progress.seconds - told > 30) {
      console.log(line);
      told = progress.seconds;
    }
  }
  logUpdate.done();
  process.off('SIGINT', stop);
  process.off('SIGTERM', stop);
  if (controller.signal.aborted && last) {
    await save(last);
    console.log(`Stopped at step ${last.step}; the next start goes on from there.`);
    return null;
  }
  await saveCheckpoint(file('pronounce'), { model: speaker.model, metadata });
  rmSync(checkpointPath, { force: true });
  return speaker;
}

async function main(): Promise<void> {
  await init();
  if (options.say) return say(options.say);
  const recipe = { ...(options.full ? full : quick), attention: options.attention };
  mkdirSync(options.out, { recursive: true });
  const modelPath = file('pronounce');
  if (options.fresh) for (const path of [modelPath, file('checkpoint')]) rmSync(path, { force: true });
  const dictionary = options.data ? await g014b2b(options.data) : await cmudict();
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
  console.log(
    `Model: ${modelPath}${recipe.attention ? `  Alignments: ${file('alignment', 'svg')}` : ''}  Memory: ${(memory().peak / 2 ** 20).toFixed(0)} MiB at most.`,
  );
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
