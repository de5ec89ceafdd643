// Saccade learns to pronounce English words it has never seen, and shows its attention. `npm start -- --help` lists the options.
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { init, loadCheckpoint } from 'saccade';
import { parameterCount } from 'saccade/nn';
import { alignmentsSvg } from 'saccade/plot';
import type { Report } from '../../runner/context.ts';
import { isForeign, stampNow } from '../../runner/provenance.ts';
import { begunBefore, fileOf, forget, type Place, runJobs } from '../../runner/run.ts';
import { clock, command, liveView, stoppable } from '../../runner/terminal.ts';
import { type Dictionary, dictionaryOf } from '../../shared/pronunciation/dictionary.ts';
import { type Speaker, type Spoken, speakerOf, speakerUnderway, untaught } from '../../shared/pronunciation/speaker.ts';
import { spelled } from '../../shared/pronunciation/spelling.ts';
import { stepsOf, type Teaching } from '../../shared/pronunciation/teaching.ts';
import { dataOf, measure, shapeFor } from '../../shared/pronunciation/words.ts';
import { jobsOf, type Kind, kinds, type Outcome, pronounce, readingOf, shownWords } from './index.ts';

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
  .option('--say <words...>', 'pronounce words with the model saved before, or with what one under way knows by now')
  .option('--fresh', 'forget the model and checkpoint of an earlier run')
  .option('--out <folder>', 'where models and pictures go', 'out')
  .showHelpAfterError('(see npm start -- --help)')
  .parse()
  .opts<Options>();

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
const file = (name: string, ending = 'safetensors') => join(options.out, `${name}${suffix()}.${ending}`);

/** The requested speaker; `--say` uses what there is. */
const asked = { full: options.full, attention: options.attention, data: options.data };
const kindOf = ({ full, attention }: typeof asked): Kind =>
  full ? (attention ? 'full' : 'full-plain') : attention ? 'attention' : 'plain';
const placeOf = (choice = asked): Place => ({
  quick: false,
  keys: 1,
  out: options.out,
  jobs: jobsOf(kindOf(choice)),
  ...(choice.data ? { data: choice.data } : {}),
});

/** The file name of a kind, so that kinds do not overwrite each other. */
function suffix({ full, attention, data } = asked): string {
  return [data ? '-g014b2b' : '', full ? '-full' : '', attention ? '' : '-plain'].join('');
}

/** Loads a speaker from its file. */
async function load(path: string): Promise<{ speaker: Speaker; metadata: Record<string, string> }> {
  const checkpoint = await loadCheckpoint(path);
  return { speaker: speakerOf(checkpoint), metadata: checkpoint.metadata };
}

async function draw(path: string, spoken: readonly Spoken[]): Promise<void> {
  const panels = spoken.flatMap(({ word, phones, weights }) =>
    weights ? [{ weights, rows: phones, columns: [...word], title: word }] : [],
  );
  if (panels.length > 0) await writeFile(path, alignmentsSvg(panels));
}

const show = (spoken: Spoken) => console.log(`\n${readingOf(spoken, { color: process.stdout.isTTY })}`);

/** The best speaker available: a fully trained one, or else one in training. */
async function known(): Promise<Speaker> {
  const { attention } = options;
  const choices = [asked, { full: true as const, attention, data: undefined }, { full: undefined, attention, data: undefined }];
  const ended = choices.map((choice) => join(options.out, `pronounce${suffix(choice)}.safetensors`)).find(existsSync);
  if (ended) return (await load(ended)).speaker;
  for (const choice of choices) {
    const place = placeOf(choice);
    const paths = jobsOf(kindOf(choice)).flatMap(({ name, after }) => (after ? [] : fileOf(pronounce, place, name)));
    if (!paths.every(existsSync)) continue;
    const checkpoints = await Promise.all(paths.map((path) => loadCheckpoint(path)));
    console.log(`From a model under way, at step ${Math.min(...checkpoints.map(({ position }) => position?.step ?? 0))}.`);
    return speakerUnderway(checkpoints);
  }
  throw new Error(`--say: a model must be trained first (npm start), got none in ${options.out}`);
}

/** Pronounces words, skipping those that cannot be read. */
async function say(typed: readonly string[]): Promise<void> {
  const speaker = await known();
  const words = typed.flatMap((one) => {
    const { word, strange } = spelled(one, speaker.alphabets.letters);
    const fault = strange.length > 0 ? `letters and apostrophes, got ${strange.join(' ')} in` : word === '' ? 'letters, got' : '';
    if (fault) console.error(`--say: words must be of ${fault} ${JSON.stringify(one)}`);
    return fault ? [] : [word];
  });
  if (words.length < typed.length) process.exitCode = 1;
  const spoken = speaker.say(words, { beam: 4, minLength: 1 });
  for (const one of spoken) show(one);
  mkdirSync(options.out, { recursive: true });
  await draw(join(options.out, 'said.svg'), spoken);
}

const view = liveView();
const latest = new Map<string, Report>();

/**
 * One line for all members: the progress of the slowest, the mean loss and rate, and the time left; below it the current reading of a word.
 */
function tell(reports: ReadonlyMap<string, Report>, { batch }: Teaching): void {
  const news = Array.from(reports).some(([name, { shown }]) => shown !== undefined && shown !== latest.get(name)?.shown);
  for (const [name, report] of reports) latest.set(name, report);
  const all = [...latest.values()];
  const [first] = all;
  if (!first) return;
  const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const total = first.steps ?? 0;
  const step = Math.min(...all.map((report) => report.step));
  const left = Math.max(...all.map((report) => (total - report.step) / report.speed));
  const words = all.reduce((sum, report) => sum + report.speed * batch, 0);
  const rated = all.flatMap(({ metric }) => metric ?? []);
  const rate = rated.length > 0 ? `  dev phone error rate ${percent(average(rated))}` : '';
  const line = `step ${step}/${total}  loss ${average(all.map(({ loss }) => loss)).toFixed(3)}  ${words.toFixed(0)} words/s${rate}  ${clock(left)} left`;
  const [reading = ''] = first.shown?.split('\n') ?? [];
  view(first.shown ? `${line}\n\n${first.shown}` : line, reading ? `${line}  ${reading}` : line, news);
}

/** Trains until the end or Ctrl-C, resuming an earlier run; null when interrupted. */
async function trained(dictionary: Dictionary, modelPath: string): Promise<Outcome | null> {
  const [kind, place] = [kindOf(asked), placeOf()];
  const how = kinds[kind];
  const total = stepsOf(dictionary, how);
  if (isForeign(begunBefore(pronounce, place), stampNow())) console.log('Goes on with what other code began; --fresh forgets that.');
  for (const path of jobsOf(kind)
    .map(({ name }) => fileOf(pronounce, place, name))
    .filter(existsSync)) {
    const { position } = await loadCheckpoint(path);
    if (position && position.step < total) console.log(`Going on from step ${position.step} of ${total}.`);
  }
  const size = parameterCount(untaught(shapeFor(dictionary, how)));
  const models = how.members > 1 ? `${how.members} models with together ` : '';
  const title = how.attention ? 'Attention' : 'No attention';
  console.log(`${title}: ${models}${size.toLocaleString('en')} parameters, ${how.epochs} epochs, ${total} steps.`);
  const threads = how.members; // one per member
  const finished = await stoppable((signal) => runJobs(pronounce, { ...place, threads, signal, report: (reports) => tell(reports, how) }));
  if (!finished) {
    const step = Math.min(...Array.from(latest.values(), (report) => report.step));
    console.log(`Stopped${Number.isFinite(step) ? ` at step ${step}` : ''}; the next start goes on from there.`);
    return null;
  }
  copyFileSync(fileOf(pronounce, place, kind), modelPath);
  return finished.find(({ name }) => name === kind)?.outcome as Outcome;
}

/** Prints the results of a speaker saved earlier. */
async function saved(dictionary: Dictionary, modelPath: string, how: Teaching): Promise<Outcome> {
  const { speaker, metadata } = await load(modelPath);
  if (metadata.recipe !== JSON.stringify(how)) {
    throw new Error(`model: must be of this recipe, got another in ${modelPath} (--fresh forgets it)`);
  }
  console.log(`Trained before: ${modelPath} (--fresh trains anew).`);
  const [{ test }, { beam }] = [dictionary, how];
  const said = speaker.say(test.map(({ word }) => word), { beam }).map(({ phones }) => phones); // biome-ignore format: one line
  return { ...measure(said, test), parameters: 0, points: [], spoken: speaker.say(shownWords(dictionary), { beam }) };
}

await command(async () => {
  await init();
  if (options.say) return say(options.say);
  const how = kinds[kindOf(asked)];
  mkdirSync(options.out, { recursive: true });
  const modelPath = file('pronounce');
  if (options.fresh) {
    forget(pronounce, placeOf());
    rmSync(modelPath, { force: true });
  }
  const dictionary = await dictionaryOf(dataOf(options.data));
  const { train, dev, test } = dictionary;
  console.log(`${dictionary.name}: ${train.length} words to learn from, ${dev.length} for development, ${test.length} held out.`);
  const outcome = existsSync(modelPath) ? await saved(dictionary, modelPath, how) : await trained(dictionary, modelPath);
  if (!outcome) return;
  for (const one of outcome.spoken) show(one);
  await draw(file('alignment', 'svg'), outcome.spoken);
  const rates = `phone error rate ${percent(outcome.phoneErrorRate ?? Number.NaN)}, word error rate ${percent(outcome.wordErrorRate ?? Number.NaN)}`;
  console.log(`\n${test.length} held-out words: ${rates}.`);
  console.log(`Model: ${modelPath}${how.attention ? `  Alignments: ${file('alignment', 'svg')}` : ''}`);
});
