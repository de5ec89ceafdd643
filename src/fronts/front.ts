import type { Module } from '../nn/module.ts';
import { anything, maybe, type Rule, type Rules, ruleOf, shown } from '../tensor/check.ts';
import { type Key, key } from '../tensor/random.ts';
import { fileOf, type SaveOptions } from './file.ts';
import { fillLarger } from './growth.ts';
import { type Asking, lineOf, measured } from './quality.ts';
import type { TeachingOptions } from './teaching.ts';

/** How a front came to be. */
export interface FrontReport {
  /** Rows that it learnt from. */
  readonly learnt: number;
  /** Rows that it did not learn from: they said when to stop. */
  readonly heldOut: number;
  /** Steps of learning. */
  readonly steps: number;
  /** The best loss on the held-out rows; `null` where none were held out. */
  readonly heldOutLoss: number | null;
}

/** What all fronts have: a model, how it came to be, and a file. */
export abstract class Front<Model extends Module = Module> {
  private own: Model;

  constructor(model: Model) {
    this.own = model;
  }

  /** An ordinary module: to be looked at, trained on, exported. An `update` with more labels or symbols puts a larger one in its place. */
  get model(): Model {
    return this.own;
  }

  /** How the last `fit` or `update` went. */
  abstract readonly report: FrontReport;
  /** The name in files and messages. */
  protected abstract readonly kind: string;

  /** Everything but the weights, as JSON. */
  protected abstract settings(): object;

  /** Puts a larger model in the place of this one, with its weights; what is given back undoes that. */
  protected outgrown(larger: Model): () => void {
    const before = this.own;
    fillLarger(larger, before);
    this.own = larger;
    return () => {
      this.own = before;
    };
  }

  /** How it can be asked how good it is, on the rows held out by the last `fit` or `update`; `null` without such rows. @internal */
  protected asking: Asking | null = null;

  /**
   * The front as the bytes of one safetensors file: weights, vocabulary, settings. The same front gives the same bytes. With fewer bits than float32 it measures
   * what that loses on the rows that are held out, and says so: on the console, or to `onMeasured`.
   */
  save(options: SaveOptions = {}): Uint8Array<ArrayBuffer> {
    const bytes = fileOf(this.kind, this.model, this.settings(), options);
    const { weights = 'float32', onMeasured = (report) => console.info(lineOf(this.kind, report)) } = options;
    if (weights !== 'float32') onMeasured(measured(bytes, weights, this.model, this.asking));
    return bytes;
  }
}

/** The rules of these options. */
export const teachingRules: Rules<TeachingOptions> = {
  onProgress: /* @__PURE__ */ maybe(/* @__PURE__ */ ruleOf('a function', (value) => typeof value === 'function')),
  signal: /* @__PURE__ */ maybe(
    /* @__PURE__ */ ruleOf('an AbortSignal', (value) => typeof (value as AbortSignal | null)?.aborted === 'boolean'),
  ),
  key: /* @__PURE__ */ maybe(anything), // checked where it is used
};

/** The key that a caller gave, or the one for everybody. */
export const keyOf = (options: TeachingOptions): Key => options.key ?? key(0);

/** Checks that rows are a list with something in it. */
export function expectRows(op: string, rows: unknown, least = 1): void {
  if (Array.isArray(rows) && rows.length >= least) return;
  throw new RangeError(`${op}: rows must be a list of at least ${least}, got ${Array.isArray(rows) ? rows.length : shown(rows)}`);
}

/** Checks that what is to be predicted is a list. */
export function expectList(op: string, name: string, value: unknown): void {
  if (!Array.isArray(value)) throw new TypeError(`${op}: ${name} must be a list, got ${shown(value)}`);
}

/** The width of a front's model where none is given: 32 below 5,000 examples, 64 below 50,000, else 128. */
export const widthFor = (examples: number): number => (examples < 5000 ? 32 : examples < 50_000 ? 64 : 128);

const isFound = (value: unknown) => value === null || typeof value === 'number';

/** Checks a report in a file. */
export const isReport: Rule = /* @__PURE__ */ ruleOf('a report of numbers', (value) => {
  const { learnt, heldOut, steps, heldOutLoss } = Object(value) as Record<string, unknown>;
  return [learnt, heldOut, steps].every(Number.isSafeInteger) && isFound(heldOutLoss);
});

/** The report of a front that has learnt nothing yet. */
export const UNTAUGHT: FrontReport = { learnt: 0, heldOut: 0, steps: 0, heldOutLoss: null };
