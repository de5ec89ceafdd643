// Texts that a language model writes on.

import { noGrad } from '../../autograd/record.ts';
import { controls, type GenerateControls } from '../../decode/generate.ts';
import { type ChooseNext, likeliest, rowsOf } from '../../decode/lines.ts';
import { look } from '../../decode/look.ts';
import { type WritingOptions, writing } from '../../decode/options.ts';
import { areTokens, type DecodingContext, type LogitsProcessor, never, noRepeatNgram, repetitionPenalty } from '../../decode/processors.ts';
import { type Drawing, drawing, drawnFrom, keysOf } from '../../decode/sample.ts';
import { viewed } from '../../ops/view.ts';
import { othersTurn } from '../../runtime/turn.ts';
import { expectOptions, isSize, maybe, type Rule, type Rules, shown } from '../../tensor/check.ts';
import { tensor } from '../../tensor/create.ts';
import { scope } from '../../tensor/scope.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { LanguageModelCache } from './language-cache.ts';

const OP = 'generate';

/** One prompt, or several of any lengths. */
export type Prompt = readonly number[] | Int32Array | readonly (readonly number[])[];

/** Texts read up to the last token of each, which the next step reads; later steps read what was written. */
export type TextState = { readonly cache: LanguageModelCache; readonly last?: Tensor };

/** How {@link LanguageModel.generate} writes. */
export interface GenerationOptions
  extends Pick<WritingOptions, 'minLength' | 'noRepeatNgram' | 'repetitionPenalty' | 'adjust' | 'constrain'>,
    Partial<Drawing>,
    GenerateControls {
  /** The texts that the prompts continue. Default: none. */
  cache?: LanguageModelCache | undefined;
  /** The most tokens to write, within the room that the model has, which is the default. */
  maxLength?: number | undefined;
  /** Tokens that end a text without being part of it; or a function of the tokens written so far that says whether the text has ended. */
  stop?: number | readonly number[] | ((tokens: readonly number[], row: number) => boolean) | undefined;
}

const isStop: Rule = (op, name, value) => {
  if (typeof value !== 'function') areTokens(op, name, [value].flat());
};

const { minLength, noRepeatNgram: noRepeat, repetitionPenalty: isPenalty, adjust, constrain } = writing;

const rules: Rules<GenerationOptions> = {
  ...drawing,
  key: /* @__PURE__ */ maybe(drawing.key),
  ...controls,
  cache: /* @__PURE__ */ maybe((op, name, value) => {
    if (!(value instanceof LanguageModelCache)) throw new TypeError(`${op}: ${name} must be a LanguageModelCache, got ${shown(value)}`);
  }),
  maxLength: /* @__PURE__ */ maybe(isSize),
  stop: /* @__PURE__ */ maybe(isStop),
  ...{ minLength, noRepeatNgram: noRepeat, repetitionPenalty: isPenalty, adjust, constrain },
};

/** A model that writes: a {@link LanguageModel}. */
interface Writer {
  readonly length: number;
  readonly layers: readonly unknown[];
  read(prompts: readonly (readonly number[])[], options: { cache?: LanguageModelCache | undefined }): TextState;
  forward(
    tokens: Tensor,
    options: { cache: LanguageModelCache; lengths?: readonly number[] },
  ): { logits: Tensor; cache?: LanguageModelCache };
}

/** Tokens as they are written, one at a time; of several texts one of each, or `null` where a text has ended. */
export interface Generation<T> extends AsyncIterableIterator<T> {
  /** All that was read and written so far, for whatever comes after it. */
  readonly cache: LanguageModelCache;
}

/** The texts so far: all tokens of the prompts but the last are read, in one go. */
export function readPrompt(
  model: Pick<Writer, 'layers' | 'length'> & Reader,
  prompts: readonly (readonly number[])[],
  from?: LanguageModelCache,
): TextState {
  expectPrompts(prompts);
  const before = from ?? LanguageModelCache.empty(model.layers.length, prompts.length);
  const lengths = prompts.map(({ length }) => length - 1);
  const most = Math.max(...lengths);
  expectRoom(model.length, before.lengths.map((length, row) => length + (lengths[row] ?? 0)), 0); // biome-ignore format: one line
  const last = tensor(Int32Array.from(prompts, (prompt) => prompt.at(-1) as number));
  if (most === 0) return { cache: before, last };
  const tokens = tensor(Int32Array.from(prompts.flatMap((prompt) => Array.from({ length: most }, (_, i) => (i < prompt.length - 1 ? (prompt[i] as number) : 0)))), { shape: [prompts.length, most] }); // biome-ignore format: one line
  return { cache: model.taken(tokens, before, lengths.every((length) => length === most) ? undefined : lengths), last };
}

/** A model that reads tokens without predicting what follows. */
interface Reader {
  taken(tokens: Tensor, cache: LanguageModelCache, lengths?: readonly number[]): LanguageModelCache;
}

function expectPrompts(prompts: unknown): void {
  if (!Array.isArray(prompts) || prompts.length === 0) throw new TypeError(`${OP}: prompts must be lists of tokens, got ${shown(prompts)}`);
  for (const prompt of prompts) {
    areTokens(OP, 'prompt', ArrayBuffer.isView(prompt) ? Array.from(prompt as Int32Array) : prompt);
    if (prompt.length === 0)
      throw new RangeError(
        `${OP}: prompt must have a token; to go on behind a cache give its last one with cache.cropped(length - 1), got none`,
      );
  }
}

/** The tokens of the longest text, its last one too, behind which as many as `least` must have room. */
function expectRoom(room: number, read: readonly number[], least: number): number {
  const longest = 1 + read.reduce((most, length) => Math.max(most, length), 0);
  if (longest + least > room) throw new RangeError(`${OP}: prompt must leave room within ${room} tokens, got ${longest}`);
  return longest;
}

/** Begins to write. */
export function generation(model: Writer, prompt: Prompt, options: GenerationOptions): Generation<unknown> {
  expectOptions(OP, options, rules);
  const { key, temperature, topK, topP } = options;
  const idle = temperature === 0 ? undefined : Object.entries({ temperature, topK, topP }).find(([, value]) => value !== undefined)?.[0];
  if (key === undefined && idle) throw new RangeError(`${OP}: ${idle} needs a key to draw from, got none`);
  if (prompt instanceof Tensor || (!Array.isArray(prompt) && !ArrayBuffer.isView(prompt)))
    throw new TypeError(`${OP}: prompt must be a list of tokens, or a list of such, got ${shown(prompt)}`);
  const several = Array.isArray(prompt) && Array.isArray(prompt[0]);
  const prompts = (several ? prompt : [Array.from(prompt as readonly number[])]) as readonly (readonly number[])[];
  return new Writing(model, prompts, options, several);
}

/** Texts in the making. */
class Writing implements Generation<number | (number | null)[]> {
  private readonly model: Writer;
  private readonly options: GenerationOptions;
  private readonly choose: (logits: Tensor, step: number) => ArrayLike<number>;
  private readonly texts: readonly number[][];
  private readonly ended: boolean[];
  private readonly several: boolean;
  private readonly most: number;
  /** The last token of each text, and whether it is still to be read. */
  private readonly last: Int32Array;
  private readonly waiting: boolean[];
  private so: LanguageModelCache;
  private readonly steps: AsyncGenerator<number | (number | null)[], void>;

  constructor(model: Writer, prompts: readonly (readonly number[])[], options: GenerationOptions, several: boolean) {
    this.model = model;
    this.options = options;
    this.several = several;
    this.texts = prompts.map(() => []);
    this.ended = prompts.map(() => false);
    this.waiting = prompts.map(() => true);
    const { cache, last } = scope(() => noGrad(() => model.read(prompts, { cache: options.cache })));
    this.so = cache;
    this.last = Int32Array.from(last?.toArray() ?? []);
    const starts = cache.lengths.map((length) => length + 1);
    const longest = expectRoom(model.length, cache.lengths, 1);
    this.most = Math.min(options.maxLength ?? Number.POSITIVE_INFINITY, model.length - longest);
    this.choose = chooser(options, starts, this.texts, (row) => !this.ended[row]);
    this.steps = this.written();
  }

  next(): Promise<IteratorResult<number | (number | null)[], void>> {
    return this.steps.next();
  }

  return(): Promise<IteratorResult<number | (number | null)[], void>> {
    return this.steps.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  get cache(): LanguageModelCache {
    if (this.waiting.includes(true)) this.take(() => undefined);
    return this.so;
  }

  private async *written(): AsyncGenerator<number | (number | null)[], void> {
    const { signal, yieldEvery = 16 } = this.options;
    let rested = performance.now();
    for (let step = 0; step < this.most && this.ended.includes(false) && !signal?.aborted; step++) {
      const tokens = this.take((logits) => this.choose(logits, step));
      const now = this.texts.map((_, row) => this.put(row, tokens[row] as number));
      if (now.every((token) => token === null)) return;
      yield this.several ? now : (now[0] as number);
      if (performance.now() - rested < yieldEvery) continue;
      await othersTurn();
      rested = performance.now();
    }
  }

  /** Writes a token to a text, unless the text has ended or ends with it. */
  private put(row: number, token: number): number | null {
    const { stop } = this.options;
    if (this.ended[row]) return null;
    this.ended[row] = token === stop || (Array.isArray(stop) && stop.includes(token));
    if (this.ended[row]) return null;
    const text = this.texts[row] as number[];
    text.push(token);
    this.last[row] = token;
    this.waiting[row] = true;
    if (typeof stop === 'function') this.ended[row] = stop([...text], row);
    return token;
  }

  /** Reads the tokens that wait, and gives what `use` makes of the logits `[B, C]` of the next. */
  private take<R>(use: (logits: Tensor) => R): R {
    const lengths = this.waiting.includes(false) ? this.waiting.map(Number) : undefined;
    const { cache, used } = scope(() =>
      noGrad(() => {
        const tokens = tensor(this.last, { shape: [this.last.length, 1] });
        const seen = this.model.forward(tokens, lengths ? { cache: this.so, lengths } : { cache: this.so });
        return { cache: seen.cache, used: use(viewed(seen.logits, [this.last.length, seen.logits.shape[2] as number])) };
      }),
    );
    this.so = cache as LanguageModelCache;
    this.waiting.fill(false);
    return used;
  }
}

/** Chooses the next token of each text from logits `[B, C]`. */
function chooser(
  options: GenerationOptions,
  starts: readonly number[],
  texts: readonly (readonly number[])[],
  counts: (row: number) => boolean,
): (logits: Tensor, step: number) => ArrayLike<number> {
  const { key, temperature, adjust = [], repetitionPenalty: penalty = 1 } = options;
  const rewriting = { adjust: [...(penalty === 1 ? [] : [repetitionPenalty(penalty)]), ...adjust], constrain: constraintsOf(options) };
  const plain = key === undefined || temperature === 0;
  if (plain && rewriting.adjust.length + rewriting.constrain.length === 0) return likeliestOf;
  const next: ChooseNext = plain ? likeliest : drawnFrom(keysOf(OP, key, texts.length), { ...options, key }, starts);
  const items = rowsOf(texts.length);
  return (logits, step) => {
    const context: DecodingContext = { step, items, tokens: (row) => texts[row] ?? [] };
    return look(OP, rewriting, [logits, undefined], context, (open) => next(open, step, counts), counts, true).tokens;
  };
}

function constraintsOf({ stop, minLength: least = 0, noRepeatNgram: n, constrain = [] }: GenerationOptions): LogitsProcessor[] {
  const stops = typeof stop === 'function' || stop === undefined ? [] : [stop].flat();
  const endless = never(stops);
  return [
    ...(least > 0 && stops.length > 0 ? [(x: Tensor, context: DecodingContext) => (context.step < least ? endless(x, context) : x)] : []),
    ...(n === undefined ? [] : [noRepeatNgram(n)]),
    ...constrain,
  ];
}

/** The likeliest of each row, of equals the smaller. */
function likeliestOf(logits: Tensor, step: number): number[] {
  const [rows, width] = logits.shape as [number, number];
  const values = logits.peek();
  return Array.from({ length: rows }, (_, row) => {
    let best = row * width;
    for (let at = best; at < (row + 1) * width; at++) {
      if ((values[at] as number) > (values[best] as number)) best = at;
      else if (Number.isNaN(values[at])) throw new RangeError(`${OP}: logits must be numbers, got NaN at step ${step}`);
    }
    return best - row * width;
  });
}
