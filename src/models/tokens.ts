import { concat, equal, not, slice } from '../ops/index.ts';
import { expectKey, expectNames, isShare, isSize, isWhole, maybe, type Rules } from '../tensor/check.ts';
import { full } from '../tensor/create.ts';
import type { Key } from '../tensor/random.ts';
import { kindOf, Tensor } from '../tensor/tensor.ts';

/** The tokens that models give a meaning of their own. */
export interface Specials {
  /** Fills the end of shorter sequences; −1: nothing does. Default 0. */
  pad?: number;
  /** Stands before the first token of a target. Default 1. */
  start?: number;
  /** Ends a target. Default 2. */
  end?: number;
}

/** What both encoder–decoder models are made with. */
export interface ModelOptions extends Specials {
  /** Symbols of the source vocabulary. */
  source: number;
  /** Symbols of the target vocabulary. */
  target: number;
  /** Width of the decoder, and of each direction of the encoder. */
  hidden: number;
  /** Width of both embeddings. Default `hidden`. */
  embedding?: number | undefined;
  /** Layers of the encoder. Default 1. */
  layers?: number | undefined;
  /** Probability of dropping an element of embeddings, memory and decoder outputs in training. Default 0. */
  dropout?: number | undefined;
}

const isToken = /* @__PURE__ */ isWhole(0);

/** Rules of what both are made with. */
export const isModel: Rules<ModelOptions> = {
  source: isSize,
  target: isSize,
  hidden: isSize,
  embedding: /* @__PURE__ */ maybe(isSize),
  layers: /* @__PURE__ */ maybe(isSize),
  dropout: /* @__PURE__ */ maybe(isShare),
  pad: /* @__PURE__ */ maybe(/* @__PURE__ */ isWhole(-1)), // -1: nothing is padding
  start: /* @__PURE__ */ maybe(isToken),
  end: /* @__PURE__ */ maybe(isToken),
};

/** The same, all given. */
export const specials = ({ pad = 0, start = 1, end = 2 }: Specials): Required<Specials> => ({ pad, start, end });

/** Checks int32 `[B, T]`. */
export function expectTokens(op: string, name: string, tokens: Tensor): void {
  if (tokens instanceof Tensor && tokens.dtype === 'int32' && tokens.rank === 2) return;
  throw new TypeError(`${op}: ${name} must be int32 [B, T], got ${kindOf(tokens)}`);
}

/** Checks what is read: int32 `[B, S]`, and a key or none. */
export function expectSource(source: Tensor, options: { key?: Key | undefined }): void {
  expectNames('read', options, { key: 0 });
  if (options.key !== undefined) expectKey('read', options.key);
  expectTokens('read', 'source', source);
}

/** bool `[B, T]`: true where a token is not `pad`. */
export function tokenMask(tokens: Tensor, pad: number): Tensor {
  return not(equal(tokens, pad));
}

/** What a decoder is fed to predict `target` `[B, T]`: the target one step later, `start` first. */
export function shiftRight(target: Tensor, start: number): Tensor {
  const [batch = 0, length = 0] = target.shape;
  if (length === 0) return target;
  return concat([full([batch, 1], start, 'int32'), slice(target, 1, 0, length - 1)], 1);
}
