// Runs a recipe's jobs, as many at a time as there are threads. A job that ended is not done again; one that was stopped goes on.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { init } from 'saccade';
import { recipeNamed } from '../recipes/index.ts';
import { type ContextOptions, contextOf, dataPath, type Report } from './context.ts';
import { stampNow } from './provenance.ts';
import { type Finished, Interrupted, type Job, type Recipe, type RecipeOptions, type Stamp } from './recipe.ts';

/** Which work is meant, and where it lies. */
export interface Place extends RecipeOptions {
  /** Folder of checkpoints and outcomes. */
  out: string;
  /** Some of the recipe's jobs. Default all. */
  jobs?: readonly Job<unknown>[];
}

/** How the jobs are run, besides what the recipe is told. */
export interface RunOptions extends Place {
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

/** Work on other data than the recipe brings itself lies beside that on its own. */
const folderOf = (recipe: Recipe, { out, quick, data }: Place) =>
  join(out, 'recipes', recipe.name + (data && recipe.data?.optional ? '-data' : '') + (quick ? '-quick' : ''));

const jobsOf = (recipe: Recipe, place: Place) => place.jobs ?? recipe.jobs(place);

/** Path of the safetensors file where a job's training is kept. */
export const fileOf = (recipe: Recipe, place: Place, job: string): string => join(folderOf(recipe, place), `${job}.safetensors`);

/** What earlier sittings of a job ran on; it is known from its start on, whether the job has ended or not. */
function madeOf(folder: string, job: string): Stamp[] {
  const path = join(folder, `${job}.made.json`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Stamp[]) : [];
}

/** The jobs that were begun before, with what they ran on. */
export function begunBefore(recipe: Recipe, place: Place): Pick<Finished<unknown, unknown>, 'name' | 'made'>[] {
  const begun = jobsOf(recipe, place).map(({ name }) => ({ name, made: madeOf(folderOf(recipe, place), name) }));
  return begun.filter(({ made }) => made.length > 0);
}

/** Notes that a job sits down to its work on the code there is now. */
function begunNow(folder: string, job: string, now: Stamp): void {
  const made = madeOf(folder, job);
  const same = made.some(({ commit, clean, code }) => commit === now.commit && clean === now.clean && code === now.code);
  if (!same) writeFileSync(join(folder, `${job}.made.json`), JSON.stringify([...made, now]));
}

/** Forgets what earlier runs left: of some jobs, or of all that the recipe ever had. */
export function forget(recipe: Recipe, place: Place): void {
  const folder = folderOf(recipe, place);
  if (!place.jobs) rmSync(folder, { recursive: true, force: true });
  else if (existsSync(folder)) {
    const mine = (file: string) => place.jobs?.some(({ name }) => file.startsWith(`${name}.`));
    for (const file of readdirSync(folder).filter(mine)) rmSync(join(folder, file));
  }
}

/** Jobs that ended before, by name. */
function endedBefore(recipe: Recipe, jobs: readonly Job<unknown>[], folder: string, quick: boolean) {
  const finished = new Map<string, Finished<unknown, unknown>>();
  for (const job of jobs) {
    const path = join(folder, `${job.name}.json`);
    if (!existsSync(path)) continue;
    const { mark, ...rest } = JSON.parse(readFileSync(path, 'utf8')) as Finished<unknown, unknown> & { mark: string };
    if (mark !== markOf(recipe.name, job, quick)) {
      throw new Error(`recipe: outcome must be of this job, got another in ${path} (--fresh forgets it)`);
    }
    finished.set(job.name, { ...rest, made: madeOf(folder, job.name) });
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

/** All jobs, in order; `null` when told to stop, all being saved. Those that come after others begin when the others have ended. */
export async function runJobs(recipe: Recipe, options: RunOptions): Promise<Finished<unknown, unknown>[] | null> {
  const { quick, data, signal, threads = availableParallelism() } = options;
  if (recipe.data && !recipe.data.optional && !quick) for (const file of recipe.data.files) dataPath(file, data, recipe.data);
  const folder = folderOf(recipe, options);
  mkdirSync(folder, { recursive: true });
  const jobs = jobsOf(recipe, options);
  const finished = endedBefore(recipe, jobs, folder, quick);
  const waiting = jobs.filter(({ name }) => !finished.has(name));
  const share = Math.max(1, Math.floor(threads / Math.max(1, waiting.length)));
  const reports = new Map<string, Report>();
  const tell = () => options.report(reports, finished.size, jobs.length);
  const now = stampNow();
  const doOne = async (job: Job<unknown>, stop: AbortSignal) => {
    const { name } = job;
    const path = join(folder, name);
    begunNow(folder, name, now);
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
    finished.set(name, { ...whole, made: madeOf(folder, name) });
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
