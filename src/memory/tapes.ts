// Tapes with heads that stand on one cell and move by a step (Zaremba and Sutskever 2015, "Reinforcement learning neural Turing machines").

import { add, and, greaterEqual, less, matmul, oneHot, stack, sub, where } from '../ops/index.ts';
import { expectIndices } from '../ops/indices.ts';
import { expectOptions, expectSizes, isCount, isFlag, maybe, type Rules } from '../tensor/check.ts';
import { sameShape, show } from '../tensor/shape.ts';
import { expectDType, type Tensor } from '../tensor/tensor.ts';

/** Options of {@link tapeView}. */
export interface TapeViewOptions {
  /** How many cells are in view on either side of the head. Default 0. */
  reach?: number | undefined;
  /** Whether the last cell is next to the first. Default false: nothing is seen beyond the ends. */
  circular?: boolean | undefined;
}

const viewOptions: Rules<TapeViewOptions> = { reach: /* @__PURE__ */ maybe(isCount), circular: /* @__PURE__ */ maybe(isFlag) };

/** Checks where heads stand, int32 `[B]`. */
function expectPlaces(op: string, places: Tensor): void {
  expectDType(op, 'places', places, 'int32');
  if (places.rank !== 1) throw new RangeError(`${op}: places must be int32 [B], got ${show(places.shape)}`);
}

/**
 * The cells that heads at `places` (int32 `[B]`) see on a tape of `cells`, as weights `[B, 2 reach + 1, cells]` for {@link readTape} and for `writeMemory`: row k is 1
 * at the cell `place + k − reach`, and 0 everywhere beyond an end.
 */
export function tapeView(places: Tensor, cells: number, options: TapeViewOptions = {}): Tensor {
  expectPlaces('tapeView', places);
  expectSizes('tapeView', { cells });
  expectOptions('tapeView', options, viewOptions);
  const { reach = 0, circular = false } = options;
  if (circular) expectIndices('tapeView', places, 0, cells, 'places');
  const cell = (k: number) => {
    const by = k - reach;
    if (circular) return wrapped(add(places, by % cells), cells);
    const at = add(places, by);
    return where(and(greaterEqual(at, 0), less(at, cells)), at, -1);
  };
  return stack(
    Array.from({ length: 2 * reach + 1 }, (_, k) => oneHot(cell(k), cells)),
    1,
  );
}

/** Places up to one round off, within a circle of cells. */
function wrapped(places: Tensor, cells: number): Tensor {
  const up = where(less(places, 0), add(places, cells), places);
  return where(less(up, cells), up, sub(up, cells));
}

/** What stands on the cells in view: a tape `[B, N, W]` and a {@link tapeView} `[B, view, N]` → `[B, view, W]`. */
export function readTape(tape: Tensor, view: Tensor): Tensor {
  expectDType('readTape', 'tape', tape, 'float32');
  expectDType('readTape', 'view', view, 'float32');
  const [batch, cells] = tape.shape;
  if (tape.rank !== 3 || view.rank !== 3 || view.shape[0] !== batch || view.shape[2] !== cells) {
    const wanted = `[${batch}, view, ${cells}]`;
    throw new RangeError(`readTape: tape must be [B, N, W] and view ${wanted}, got ${show(tape.shape)} and ${show(view.shape)}`);
  }
  return matmul(view, tape);
}

/**
 * Where heads at `places` (int32 `[B]`) stand after `moves` (int32 `[B]`, −1, 0 or +1). On a circle of `cells` they go round; otherwise nothing keeps them on the tape
 * but the mask under which moves are chosen.
 */
export function moveHeads(places: Tensor, moves: Tensor, cells?: number): Tensor {
  expectPlaces('moveHeads', places);
  expectDType('moveHeads', 'moves', moves, 'int32');
  if (!sameShape(moves.shape, places.shape))
    throw new RangeError(`moveHeads: moves must be ${show(places.shape)}, got ${show(moves.shape)}`);
  expectIndices('moveHeads', moves, -1, 2, 'moves');
  const after = add(places, moves);
  if (cells === undefined) return after;
  expectSizes('moveHeads', { cells });
  expectIndices('moveHeads', places, 0, cells, 'places');
  return wrapped(after, cells);
}
