// Runs a recipe's jobs, as many at a time as there are threads. A finished job is not repeated; one that was stopped resumes.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { init } from 'saccade';
import { recipeNamed } from '../recipes/index.ts';
import { type ContextOptions, contextOf, dataPath, type Report } from './context.ts';
import { stampNow } from './provenance.ts';
import { type Finished, Interrupted, type Job, type Recipe, type RecipeOptions, type Stamp } from './recipe.ts';

/** Which jobs to run, and where their files are. */
export interface Place extends RecipeOptions {
  /** Folder of checkpoints and outcomes. */
  out: string;
  /** A subset of the recipe's jobs. Default all. */
  jobs?: readonly Job<unknown>[];
}

/** How to run the jobs, besides the options of the recipe. */
export interface RunOptions extends Place {
  /** Cores to use. Default all. */
  threads?: number;
  signal: AbortSignal;
  /** Receives the latest progress of each running job. */
  report: (reports: ReadonlyMap<string, Report>, ended: number, jobs: number) => void;
}

/** The message that starts a worker. */
interface Assignment {
  recipe: string;
  job: Job<unknown>;
  threads: number;
  quick: boolean;
  data?: string;
  test?: string;
  checkpoint: string;
}

type Message = { report: Report } | { outcome: unknown; seconds: number } | { interrupted: true };

const markOf = (recipe: string, { name, settings }: Job<unknown>, quick: boolean) => JSON.stringify({ recipe, name, settings, quick });

/** Work on other data than the recipe's own is stored in a separate place. */
const folderOf = (recipe: Recipe, { out, quick, data }: Place) =>
  join(out, 'recipes', recipe.name + (data && recipe.data?.optional ? '-data' : '') + (quick ? '-quick' : ''));

const jobsOf = (recipe: Recipe, place: Place) => place.jobs ?? recipe.jobs(place);

/** The file of a job's outcome. What is measured on the official test set lies beside what is measured without, and shares its training. */
const outcomeOf = (folder: string, job: string, test: string | undefined) =>
  join(folder, `${job}${test === undefined ? '' : '.test'}.json`);

/** Path of the safetensors file of a job's training. */
export const fileOf = (recipe: Recipe, place: Place, job: string): string => join(folderOf(recipe, place), `${job}.safetensors`);

/** The code of earlier sessions of a job; it is known from the start of the job on. */
function madeOf(folder: string, job: string): Stamp[] {
  const path = join(folder, `${job}.made.json`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Stamp[]) : [];
}

/** The jobs that have begun, with their code. */
export function begunBefore(recipe: Recipe, place: Place): Pick<Finished<unknown, unknown>, 'name' | 'made'>[] {
  const begun = jobsOf(recipe, place).map(({ name }) => ({ name, made: madeOf(folderOf(recipe, place), name) }));
  return begun.filter(({ made }) => made.length > 0);
}

/** Records that a job begins a session on the current code. */
function begunNow(folder: string, job: string, now: Stamp): void {
  const made = madeOf(folder, job);
  const same = made.some(({ commit, clean, code }) => commit === now.commit && clean === now.clean && code === now.code);
  if (!same) writeFileSync(join(folder, `${job}.made.json`), JSON.stringify([...made, now]));
}

/** Deletes what earlier runs left: of some jobs, or of all jobs that the recipe ever had. */
export function forget(recipe: Recipe, place: Place): void {
  const folder = folderOf(recipe, place);
  if (!place.jobs) rmSync(folder, { recursive: true, force: true });
  else if (existsSync(folder)) {
    const mine = (file: string) => place.jobs?.some(({ name }) => file.startsWith(`${name}.`));
    for (const file of readdirSync(folder).filter(mine)) rmSync(join(folder, file));
  }
}

/** Finished jobs, by name. */
function endedBefore(recipe: Recipe, jobs: readonly Job<unknown>[], folder: string, { quick, test }: Place) {
  const finished = new Map<string, Finished<unknown, unknown>>();
  for (const job of jobs) {
    const path = outcomeOf(folder, job.name, test);
    if (!existsSync(path)) continue;
    const { mark, ...rest } = JSON.parse(readFileSync(path, 'utf8')) as Finished<unknown, unknown> & { mark: string };
    if (mark !== markOf(recipe.name, job, quick)) {
      throw new Error(`recipe: outcome must be of this job, got another in ${path} (--fresh forgets it)`);
    }
    finished.set(job.name, { ...rest, made: madeOf(folder, job.name) });
  }
  return finished;
}

/** Writes the outcome of a job, all of it or nothing. */
function stored(
  recipe: Recipe,
  job: Job<unknown> & { outcome: unknown; seconds: number },
  folder: string,
  { quick, test }: Place,
): Finished<unknown, unknown> {
  const file = outcomeOf(folder, job.name, test);
  writeFileSync(`${file}.new`, JSON.stringify({ mark: markOf(recipe.name, job, quick), ...job }));
  renameSync(`${file}.new`, file);
  return { ...job, made: madeOf(folder, job.name) };
}

/** Runs waiting jobs, `hands` at a time. If one fails, the others are stopped and saved; a signal stops and saves all. */
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

/**
 * Runs all jobs and returns them in order; `null` if stopped, with all of them saved. Dependent jobs begin when their dependencies have
 * ended.
 */
export async function runJobs(recipe: Recipe, options: RunOptions): Promise<Finished<unknown, unknown>[] | null> {
  const { quick, data, test, signal, threads = availableParallelism() } = options;
  if (recipe.data && !recipe.data.optional && !quick) for (const file of recipe.data.files) dataPath(file, data, recipe.data);
  const folder = folderOf(recipe, options);
  mkdirSync(folder, { recursive: true });
  const jobs = jobsOf(recipe, options);
  const finished = endedBefore(recipe, jobs, folder, options);
  const waiting = jobs.filter(({ name }) => !finished.has(name));
  const share = Math.max(1, Math.floor(threads / Math.max(1, waiting.length)));
  const reports = new Map<string, Report>();
  const tell = () => options.report(reports, finished.size, jobs.length);
  const now = stampNow();
  const doOne = async (job: Job<unknown>, stop: AbortSignal) => {
    const { name } = job;
    const path = join(folder, name);
    begunNow(folder, name, now);
    const assignment = {
      recipe: recipe.name,
      job,
      threads: share,
      quick,
      checkpoint: path,
      ...(data ? { data } : {}),
      ...(test ? { test } : {}),
    };
    const ended = await begin(assignment, stop, (report) => {
      reports.set(name, report);
      tell();
    });
    reports.delete(name);
    if (!ended) return false;
    finished.set(name, stored(recipe, { ...job, ...ended }, folder, options));
    tell();
    return true;
  };
  for (const later of [false, true]) {
    const turn = waiting.filter(({ after }) => (after !== undefined) === later);
    if (!signal.aborted) await inTurn(turn, threads, signal, doOne);
  }
  const all = jobs.flatMap(({ name }) => finished.get(name) ?? []);
  return all.length === jobs.length ? all : null;
}

/** Runs one job in a worker thread; `null` if it was told to stop. */
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

/** Runs a job in this thread: for a worker, and for tests. */
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
