// What goes into a forecaster and comes out of it.

import { isList, isSize, maybe, type Rules, ruleOf } from '../tensor/check.ts';
import type { ForecastEvaluation } from './comparison.ts';
import { type FrontReport, isReport, teachingRules } from './front.ts';
import type { TeachingOptions } from './teaching.ts';

/** How `Forecaster.fit` learns. */
export interface ForecasterOptions extends TeachingOptions {
  /** Rows to forecast. */
  horizon: number;
  /** Rows of the past that are read. Default: two seasons, or twice the horizon if that is more, at least 8. */
  window?: number | undefined;
  /** After how many rows things come again, such as 24 of hours; 1 for never. Default: found in the rows. */
  season?: number | undefined;
  /** What to forecast of each value, ascending, with 0.5 among them. Default 0.1, 0.5, 0.9. */
  quantiles?: readonly number[] | undefined;
  /** Width of the model. Default: 32 below 5,000 windows, 64 below 50,000, else 128. */
  width?: number | undefined;
}

/** What one column is going to be. */
export interface ColumnForecast {
  /** Of each row to come: as likely too low as too high. */
  readonly median: readonly number[];
  /** Of each row to come each quantile, ascending. */
  readonly quantiles: readonly (readonly number[])[];
  /** What a linear map of the past says. */
  readonly linear: readonly number[];
}

/** What the columns are going to be. */
export interface Forecast {
  /** Each column by name. */
  readonly columns: Readonly<Record<string, ColumnForecast>>;
  /** Of each row to come, how much it looked at each row of the past, the oldest first: 1 in all. */
  readonly weights: readonly (readonly number[])[];
}

/** What a forecaster is made of beside its model. */
export interface ForecasterSettings {
  /** The columns, in the order of the model's last axis. */
  readonly names: readonly string[];
  /** T, rows that it forecasts. */
  readonly horizon: number;
  /** S, rows of the past that it reads. */
  readonly window: number;
  /** Rows after which things come again; 1 for never. */
  readonly season: number;
  /** Ascending, with 0.5 among them. */
  readonly quantiles: readonly number[];
  /** D, the width of the LSTMs. */
  readonly width: number;
  /** The last rows that it knows, of each column. */
  readonly tail: Record<string, (number | null)[]>;
  /** How it did on the held-out rows, beside forecasts that need no learning. */
  readonly comparison: ForecastEvaluation;
  /** How the last `fit` or `update` went. */
  readonly report: FrontReport;
}

const areQuantiles = /* @__PURE__ */ ruleOf(
  'ascending numbers between 0 and 1 with 0.5 among them',
  (value) => Array.isArray(value) && value.includes(0.5) && value.every((q, i) => q > (i > 0 ? value[i - 1] : 0) && q < 1),
);

const isObject = /* @__PURE__ */ ruleOf('an object', (value) => typeof value === 'object' && value !== null);

/** The rules of these options. */
export const fitting: Rules<ForecasterOptions> = {
  ...teachingRules,
  horizon: isSize,
  window: /* @__PURE__ */ maybe(isSize),
  season: /* @__PURE__ */ maybe(isSize),
  quantiles: /* @__PURE__ */ maybe(areQuantiles),
  width: /* @__PURE__ */ maybe(isSize),
};

/** The rules of these settings in a file. */
export const settingsRules: Rules<ForecasterSettings> = {
  ...{ names: isList, horizon: isSize, window: isSize, season: isSize, quantiles: areQuantiles, width: isSize },
  ...{ tail: isObject, comparison: isObject, report: isReport },
};
