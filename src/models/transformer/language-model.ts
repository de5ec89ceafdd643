import { QKNorm } from '../../attention/between.ts';
import type { KeyValueCache } from '../../attention/cache.ts';
import type { ExtendCall } from '../../attention/heads.ts';
import type { Window } from '../../attention/parts.ts';
import { noGrad } from '../../autograd/record.ts';
import type { Decoded, Decoder } from '../../decode/decoder.ts';
import { Dropout } from '../../nn/dropout.ts';
import { Embedding } from '../../nn/embedding.ts';
import { Linear } from '../../nn/linear.ts';
import { Module } from '../../nn/module.ts';
import { add, gather, linear, minimum, mul, slice, softcap } from '../../ops/index.ts';
import { viewed } from '../../ops/view.ts';
import { expectCall, expectKey, expectNames, expectOptions, type Names, shown } from '../../tensor/check.ts';
import { arange, tensor } from '../../tensor/create.ts';
import { type Key, split } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { expectTokens } from '../tokens.ts';
import { LanguageModelCache } from './language-cache.ts';
import { type Generation, type GenerationOptions, generation, type Prompt, readPrompt, type TextState } from './language-generation.ts';
import { isLanguageModel, type LanguageModelOptions } from './language-options.ts';
import { betweensOf, GrowingRotary, rowsOf, windowsOf } from './language-positions.ts';
import { TransformerEncoderLayer } from './layer.ts';
import { type Norm, normOf } from './parts.ts';
import { distancesOf } from './positions.ts';
import { throughLayers } from './stack.ts';

/** Options of one call of a {@link LanguageModel}. */
export interface LanguageModelCall {
  /** The texts so far, which the tokens continue; `true` begins. Nothing is recorded for gradients then. */
  cache?: LanguageModelCache | boolean | undefined;
  /** How many of the tokens each text has; the rest is padding, whose logits mean nothing. Default all. */
  lengths?: readonly number[] | undefined;
  /** Given in training: dropout draws from it. */
  key?: Key | undefined;
  /** Whether to return where each head of each layer looked. It changes no bit of the logits. Default false. */
  weights?: boolean | undefined;
}

const calling: Names<LanguageModelCall> = { cache: 0, lengths: 0, key: 0, weights: 0 };

/** The result of a call of a {@link LanguageModel}. */
export interface LanguageModelOutput {
  /** Of the token after each, `[B, T, C]`. */
  logits: Tensor;
  /** The texts with these tokens, if a cache was asked for. */
  cache?: LanguageModelCache;
  /** Of each layer, first layer first, `[B, H, T, S]`; S counts the tokens of the cache too. */
  weights?: Tensor[];
}

/**
 * A language model of Transformer layers that look back: vectors of tokens, what says where they stand, layers, a last norm, and a map to the next
 * token's logits. Its options span GPT-2 (Radford et al. 2019, §2.3: the defaults) and LLaMA (Touvron et al. 2023, §2.2: `positions: 'rotary',
 * norm: 'rms', gated: true, activation: 'silu', bias: false`) with what stands between and after them.
 *
 * A text may be read at once, or bit by bit with a cache: cached or computed anew, alone or in a batch, one token at a time or in chunks of any
 * size, on one thread or several, logits have the same bits.
 */
export class LanguageModel extends Module implements Decoder<TextState, TextState> {
  readonly symbols: Embedding; // [C, D]
  /** Learned positions `[length, D]`, or the table of those that are not. */
  readonly positions: Embedding | Tensor | undefined;
  /** What tells all layers the distances of keys, if one part does. */
  readonly distances: Window | undefined;
  readonly layers: readonly TransformerEncoderLayer[];
  readonly norm: Norm | null;
  /** `weight` `[C, D]`, that of the symbols if they are tied. */
  output: { readonly weight: Tensor };
  /** Norms of queries and keys, of each layer. */
  readonly qk: readonly QKNorm[];
  /** The most tokens of a text. */
  readonly length: number;
  private readonly rotary: GrowingRotary | undefined;
  private readonly scale: number;
  private readonly cap: number | undefined;
  private readonly dropout: Dropout;

  constructor(options: LanguageModelOptions, key: Key) {
    super();
    expectOptions('LanguageModel', options, isLanguageModel);
    expectKey('LanguageModel', key);
    const { symbols, size, layers, length, heads, headSize = size / heads, positions = 'learned', rotary, tied = false } = options;
    if (rotary && positions !== 'rotary')
      throw new RangeError(`LanguageModel: rotary must come with positions 'rotary', got positions ${shown(positions)}`);
    const [forSymbols, forPositions, forOutput, ...forLayers] = split(key, 3 + layers) as [Key, Key, Key, ...Key[]];
    this.symbols = new Embedding({ symbols, size }, forSymbols);
    this.positions = rowsOf(options, forPositions);
    this.rotary = positions === 'rotary' ? new GrowingRotary(rotary ?? {}, headSize, length) : undefined;
    this.qk = options.qkNorm ? forLayers.map(() => new QKNorm({ size: headSize, eps: options.eps })) : [];
    const width = { heads, width: headSize, scale: options.scale, bidirectional: false };
    this.distances = distancesOf(positions, width, forPositions);
    this.layers = layersOf(options, this.distances, betweensOf(options, this.rotary, this.qk), forLayers);
    this.norm = options.normFirst === false ? null : normOf(options)();
    this.output = tied ? this.symbols : new Linear({ input: size, output: symbols, bias: false }, forOutput);
    this.length = length;
    this.scale = options.embeddingScale ?? 1;
    this.cap = options.softcap;
    this.dropout = new Dropout({ p: options.dropout ?? 0 });
  }

  /** Makes the symbols' vectors the weight of the last map, whose own weight is forgotten. */
  tie(): void {
    this.output = this.symbols;
  }

  /** From tokens (int32 `[B, T]`) to the logits of each next token `[B, T, C]`. */
  forward(
    tokens: Tensor,
    options: LanguageModelCall & { cache: LanguageModelCache | true },
  ): LanguageModelOutput & { cache: LanguageModelCache };
  forward(tokens: Tensor, options?: LanguageModelCall): LanguageModelOutput;
  forward(tokens: Tensor, options: LanguageModelCall = {}): LanguageModelOutput {
    expectCall('LanguageModel', options, calling);
    expectTokens('LanguageModel', 'tokens', tokens);
    const from = this.cacheOf(tokens, options);
    if (!from) return this.whole(tokens, options);
    const { lengths, weights = false } = options;
    return noGrad(() => {
      const { output, cache, weights: seen } = this.extended(tokens, from, lengths ? { lengths, weights } : { weights });
      const logits = this.headed(output);
      return weights ? { logits, cache, weights: seen } : { logits, cache };
    });
  }

  /**
   * Writes on from a prompt, token by token: `for await (const token of model.generate([1, 2, 3], { … }))`. The likeliest token, or with a `key` one that
   * is drawn; what stands at a place in the text is drawn from the key of that place, so that a text that is gone on with, from its cache or
   * from its tokens, is the text that it would have been. Several prompts, of any lengths, give a token or `null` for each at a time.
   */
  generate(prompt: readonly number[] | Int32Array, options?: GenerationOptions): Generation<number>;
  generate(prompts: readonly (readonly number[])[], options?: GenerationOptions): Generation<(number | null)[]>;
  generate(prompt: Prompt, options: GenerationOptions = {}): Generation<number> & Generation<(number | null)[]> {
    return generation(this, prompt, options) as Generation<never>;
  }

  /**
   * Prompts as searches read them: `beamSearch(model, model.read([[1, 2, 3]]), { batch: 1, … })`. Their `start` is not used. With a cache the prompts
   * continue its texts.
   */
  read(prompts: readonly (readonly number[])[], options: { cache?: LanguageModelCache | undefined } = {}): TextState {
    expectNames('read', options, { cache: 0 });
    return readPrompt(this, prompts, options.cache);
  }

  /** The cache with these tokens: what follows them is not asked. */
  taken(tokens: Tensor, cache: LanguageModelCache, lengths?: readonly number[]): LanguageModelCache {
    return noGrad(() => this.extended(tokens, this.fitting(tokens, cache, lengths), lengths ? { lengths } : {}).cache);
  }

  initialState(source: TextState): TextState {
    return source;
  }

  step(tokens: Tensor, _: TextState, { cache, last }: TextState): Decoded<TextState> {
    const fed = last ?? tokens;
    const { logits, cache: after } = this.forward(viewed(fed, [fed.size, 1]), { cache });
    return { logits: viewed(logits, [fed.size, logits.shape[2] as number]), state: { cache: after } };
  }

  /** The cache of a call, if one is asked for. */
  private cacheOf(tokens: Tensor, { cache, lengths, key }: LanguageModelCall): LanguageModelCache | undefined {
    const rows = tokens.shape[0] as number;
    if (!cache) {
      if (lengths)
        throw new RangeError('LanguageModel: lengths must come with a cache, got none; padding behind a text changes nothing before it');
      this.reach(tokens.shape[1] as number, tokens.shape[1] as number);
      return undefined;
    }
    if (key) throw new Error('LanguageModel: a key and a cache are of two uses, training and writing; give one of them');
    return this.fitting(tokens, cache === true ? LanguageModelCache.empty(this.layers.length, rows) : cache, lengths);
  }

  /** Checks that a cache is of this model and of texts that tokens may continue. */
  private fitting(tokens: Tensor, cache: LanguageModelCache, counts?: readonly number[]): LanguageModelCache {
    const [rows, time] = tokens.shape as [number, number];
    const { lengths, layers } = cache;
    if (!(cache instanceof LanguageModelCache) || layers.length !== this.layers.length || lengths.length !== rows)
      throw new RangeError(`LanguageModel: cache must be of ${this.layers.length} layers and ${rows} rows, got ${shown(cache)} of others`);
    let most = 0;
    for (let row = 0; row < rows; row++) most = Math.max(most, (lengths[row] as number) + (counts?.[row] ?? time));
    this.reach(most, cache.length + time);
    return cache;
  }

  /** Checks the length of texts, and makes what positions need, those of padding too. */
  private reach(length: number, padded: number): void {
    if (length > this.length) throw new RangeError(`LanguageModel: tokens must be at most ${this.length} long, got ${length}`);
    this.rotary?.reach(padded);
  }

  /** The vectors of tokens where they stand. */
  private placed(tokens: Tensor, cache?: LanguageModelCache): Tensor {
    const plain = this.symbols.forward(tokens); // [B, T, D]
    const x = this.scale === 1 ? plain : mul(plain, this.scale);
    const table = this.positions instanceof Embedding ? this.positions.weight : this.positions;
    if (!table) return x;
    const [rows, time] = tokens.shape as [number, number];
    const starts = cache?.lengths ?? new Array<number>(rows).fill(0);
    const [first = 0] = starts;
    if (first + time <= this.length && starts.every((start) => start === first)) return add(x, slice(table, 0, first, first + time));
    const positions = add(tensor(Int32Array.from(starts), { shape: [rows, 1] }), arange(time));
    return add(x, gather(table, minimum(positions, this.length - 1))); // padding may stand past the end
  }

  /** All of the texts at once. */
  private whole(tokens: Tensor, { key, weights = false }: LanguageModelCall): LanguageModelOutput {
    const [forInput, ...forLayers] = key ? split(key, 1 + this.layers.length) : [];
    const start = this.dropout.forward(this.placed(tokens), { key: forInput }); // [B, T, D]
    const through = throughLayers(this.layers, start, { keys: forLayers, weights });
    return { logits: this.headed(through.output), ...(weights && { weights: through.weights }) };
  }

  /** The layers' output for the next tokens of texts, `[B, N, D]`. */
  private extended(tokens: Tensor, cache: LanguageModelCache, call: ExtendCall) {
    const caches: KeyValueCache[] = [];
    const seen: Tensor[] = [];
    let output = this.placed(tokens, cache);
    for (let i = 0; i < this.layers.length; i++) {
      const step = (this.layers[i] as TransformerEncoderLayer).extend(output, cache.layers[i], call);
      caches.push(step.cache);
      if (step.weights) seen.push(step.weights);
      output = step.output;
    }
    return { output, cache: new LanguageModelCache(caches), weights: seen };
  }

  private headed(x: Tensor): Tensor {
    const logits = linear(this.norm?.forward(x) ?? x, this.output.weight);
    return this.cap === undefined ? logits : softcap(logits, this.cap);
  }
}

/** The layers, of what of the options is theirs. */
function layersOf(
  options: LanguageModelOptions,
  distances: Window | undefined,
  betweens: ReturnType<typeof betweensOf>,
  keys: readonly Key[],
): TransformerEncoderLayer[] {
  const { symbols: _, layers: __, length: ___, positions, rotary, qkNorm, window, embeddingScale, softcap: cap, tied, ...layer } = options;
  const { activation = 'gelu', normFirst = true } = options;
  const windows = windowsOf(options, distances);
  return keys.map(
    (key, i) => new TransformerEncoderLayer({ ...layer, activation, normFirst, window: windows[i], between: betweens[i] }, key),
  );
}
