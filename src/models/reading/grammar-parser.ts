import type { ScoreName } from '../../attention/score.ts';
import type { Decoded, Decoder } from '../../decode/decoder.ts';
import { Module } from '../../nn/module.ts';
import type { State } from '../../nn/state.ts';
import { argsort, concat, sub, takeAlongAxis, where } from '../../ops/index.ts';
import { expectCall, expectKey, expectOptions, isOneOf, isShare, isSize, keyName, maybe, ruleOf } from '../../tensor/check.ts';
import { arange, full } from '../../tensor/create.ts';
import type { Key } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type BracketReading, bracketed, bracketSymbols, treeFrom } from '../../trees/brackets.ts';
import type { ParseTree } from '../../trees/tree.ts';
import { AttentionSeq2Seq } from '../seq2seq/attention-seq2seq.ts';
import type { EncoderDecoder } from '../seq2seq/encoder-decoder.ts';
import { type Feed, Seq2Seq } from '../seq2seq/seq2seq.ts';
import { expectTokens, tokenMask } from '../tokens.ts';

/** What a {@link GrammarParser} is made with. */
export interface GrammarParserOptions {
  /** Symbols of the sentences, with 0 for padding and 2 for the end; words are from 3 on. */
  words: number;
  /** The labels of constituents, each once. */
  labels: readonly string[];
  /** Width of the decoder and of each direction of the encoder. */
  hidden: number;
  /** Width of both embeddings. Default `hidden`. */
  embedding?: number | undefined;
  /** Layers of the encoder. Default 1. */
  layers?: number | undefined;
  /** Probability of dropping an element of embeddings, source vectors and decoder outputs if a key is given. Default 0. */
  dropout?: number | undefined;
  /** The score of attention, over the whole sentence; `none` for the same model without attention. Default `additive`. */
  score?: ScoreName | 'none' | undefined;
  /** Without attention, where the decoder receives the sentence's vector, see {@link Seq2Seq}. Default `each`. */
  feed?: Feed | undefined;
}

/** The tree that a parser wrote for one sentence. */
export interface GrammarParse extends BracketReading {
  /** What was written, to the last symbol before the end. */
  symbols: string[];
  /** How much of each word was taken as each symbol was written, a row for each; what a row lacks to 1 was taken of the sentence's end. `null` without attention. */
  weights: number[][] | null;
  /** The same for each constituent of the tree in depth-first order, as its bracket was opened; zeros where none was. `null` without attention. */
  looks: number[][] | null;
}

const [PAD, END, FIRST] = [0, 2, 3];

const isLabels = ruleOf('labels, each once and with a letter', (labels) => {
  const list = Array.isArray(labels) ? (labels as unknown[]) : [];
  return list.length > 0 && new Set(list).size === list.length && list.every((label) => typeof label === 'string' && label.length > 0);
});

/**
 * A parser that translates sentences to trees (Vinyals, Kaiser et al. 2015, "Grammar as a foreign language"): an {@link AttentionSeq2Seq} reads the words
 * in reverse, then their end, and writes the tree depth first, with labelled ends and `XX` for every word (§2.2 and §3.2 there): what {@link bracketed} makes of it. What it writes
 * need not be a tree; {@link treeFrom} repairs it, and says so.
 */
export class GrammarParser extends Module implements Decoder {
  readonly seq2seq: AttentionSeq2Seq | Seq2Seq;
  /** What the parser writes: the token of `symbols[i]` is 3 + i. */
  readonly symbols: readonly string[];
  private readonly numbers: ReadonlyMap<string, number>;

  constructor(options: GrammarParserOptions, key: Key) {
    super();
    expectOptions('GrammarParser', options, {
      words: isSize,
      labels: isLabels,
      hidden: isSize,
      embedding: maybe(isSize),
      layers: maybe(isSize),
      dropout: maybe(isShare),
      score: maybe(isOneOf('dot', 'scaledDot', 'general', 'additive', 'none')),
      feed: maybe(isOneOf('each', 'first', 'state')),
    });
    expectKey('GrammarParser', key);
    const { words: source, labels, score = 'additive', feed = 'each', ...sizes } = options;
    this.symbols = bracketSymbols(labels);
    this.numbers = new Map(this.symbols.map((symbol, i) => [symbol, FIRST + i]));
    const all = { ...sizes, source, target: FIRST + this.symbols.length };
    const project = score === 'dot' || score === 'scaledDot' ? { project: sizes.hidden } : {};
    this.seq2seq = score === 'none' ? new Seq2Seq({ ...all, feed }, key) : new AttentionSeq2Seq({ ...all, ...project, score }, key);
  }

  /** The target for a tree: its symbols' tokens, then the end. */
  encode(tree: ParseTree): number[] {
    const tokens = bracketed(tree).map((symbol) => {
      const token = this.numbers.get(symbol);
      if (token === undefined) throw new RangeError(`GrammarParser: labels of tree must be known, got ${symbol.slice(1)}`);
      return token;
    });
    return [...tokens, END];
  }

  /** Sentences (int32 `[B, S]`) and the targets of their trees (int32 `[B, T]`, padded with 0) to the logits `[B, T, C]` of each symbol, given those before it. */
  forward(words: Tensor, target: Tensor, options: { key?: Key | undefined } = {}): Tensor {
    expectCall('GrammarParser', options, keyName);
    return this.seq2seq.forward(reversed(words), target, options);
  }

  /** Sentences (int32 `[B, S]`, padded with 0) as {@link step} reads them every time. */
  read(words: Tensor): State {
    return this.decoder.read(reversed(words));
  }

  /** The state before the first symbol. */
  initialState(source: State): State {
    return this.decoder.initialState(source);
  }

  /** From the last symbols of each sentence (int32 `[B]`), what was read and the previous state to the logits of the next symbol `[B, C]`: what searches and exports take. */
  step(tokens: Tensor, source: State, state: State): Decoded<State> {
    return this.decoder.step(tokens, source, state);
  }

  private get decoder(): EncoderDecoder {
    return this.seq2seq as EncoderDecoder;
  }

  /** The trees of sentences (int32 `[B, S]`, padded with 0), greedily or with a beam, at most `3 · S + 12` symbols each if not told otherwise. */
  parse(words: Tensor, options: { beam?: number | undefined; maxLength?: number | undefined } = {}): GrammarParse[] {
    expectOptions('parse', options, { beam: maybe(isSize), maxLength: maybe(isSize) });
    const source = reversed(words);
    const [batch, length] = words.shape as [number, number];
    const { beam, maxLength = 3 * length + 12 } = options;
    const { tokens, weights } = this.seq2seq.translate(source, { ...(beam !== undefined && { beam }), maxLength });
    const real = tokenMask(words, PAD).toArray();
    const looks = weights?.toArray();
    const longest = weights?.shape[1] ?? 0;
    return Array.from({ length: batch }, (_, b) => {
      const symbols = (tokens[b] ?? []).map((token) => this.symbols[token - FIRST] as string).filter((symbol) => symbol !== undefined);
      const count = Array.from(real.subarray(b * length, (b + 1) * length)).filter((one) => one === 1).length;
      const row = (t: number) =>
        Array.from({ length: count }, (_, word) => looks?.[(b * longest + t) * (length + 1) + count - 1 - word] as number);
      const found = treeFrom(symbols, { words: count });
      if (!looks) return { ...found, symbols, weights: null, looks: null };
      const weights = symbols.map((_, t) => row(t));
      return { ...found, symbols, weights, looks: found.opened.map((t) => weights[t] ?? new Array<number>(count).fill(0)) };
    });
  }
}

/** The real tokens (int32 `[B, S]`, padding last) in reverse, then the end, then the padding: `[B, S + 1]`. */
function reversed(words: Tensor): Tensor {
  expectTokens('GrammarParser', 'words', words);
  const [batch, length] = words.shape as [number, number];
  const keys = where(tokenMask(words, PAD), sub(0, arange(length)), 2); // [B, S]: the last real token first, padding last
  const order = argsort(concat([keys, full([batch, 1], 1, 'int32')], 1));
  return takeAlongAxis(concat([words, full([batch, 1], END, 'int32')], 1), order);
}
