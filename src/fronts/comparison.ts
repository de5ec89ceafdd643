// Forecasts beside those that need no learning.

/** What forecasts are compared with: the last value, the value a season before, a linear map of the past. */
export type Baseline = 'naive' | 'seasonal' | 'linear';

/** Mean absolute errors of the median in the column's units, of the model and beside it; and how often values lie within the outer quantiles. */
export interface ColumnErrors extends Record<Baseline | 'model', number> {
  /** Share of the values within the lowest and the highest quantile: for 0.1 and 0.9 it should be 0.8. */
  readonly coverage: number;
}

/** How well rows are forecast that were not learnt from. */
export interface ForecastEvaluation {
  /** How many windows of the past. */
  readonly windows: number;
  /** The mean over the columns of the errors over the column's deviation. */
  readonly errors: Readonly<Record<Baseline | 'model', number>>;
  /** The least of these: where it is not the model, that is what to use. */
  readonly winner: Baseline | 'model';
  /** Each column by name. */
  readonly columns: Readonly<Record<string, ColumnErrors>>;
}

/** One value with what was said of it. */
export interface Guess extends Record<Baseline | 'model', number> {
  truth: number;
  low: number;
  high: number;
}

const ways = ['model', 'naive', 'seasonal', 'linear'] as const;

/** Sums up what was said of each column's values. */
export class Errors {
  private readonly sums: { count: number; within: number; off: Record<Baseline | 'model', number> }[];
  private readonly names: readonly string[];

  constructor(names: readonly string[]) {
    this.names = names;
    this.sums = names.map(() => ({ count: 0, within: 0, off: { model: 0, naive: 0, seasonal: 0, linear: 0 } }));
  }

  add(column: number, guess: Guess): void {
    const sum = this.sums[column] as (typeof this.sums)[number];
    sum.count++;
    if (guess.truth >= guess.low && guess.truth <= guess.high) sum.within++;
    for (const way of ways) sum.off[way] += Math.abs(guess[way] - guess.truth);
  }

  /** The evaluation of this many windows; `scale` are the columns' deviations. */
  over(windows: number, scale: readonly number[]): ForecastEvaluation {
    const columns = this.sums.map(({ count, within, off }) => {
      const mean = (way: (typeof ways)[number]) => (count === 0 ? 0 : off[way] / count);
      const [model, naive, seasonal, linear] = ways.map(mean) as [number, number, number, number];
      return { model, naive, seasonal, linear, coverage: count === 0 ? 0 : within / count };
    });
    const errorOf = (way: (typeof ways)[number]) =>
      columns.reduce((sum, of, c) => sum + of[way] / (scale[c] as number), 0) / columns.length;
    const [model, naive, seasonal, linear] = ways.map(errorOf) as [number, number, number, number];
    const errors = { model, naive, seasonal, linear };
    const winner = ways.reduce((best, way) => (errors[way] < errors[best] ? way : best));
    return { windows, errors, winner, columns: Object.fromEntries(this.names.map((name, c) => [name, columns[c] as ColumnErrors])) };
  }
}
