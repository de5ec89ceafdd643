import { shown } from '../tensor/check.ts';

/** Columns of numbers by name, a row a time, the oldest first. `null` and NaN are missing values. */
export type Columns = Readonly<Record<string, ArrayLike<number | null>>>;

/** Columns as they are read: row by row, missing values filled with the one before (at the beginning with the first there is). */
export interface ReadColumns {
  readonly names: readonly string[];
  readonly rows: number;
  /** `[rows, I]`. */
  readonly filled: Float64Array;
  /** `[rows, I]`: whether a value was there. */
  readonly observed: Uint8Array;
}

/** Checks columns and reads those of these names, by default all. */
export function readColumns(op: string, columns: Columns, names: readonly string[] = Object.keys(Object(columns))): ReadColumns {
  if (typeof columns !== 'object' || names.length === 0)
    throw new TypeError(`${op}: columns must be lists of numbers by name, got ${shown(columns)}`);
  const rows = columns[names[0] as string]?.length ?? 0;
  const count = names.length;
  const read = { names, rows, filled: new Float64Array(rows * count), observed: new Uint8Array(rows * count) };
  names.forEach((name, c) => {
    const column = columns[name];
    if (column?.length === undefined) throw new TypeError(`${op}: column ${name} must be a list of numbers, got ${shown(column)}`);
    if (column.length !== rows)
      throw new RangeError(`${op}: column ${name} must have ${rows} rows as ${names[0]} has, got ${column.length}`);
    for (let row = 0; row < rows; row++) {
      const value: unknown = column[row];
      if (value === null || Number.isNaN(value)) continue;
      if (!Number.isFinite(value))
        throw new RangeError(`${op}: row ${row} of column ${name} must be a finite number, null or NaN, got ${shown(value)}`);
      read.observed[row * count + c] = 1;
      read.filled[row * count + c] = value as number;
    }
    if (!fill(read, c)) throw new RangeError(`${op}: column ${name} must have a value, got none in ${rows} rows`);
  });
  return read;
}

/** Fills what a column lacks; false if it has nothing. */
function fill({ rows, names, filled, observed }: ReadColumns, c: number): boolean {
  const places = Array.from({ length: rows }, (_, row) => row * names.length + c);
  const first = places.find((at) => observed[at]);
  let last = first === undefined ? 0 : (filled[first] as number);
  for (const at of places) {
    if (observed[at]) last = filled[at] as number;
    else filled[at] = last;
  }
  return first !== undefined;
}

/** The deviation of each column's observed values among the first `rows`, in float64. */
export function deviationsOf({ names, filled, observed }: ReadColumns, rows: number): number[] {
  return names.map((_, c) => {
    const values = Array.from({ length: rows }, (__, row) => row * names.length + c).flatMap((at) => (observed[at] ? [filled[at] as number] : [])); // biome-ignore format: one list
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
  });
}

/** Rows that are looked at, and the longest season that is looked for. */
const [LOOK, LONGEST] = [3000, 400];

/**
 * After how many rows things come again: the lag at which the changes from row to row agree most with themselves, on the mean over the columns; of lags that
 * agree nearly as well (nine tenths) the shortest. 1 if they agree by less than 0.2.
 */
export function seasonOf({ names, rows, filled }: ReadColumns): number {
  const from = Math.max(0, rows - LOOK);
  const changes = names.map((_, c) => {
    const all = Array.from({ length: rows - from - 1 }, (__, i) => (filled[(from + i + 1) * names.length + c] as number) - (filled[(from + i) * names.length + c] as number)); // biome-ignore format: one list
    const mean = all.reduce((sum, x) => sum + x, 0) / all.length;
    return all.map((x) => x - mean);
  });
  const agreement = (lag: number) =>
    changes.reduce((sum, all) => {
      let [product, square] = [0, 0];
      for (let i = 0; i < all.length; i++) square += (all[i] as number) ** 2;
      for (let i = lag; i < all.length; i++) product += (all[i] as number) * (all[i - lag] as number);
      return sum + (square > 0 ? product / square : 0);
    }, 0) / names.length; // biome-ignore format: a sum
  const lags = Array.from({ length: Math.min(LONGEST, Math.floor((rows - from) / 3)) }, (_, lag) => (lag < 2 ? 0 : agreement(lag)));
  const most = lags.reduce((a, b) => Math.max(a, b), 0);
  const peak = (lag: number) => (lags[lag] as number) >= (lags[lag - 1] ?? 0) && (lags[lag] as number) >= (lags[lag + 1] ?? 0);
  return most < 0.2 ? 1 : lags.findIndex((value, lag) => lag > 1 && value >= 0.9 * most && peak(lag));
}
