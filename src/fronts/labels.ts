// What fronts of labels are asked and answer.

import type { Calibration, ClassScores } from '../metrics/classification.ts';
import { isFlag, isPositive, maybe, type Rules, ruleOf, shown } from '../tensor/check.ts';
import { type FrontReport, isReport, teachingRules } from './front.ts';
import type { TeachingOptions } from './teaching.ts';

/** How `fit` teaches a front of labels. */
export interface LabelOptions extends TeachingOptions {
  /** Whether rare labels count as much as common ones while it learns. Default false: each row counts alike. */
  balanced?: boolean | undefined;
}

/** How `update` goes on. */
export interface UpdateOptions<Row> extends TeachingOptions {
  /** Rows from before that are learnt again with the new ones, so that they are not forgotten. Default none. */
  replay?: readonly Row[] | undefined;
}

/** A label and how sure the front is of it. */
export interface Scored {
  /** As the rows spell it. */
  readonly label: string;
  /** In [0, 1]; all labels together have 1. */
  readonly probability: number;
}

/** How well labels are found on rows. */
export interface Evaluation {
  /** How many rows. */
  readonly rows: number;
  /** The mean of `−ln` of the true label's probability. */
  readonly loss: number;
  /** Share of right labels. */
  readonly accuracy: number;
  /** Mean F1 of the labels that occur. */
  readonly macroF1: number;
  /** Precision, recall and F1 of each label. */
  readonly labels: readonly (ClassScores & { readonly label: string })[];
  /** How often each label (column) was given for each true one (row), in the order of `labels`. */
  readonly confusion: readonly (readonly number[])[];
  /** How well probabilities say how often labels are right. */
  readonly calibration: Calibration;
}

/** What was read of a row, and its label's number. */
export interface Labelled<Read> {
  readonly read: Read;
  readonly label: number;
}

/** What a front of labels is made of beside its reader and model. */
export interface LabelParts {
  /** Sorted by code unit. */
  readonly labels: readonly string[];
  /** 1 / T, by which logits are multiplied before the softmax. */
  readonly sharpness: number;
  /** How the last `fit` or `update` went. */
  readonly report: FrontReport;
}

/** The rules of `update`. */
export const updating: Rules<UpdateOptions<unknown>> = {
  ...teachingRules,
  replay: /* @__PURE__ */ maybe(/* @__PURE__ */ ruleOf('a list of rows', (value) => Array.isArray(value))),
};

/** The rules of these options. */
export const labelRules: Rules<LabelOptions> = { ...teachingRules, balanced: /* @__PURE__ */ maybe(isFlag) };

const areLabels = /* @__PURE__ */ ruleOf(
  'at least two different strings',
  (value) =>
    Array.isArray(value) && value.length > 1 && new Set(value).size === value.length && value.every((label) => typeof label === 'string'),
);

/** The rules of these parts in a file. */
export const labelSettings: Rules<LabelParts> = { labels: areLabels, sharpness: isPositive, report: isReport };

/** The labels of rows, sorted by code unit: at least two. */
export function labelsOf(op: string, rows: readonly { label: string }[]): string[] {
  const labels = [...new Set(rows.map(({ label }) => label))].sort();
  if (labels.length > 1) return labels;
  throw new RangeError(`${op}: rows must have at least two labels, got only ${shown(labels[0])} from row 0 on`);
}

/** Checks a row's label. */
export function expectLabel(op: string, row: unknown, i: number): void {
  const label: unknown = Object(row).label;
  if (typeof label !== 'string' || label === '')
    throw new TypeError(`${op}: row ${i} must have a label that is a string, got ${shown(label)}`);
}
