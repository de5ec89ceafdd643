// What a recipe is. It registers in examples/recipes/index.ts; `npm run recipe -- NAME` runs it (main.ts).
import type { TrainOptions } from 'saccade';
import type { Stateful } from 'saccade/io';
import type { AnyOptimizer } from 'saccade/train';

/** What a run was asked for. */
export interface RecipeOptions {
  /** Folder of `--data`. */
  data?: string;
  /** A small version, to see that it works: seconds, not minutes. */
  quick: boolean;
  /** Independent runs of whatever is repeated, with other keys. */
  keys: number;
}

/** Files that a recipe wants from `--data`: in that folder or in `folder` below it. */
export interface DataNeed {
  folder: string;
  files: readonly string[];
  /** Where the files come from. */
  source: string;
  /** Whether something (generated, or from npm) takes their place without `--data`. */
  optional?: boolean;
}

/** An independent piece of work: one model with one key, trained and measured. Plain JSON, as it travels to a thread. */
export interface Job<Settings> {
  /** Unique in the recipe; a file name. */
  name: string;
  settings: Settings;
  /** Jobs that have to end before: it works with their models ({@link Context.fileOf}). */
  after?: readonly string[];
}

/** The code that a job ran on. */
export interface Stamp {
  commit: string;
  /** Whether the source was as that commit has it, documents aside. */
  clean: boolean;
  /** Hash of the recipes, of what runs them and of the package, as they were built. */
  code: string;
}

/** A job that has ended, with what it found. */
export interface Finished<Settings, Outcome> extends Job<Settings> {
  outcome: Outcome;
  /** Spent on it, over all its sittings. */
  seconds: number;
  /** What it ran on; several where it was stopped and went on with other code. */
  made: readonly Stamp[];
}

/** One figure of the result's table. */
export interface Row {
  figure: string;
  /** The value of each key, all in `unit`. */
  ours: readonly number[];
  /** Stands behind every number of the row: `%`. */
  unit?: string;
  /** Digits after the point. Default 2. */
  digits?: number;
  /** What the figure is meant to reach. Not looked at in quick runs. */
  target?: { atMost: number } | { atLeast: number };
  /** What the paper reports, and for which setting. */
  paper?: string;
  /** What a trivial method reaches, and which. */
  baseline?: string;
}

/** A point of a training curve: the mean loss since the point before, and the metric where it was measured. */
export interface Point {
  step: number;
  loss: number;
  metric?: number;
}

/** What {@link Context.train} is given: the options of `train`, and what a checkpoint is to hold. */
export interface Training<Batch> extends Omit<TrainOptions<Batch>, 'signal' | 'start' | 'optimizer'> {
  model: Stateful;
  optimizer: AnyOptimizer;
  /** Where a job trains several times, in turn, each has its name. */
  name?: string;
  /** Stands in the checkpoint besides: what a model can be built of that was stopped half-taught. */
  metadata?: Readonly<Record<string, string>>;
  /** What the model does with an example, told after each evaluation: a line first, then a picture of text. */
  show?: () => string;
  /** Numbers beside the parameters that change from step to step: a moving average. */
  numbers?: { save: () => Record<string, number>; load: (numbers: Readonly<Record<string, number>>) => void };
}

/** What a job has to work with. */
export interface Context {
  readonly quick: boolean;
  /** Whether `--data` was given. */
  readonly hasData: boolean;
  /** Aborted when the run is to stop; {@link train} sees to it itself. */
  readonly signal: AbortSignal;
  /** Path of a data file; an error that names `--data` where there is none. */
  path(file: string): string;
  /** Path of the safetensors file where a job's training is kept, its own or that of a job that it comes after. */
  fileOf(job: string): string;
  /**
   * Trains until the end, from where an earlier run stopped: the checkpoint is kept up to date, and the bits are those of a run that
   * never stopped. Returns the curve. Told to stop, it saves and throws {@link Interrupted}, which a job lets pass.
   */
  train<Batch>(training: Training<Batch>): Promise<Point[]>;
}

/** Thrown through a job that was told to stop, after its state was saved. */
export class Interrupted extends Error {
  constructor() {
    super('recipe: must go on later, got a signal to stop');
  }
}

/** A result with what it was made by, as it is kept. */
export interface Result {
  recipe: string;
  shows: string;
  papers: readonly string[];
  command: string;
  machine: string;
  /** Where its jobs trained; several where they are of several. Results of before {@link jobs} name the commit that they were drawn at. */
  commit: string;
  date: string;
  /** Spent on all jobs together. */
  seconds: number;
  rows: Row[];
  /** Names of the SVG files beside it. */
  pictures: string[];
  /** Each job, what it took, and the code that it ran on. */
  jobs?: Pick<Finished<unknown, unknown>, 'name' | 'seconds' | 'made'>[];
  /** What a reader has to know of the figures besides. */
  note?: string;
}

/** A command that reproduces figures: jobs, each trained and measured in a thread of its own, and the table they make. */
export interface Recipe<Settings = unknown, Outcome = unknown> {
  name: string;
  /** How it is asked for, where not by its name: `g2p --model transformer`, named `g2p-transformer`. */
  asked?: string;
  /** A sentence: what it shows. */
  shows: string;
  papers: readonly string[];
  data?: DataNeed;
  /** Keys by default. Default 1. */
  keys?: number;
  jobs(options: RecipeOptions): Job<Settings>[];
  /** Does one job. `init` was called. What it returns must survive JSON. */
  job(settings: Settings, context: Context): Promise<Outcome>;
  /** The table, from the jobs in their order. */
  rows(finished: readonly Finished<Settings, Outcome>[], options: RecipeOptions): Row[];
  /** A page of its own, docs/NAME.md, as lines of markdown. */
  page?(result: Result): string[];
  /** Pictures beside the table, as SVG by name. */
  pictures?(
    finished: readonly Finished<Settings, Outcome>[],
    options: RecipeOptions,
  ): Record<string, string> | Promise<Record<string, string>>;
}
