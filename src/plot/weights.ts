import { firstWrong, isList, shown } from '../tensor/check.ts';
import { show } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** Attention weights `[T, S]`, axes of 1 before them allowed: a row for each thing said, a column for each thing looked at. */
export type AlignmentWeights = Tensor | readonly ArrayLike<number>[];

/** What the axes are called. */
export interface AlignmentLabels {
  /** One for each of the T rows: the target. */
  rows: readonly string[];
  /** One for each of the S columns: the source. */
  columns: readonly string[];
}

/** Rows of weights within [0, 1], checked against their labels. */
export function rowsOf(op: string, weights: AlignmentWeights, { rows, columns }: AlignmentLabels): number[][] {
  isList(op, 'rows', rows);
  isList(op, 'columns', columns);
  const lists = weights instanceof Tensor ? unstack(op, weights) : listed(op, weights);
  const uneven = lists.find((row) => row.length !== columns.length);
  if (lists.length !== rows.length || uneven) {
    const got = [lists.length, (uneven ?? columns).length];
    throw new RangeError(`${op}: labels must fit the weights, got ${rows.length} rows and ${columns.length} columns for ${show(got)}`);
  }
  for (const row of lists) {
    // Sums in float32 may end a little above 1.
    const wrong = firstWrong(row, (weight) => weight >= 0 && weight <= 1 + 1e-4);
    if (wrong.length > 0) throw new RangeError(`${op}: weights must be from 0 to 1, got ${shown(wrong[0])}`);
  }
  return lists;
}

function listed(op: string, weights: readonly ArrayLike<number>[]): number[][] {
  isList(op, 'weights', weights);
  return weights.map((row, t) => {
    isList(op, `weights of row ${t}`, row);
    return Array.from(row);
  });
}

function unstack(op: string, x: Tensor): number[][] {
  const [T, S] = x.shape.slice(-2);
  if (T === undefined || S === undefined || x.shape.slice(0, -2).some((n) => n !== 1)) {
    throw new RangeError(`${op}: weights must be [T, S], got ${show(x.shape)}`);
  }
  const values = x.peek();
  return Array.from({ length: T }, (_, t) => Array.from(values.subarray(t * S, (t + 1) * S)));
}
