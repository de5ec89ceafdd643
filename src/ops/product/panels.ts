// Right operands packed into panels, in the order in which the tile of the product kernels reads them.

import { kernels } from '../../runtime/backend.ts';
import type { Storage } from '../../runtime/storage.ts';
import { outside } from '../../tensor/scope.ts';
import { empty, type Tensor } from '../../tensor/tensor.ts';
import { dense, type Matrix } from './matrix.ts';

/** A right operand [k, n] in panels. */
export function rightPanels(x: Matrix, k: number, n: number): Tensor {
  const panels = empty([Math.ceil(n / 8) * 8, k]);
  kernels.packColumns(panels.ptr, x.ptr, k, n, x.row, x.column);
  return panels;
}

/** The state of a weight as a right operand [k, n], in one orientation. */
interface Kept {
  readonly offset: number;
  readonly k: number;
  readonly n: number;
  readonly transposed: boolean;
  version: number;
  /** Products since the last change. */
  uses: number;
  /** Packed at the second use between two changes, and repacked after a change. */
  panels: Tensor | null;
}

/** The smallest weight, in elements, that is worth the memory of its panels. */
const LARGE = 4096;

const kept = new WeakMap<Storage, Kept[]>();

/** Found by comparing numbers, since a name to look up would have to be made at every product. */
function entryOf(storage: Storage, offset: number, k: number, n: number, transposed: boolean): Kept {
  const all = kept.get(storage) ?? [];
  for (const entry of all) {
    if (entry.offset === offset && entry.k === k && entry.n === n && entry.transposed === transposed) return entry;
  }
  const made: Kept = { offset, k, n, transposed, version: storage.version, uses: 0, panels: null };
  all.push(made);
  kept.set(storage, all);
  return made;
}

/**
 * The panels of a large parameter [k, n] (`transposed`: [n, k]) that is multiplied more than once between changes, as decoders do at every
 * step; `null` for any other tensor. They live as long as the parameter.
 */
export function panelsOf(weight: Tensor, transposed: boolean): Tensor | null {
  const { storage } = weight;
  if (!weight.leaf || weight.size < LARGE || storage.scoped) return null;
  const rows = weight.shape[0] as number;
  const columns = weight.shape[1] as number;
  const k = transposed ? columns : rows;
  const n = transposed ? rows : columns;
  const entry = entryOf(storage, weight.offset, k, n, transposed);
  void weight.ptr; // throws if it has changed, even where another op's panels are up to date
  const changed = entry.version !== storage.version;
  entry.version = storage.version;
  entry.uses = changed ? 1 : entry.uses + 1;
  if (!entry.panels && entry.uses < 2) return null;
  if (entry.panels && !changed) return entry.panels;
  entry.panels ??= outside(() => empty([Math.ceil(n / 8) * 8, k]));
  const { ptr, row, column } = dense(weight.ptr, columns, transposed);
  kernels.packColumns(entry.panels.ptr, ptr, k, n, row, column);
  return entry.panels;
}
