// The interface of a recipe. Recipes are registered in examples/recipes/index.ts; `npm run recipe -- NAME` runs one (main.ts).
import type { TrainOptions } from 'saccade';
import type { Stateful } from 'saccade/io';
import type { AnyOptimizer } from 'saccade/train';

/** The options of a run. */
export interface RecipeOptions {
  /** The folder of `--data`. */
  data?: string;
  /** The folder of `--test`: official test data, which only final figures are measured on. */
  test?: string;
  /** Whether to run a small version, to see that it works: seconds, not minutes. */
  quick: boolean;
  /** Independent runs of each repeated job, with different keys. */
  keys: number;
}

/** Files that a recipe needs from `--data`: in that folder, or in `folder` below it. */
export interface DataNeed {
  folder: string;
  files: readonly string[];
  /** Where the files come from. */
  source: string;
  /** Whether generated data, or data from npm, replaces them without `--data`. */
  optional?: boolean;
}

/** An independent piece of work: one model with one key, trained and measured. Plain JSON, since it is sent to a thread. */
export interface Job<Settings> {
  /** Unique in the recipe; a file name. */
  name: string;
  settings: Settings;
  /** Jobs that must end first, because this one uses their models ({@link Context.fileOf}). */
  after?: readonly string[];
}

/** The code that a job ran on. */
export interface Stamp {
  commit: string;
  /** Whether the tree equalled that commit, except for documents. */
  clean: boolean;
  /** A hash of the recipes, the runner and the package, as built. */
  code: string;
}

/** A finished job with its outcome. */
export interface Finished<Settings, Outcome> extends Job<Settings> {
  outcome: Outcome;
  /** Seconds spent on it, over all sessions. */
  seconds: number;
  /** The code it ran on; several if it was stopped and resumed with other code. */
  made: readonly Stamp[];
}

/** One figure of the result's table. */
export interface Row {
  figure: string;
  /** One value per key, all in `unit`. */
  ours: readonly number[];
  /** Follows every number of the row: `%`. */
  unit?: string;
  /** Digits after the decimal point. Default 2. */
  digits?: number;
  /** The target of the figure. Ignored in quick runs. */
  target?: { atMost: number } | { atLeast: number };
  /** The paper's figure, and its setting. */
  paper?: string;
  /** The figure of a trivial method, and its name. */
  baseline?: string;
}

/** A point of a training curve: the mean loss since the previous point, and the metric if it was measured. */
export interface Point {
  step: number;
  loss: number;
  metric?: number;
}

/** Options of {@link Context.train}: those of `train`, and the contents of a checkpoint. */
export interface Training<Batch> extends Omit<TrainOptions<Batch>, 'signal' | 'start' | 'optimizer'> {
  model: Stateful;
  optimizer: AnyOptimizer;
  /** The name of this training, if a job trains several times in turn. */
  name?: string;
  /** Further checkpoint metadata: what a half-trained model can be built from. */
  metadata?: Readonly<Record<string, string>>;
  /** Shows the model on an example, reported after each evaluation: a line, followed by a picture in text. */
  show?: () => string;
  /** Numbers besides the parameters that change from step to step, such as a moving average. */
  numbers?: { save: () => Record<string, number>; load: (numbers: Readonly<Record<string, number>>) => void };
}

/** The environment of a job. */
export interface Context {
  readonly quick: boolean;
  /** Whether `--data` was given. */
  readonly hasData: boolean;
  /** Aborted when the run is to stop; {@link train} handles it. */
  readonly signal: AbortSignal;
  /** Path of a data file; throws an error that names `--data` if it is missing. */
  path(file: string): string;
  /** Path of an official test file below `--test`, `undefined` without `--test`; throws an error that names it if the file is missing. */
  testPath(file: string): string | undefined;
  /** Path of the safetensors file of a job's training: its own, or that of a job it depends on. */
  fileOf(job: string): string;
  /**
   * Trains to the end, resuming an earlier run: the checkpoint is kept up to date, and the bits are those of a run that never stopped.
   * Returns the curve. On a signal to stop it saves and throws {@link Interrupted}, which a job must pass on.
   */
  train<Batch>(training: Training<Batch>): Promise<Point[]>;
}

/** Thrown through a job that was told to stop, after its state was saved. */
export class Interrupted extends Error {
  constructor() {
    super('recipe: stopped by a signal; run it again to resume');
  }
}

/** A kept result, with its provenance. */
export interface Result {
  recipe: string;
  shows: string;
  papers: readonly string[];
  command: string;
  machine: string;
  /** Commits on which its jobs trained. Results that predate {@link jobs} name the commit at which they were drawn. */
  commit: string;
  date: string;
  /** Seconds spent on all jobs together. */
  seconds: number;
  rows: Row[];
  /** Names of the SVG files stored with it. */
  pictures: string[];
  /** Each job, its duration, and the code that it ran on. */
  jobs?: Pick<Finished<unknown, unknown>, 'name' | 'seconds' | 'made'>[];
  /** Further remarks on the figures. */
  note?: string;
}

/** A command that reproduces figures: jobs, each trained and measured in its own thread, and the table of their results. */
export interface Recipe<Settings = unknown, Outcome = unknown> {
  name: string;
  /** The arguments that select it, if other than its name: `g2p --model transformer`, named `g2p-transformer`. */
  asked?: string;
  /** One sentence on what it shows. */
  shows: string;
  papers: readonly string[];
  data?: DataNeed;
  /** Default number of keys. Default 1. */
  keys?: number;
  jobs(options: RecipeOptions): Job<Settings>[];
  /** Runs one job after `init`. Its result must survive JSON. */
  job(settings: Settings, context: Context): Promise<Outcome>;
  /** The table, from the finished jobs in order. */
  rows(finished: readonly Finished<Settings, Outcome>[], options: RecipeOptions): Row[];
  /** Rows of the README's table of commands, each by its columns. */
  commands?(result: Result): Record<string, string>[];
  /** Lines of markdown for a page of its own, docs/NAME.md. */
  page?(result: Result): string[];
  /** Pictures for the table, as SVG by name. */
  pictures?(
    finished: readonly Finished<Settings, Outcome>[],
    options: RecipeOptions,
  ): Record<string, string> | Promise<Record<string, string>>;
}
