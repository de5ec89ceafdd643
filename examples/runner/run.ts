// Runs a recipe's jobs, as many at a time as there are threads. A job that ended is not done again; one that was stopped goes on.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { init } from 'saccade';
import { recipeNamed } from '../recipes/index.ts';
import { type ContextOptions, contextOf, dataPath, type Report } from './context.ts';
import { type Finished, Interrupted, type Job, type Recipe, type RecipeOptions } from './recipe.ts';

/** How the jobs are run, besides what the recipe is told. */
export interface RunOptions extends RecipeOptions {
  /** Folder of checkpoints and outcomes. */
  out: string;
  /** Cores to use. Default all. */
  threads?: number;
  signal: AbortSignal;
  /** What each job under way told last. */
  report: (reports: ReadonlyMap<string, Report>, ended: number, jobs: number) => void;
}

/** What a worker is given. */
interface Assignment {
  recipe: string;
  job: Job<unknown>;
  threads: number;
  quick: boolean;
  data?: string;
  checkpoint: string;
}

type Message = { report: Report } | { outcome: unknown; seconds: number } | { interrupted: true };

const markOf = (recipe: string, { name, settings }: Job<unknown>, quick: boolean) => JSON.stringify({ recipe, name, settings, quick });

const where = (recipe: Recipe, { out, quick }: Pick<RunOptions, 'out' | 'quick'>) =>
  join(out, 'recipes', recipe.name + (quick ? '-quick' : ''));

/** Of all code that a figure depends on: the examples' and the package's. */
function fingerprint(): string {
  const hash = createHash('sha256');
  for (const place of [new URL('..', import.meta.url).href, import.meta.resolve('saccade')]) {
    const folder = fileURLToPath(new URL('.', place));
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
      if (/\.(js|ts|wasm)$/.test(file)) hash.update(file).update(readFileSync(join(folder, file)));
    }
  }
  return hash.digest('hex');
}

/** Whether other code than this began what lies where a recipe's work goes. */
export function begunByOther(recipe: Recipe, options: Pick<RunOptions, 'out' | 'quick'>): boolean {
  const folder = where(recipe, options);
  const path = join(folder, 'code.txt');
  const code = fingerprint();
  mkdirSync(folder, { recursive: true });
  if (readdirSync(folder).length === 0) writeFileSync(path, code);
  return !existsSync(path) || readFileSync(path, 'utf8') !== code;
}

/** Jobs of a recipe that ended before, by name. */
function endedBefore(recipe: Recipe, jobs: readonly Job<unknown>[], folder: string, quick: boolean) {
  const finished = new Map<string, Finished<unknown, unknown>>();
  for (const job of jobs) {
    const path = join(folder, `${job.name}.json`);
    if (!existsSync(path)) continue;
    const { mark, ...rest } = JSON.parse(readFileSync(path, 'utf8')) as Finished<unknown, unknown> & { mark: string };
    if (mark !== markOf(recipe.name, job, quick)) {
      throw new Error(`recipe: outcome must be of this job, got another in ${path} (--fresh forgets it)`);
    }
    finished.set(job.name, rest);
  }
  return finished;
}

/** Does what is waiting, `hands` jobs at a time. Where one fails the others are stopped, and saved; told to stop, all are. */
async function inTurn<T>(waiting: T[], hands: number, signal: AbortSignal, work: (one: T, stop: AbortSignal) => Promise<boolean>) {
  const trouble = new AbortController();
  const stop = AbortSignal.any([signal, trouble.signal]);
  const hand = async () => {
    for (let one = waiting.shift(); one && !stop.aborted; one = waiting.shift()) if (!(await work(one, stop))) return;
  };
  const all = Array.from({ length: Math.min(hands, waiting.length) }, () =>
    hand().catch((error: unknown) => {
      trouble.abort();
      throw error;
    }),
  );
  const failed = (await Promise.allSettled(all)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

/** All jobs, in order; `null` when told to stop, all being saved. */
export async function runJobs(recipe: Recipe, options: RunOptions): Promise<Finished<unknown, unknown>[] | null> {
  const { quick, data, signal, threads = availableParallelism() } = options;
  if (recipe.data && !recipe.data.optional && !quick) for (const file of recipe.data.files) dataPath(file, data, recipe.data);
  const folder = where(recipe, options);
  mkdirSync(folder, { recursive: true });
  const jobs = recipe.jobs(options);
  const finished = endedBefore(recipe, jobs, folder, quick);
  const waiting = jobs.filter(({ name }) => !finished.has(name));
  const share = Math.max(1, Math.floor(threads / Math.max(1, waiting.length)));
  const reports = new Map<string, Report>();
  const tell = () => options.report(reports, finished.size, jobs.length);
  await inTurn(waiting, threads, signal, async (job, stop) => {
    const { name } = job;
    const path = join(folder, name);
    const assignment = { recipe: recipe.name, job, threads: share, quick, checkpoint: path, ...(data ? { data } : {}) };
    const ended = await begin(assignment, stop, (report) => {
      reports.set(name, report);
      tell();
    });
    reports.delete(name);
    if (!ended) return false;
    const whole = { ...job, ...ended };
    writeFileSync(`${path}.json.new`, JSON.stringify({ mark: markOf(recipe.name, job, quick), ...whole }));
    renameSync(`${path}.json.new`, `${path}.json`);
    finished.set(name, whole);
    tell();
    return true;
  });
  const all = jobs.flatMap(({ name }) => finished.get(name) ?? []);
  return all.length === jobs.length ? all : null;
}

/** One job in a worker thread; `null` when it was told to stop. */
function begin(assignment: Assignment, signal: AbortSignal, report: (report: Report) => void) {
  return new Promise<{ outcome: unknown; seconds: number } | null>((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: assignment });
    const stop = () => worker.postMessage('stop');
    signal.addEventListener('abort', stop);
    let last: { outcome: unknown; seconds: number } | null = null;
    worker.on('message', (message: Message) => {
      if ('report' in message) report(message.report);
      else if ('outcome' in message) last = message;
    });
    worker.once('error', reject);
    worker.once('exit', () => {
      signal.removeEventListener('abort', stop);
      resolve(last);
    });
  });
}

/** A job in this very thread: what a worker does, and the tests. */
export async function runJob(recipe: Recipe, job: Job<unknown>, options: Omit<ContextOptions, 'mark' | 'need'>) {
  const mark = markOf(recipe.name, job, options.quick);
  const { context, seconds } = contextOf({ ...options, mark, ...(recipe.data ? { need: recipe.data } : {}) });
  return { outcome: await recipe.job(job.settings, context), seconds: seconds() };
}

async function work({ recipe, job, threads, ...rest }: Assignment, port: NonNullable<typeof parentPort>): Promise<void> {
  await init({ threads });
  const controller = new AbortController();
  port.once('message', () => controller.abort());
  const report = (told: Report) => port.postMessage({ report: told } satisfies Message);
  try {
    port.postMessage((await runJob(recipeNamed(recipe), job, { ...rest, signal: controller.signal, report })) satisfies Message);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    port.postMessage({ interrupted: true } satisfies Message);
  }
  port.close();
}

if (parentPort && workerData) await work(workerData as Assignment, parentPort);
