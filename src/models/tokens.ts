import { concat, equal, not, slice } from '../ops/index.ts';
import { expectCall, expectFields, isShare, isSize, isWhole, keyName, maybe, type Rules } from '../tensor/check.ts';
import { full } from '../tensor/create.ts';
import type { Key } from '../tensor/random.ts';
import { kindOf, Tensor } from '../tensor/tensor.ts';

/** The tokens with a special meaning for models. */
export interface Specials {
  /** Fills the end of shorter sequences; −1 if there is no padding. Default 0. */
  pad?: number;
  /** The input before the first token of a target. Default 1. */
  start?: number;
  /** Ends a target. Default 2. */
  end?: number;
}

/** Options of both encoder–decoder models. */
export interface ModelOptions extends Specials {
  /** Symbols of the source vocabulary. */
  source: number;
  /** Symbols of the target vocabulary. */
  target: number;
  /** Width of the decoder and of each direction of the encoder. */
  hidden: number;
  /** Width of both embeddings. Default `hidden`. */
  embedding?: number | undefined;
  /** Layers of the encoder. Default 1. */
  layers?: number | undefined;
  /** Probability of dropping an element of embeddings, source vectors and decoder outputs in training. Default 0. */
  dropout?: number | undefined;
}

const isToken = /* @__PURE__ */ isWhole(0);

/** The rules of these options. */
export const isModel: Rules<ModelOptions> = {
  source: isSize,
  target: isSize,
  hidden: isSize,
  embedding: /* @__PURE__ */ maybe(isSize),
  layers: /* @__PURE__ */ maybe(isSize),
  dropout: /* @__PURE__ */ maybe(isShare),
  pad: /* @__PURE__ */ maybe(/* @__PURE__ */ isWhole(-1)), // -1: there is no padding
  start: /* @__PURE__ */ maybe(isToken),
  end: /* @__PURE__ */ maybe(isToken),
};

/** The special tokens with their defaults. */
export const specials = ({ pad = 0, start = 1, end = 2 }: Specials): Required<Specials> => ({ pad, start, end });

/** Checks int32 `[B, T]`. */
export function expectTokens(op: string, name: string, tokens: Tensor): void {
  if (tokens instanceof Tensor && tokens.dtype === 'int32' && tokens.rank === 2) return;
  throw new TypeError(`${op}: ${name} must be int32 [B, T], got ${kindOf(tokens)}`);
}

/** Checks a source: int32 `[B, S]`, with a key or none. */
export function expectSource(source: Tensor, options: { key?: Key | undefined }): void {
  expectCall('read', options, keyName);
  expectTokens('read', 'source', source);
}

/** Checks a step of a decoder that attends: the source read, the state, and a key or none. */
export function expectAdvance(op: string, source: object, state: object, options: { key?: Key | undefined }): void {
  expectCall(op, options, keyName);
  expectFields(op, 'source', source, 'prepared');
  expectFields(op, 'state', state, 'cell', 'attention');
  expectFields(op, 'state.cell', (state as { cell: object }).cell, 'h', 'c');
}

/** bool `[B, T]`: true where a token is not `pad`. */
export function tokenMask(tokens: Tensor, pad: number): Tensor {
  return not(equal(tokens, pad));
}

/** The decoder's input for predicting `target` `[B, T]`: the target one step later, `start` first. */
export function shiftRight(target: Tensor, start: number): Tensor {
  const [batch = 0, length = 0] = target.shape;
  if (length === 0) return target;
  return concat([full([batch, 1], start, 'int32'), slice(target, 1, 0, length - 1)], 1);
}
