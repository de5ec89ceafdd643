// What the parts of a mechanism give back, checked where it is used: anybody may have written them.

import { expectFields, expectNames, type Names, shown } from '../tensor/check.ts';
import { type Shape, show } from '../tensor/shape.ts';
import { expectTensor, kindOf, Tensor } from '../tensor/tensor.ts';
import type { Context, Places, Prepared, Selected, Selection, Window, Windowed } from './parts.ts';

const windowed: Names<Windowed> = { scores: 1, mask: 1, factor: 1 };

const placed: Names<Places> = { mask: 1, bias: 1, before: 1, after: 1, slopes: 1, distance: 1 };

const pairs = ['mask', 'bias'] as const;

/** Checks what a window or a selection is called with. */
export function expectScores(op: string, scores: Tensor, context: Context): void {
  expectTensor(op, 'scores', scores);
  expectThree(op, { scores });
  expectFields(op, 'context', context);
}

/** Checks a source that steps are taken with. */
export function expectPrepared(op: string, prepared: Prepared): void {
  const { keys, values }: Partial<Prepared> = prepared ?? {};
  if (keys instanceof Tensor && values instanceof Tensor) return;
  throw new TypeError(`${op}: prepared must be made by prepare(), got ${kindOf(prepared)}`);
}

/** A value in words, a tensor by its shape. */
const toldOne = (value: unknown) => shown(Object(value).shape ?? value);

/** Whether it is `[1 or B, 1 or T, S]` for scores `[B, T, S]`. */
const isInPairs = ([b, t, s, more]: Shape, [batch, queries, keys]: Shape) =>
  s === keys && (b === 1 || b === batch) && (t === 1 || t === queries) && more === undefined;

/** Without the axis of heads `[1 or B, 1 or H, 1 or T, S]`. */
const ofOneHead = (shape: Shape, heads: number) =>
  shape.length === 4 && (shape[1] === 1 || shape[1] === heads) ? shape.toSpliced(1, 1) : shape;

/** The places of a window, for scores `[B, T, S]` of one of `heads` heads. */
export function placesBy(window: Pick<Window, 'places'>, ...given: Parameters<NonNullable<Window['places']>>): Places {
  const found = window.places ? window.places(...given) : {};
  const [scores, , heads] = given;
  if (found instanceof Tensor)
    throw new TypeError(`positional: places must be an object with mask or bias, got a tensor ${show(found.shape)}`);
  expectNames('positional', found, placed, 'places');
  for (const name of pairs) {
    const x = found[name];
    if (x === undefined || (x instanceof Tensor && isInPairs(ofOneHead(x.shape, heads), scores))) continue;
    throw new RangeError(`positional: ${name} must be [1 or B, 1 or T, S], got ${toldOne(x)} for scores ${show(scores)}`);
  }
  return found;
}

function expectThree(op: string, tensors: Record<string, Tensor | undefined>): void {
  for (const [name, x] of Object.entries(tensors))
    if (x?.rank !== 3) throw new TypeError(`${op}: ${name} must be [B, T, S], got ${shown(x?.shape)}`);
}

/** What a window makes of scores `[B, T, S]`. */
export function limitedBy(window: Window, scores: Tensor, context: Context): Windowed {
  const found = window.limit(scores, context);
  expectNames('window', found, windowed, 'limit');
  const { scores: all, mask = all, factor = all } = found;
  expectThree('window', { scores: all, mask, factor });
  return found;
}

/** What a selection selects from scores `[B, T, S]`. */
export function selectedFrom(selection: Selection, scores: Tensor, context: Context): Selected {
  const found = selection.select(scores, context);
  expectThree('selection', { weights: found?.weights });
  return found;
}
