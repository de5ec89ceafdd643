import { fromInt8 } from '../io/int8.ts';
import { loadTensors } from '../io/tensors.ts';
import type { Module } from '../nn/module.ts';
import { Snapshot } from '../train/snapshot.ts';

/** How weights are written. */
export type Precision = 'float32' | 'float16' | 'bfloat16' | 'int8';

/** How good a front is on rows that are held out. */
export interface Quality {
  /** The loss that learning went by. */
  readonly loss: number;
  /** Share of rows that are just right; absent where rows are numbers. */
  readonly accuracy?: number;
}

/** What a front's file with fewer bits loses. */
export interface SaveReport {
  /** The form of the weights. */
  readonly weights: Precision;
  /** Bytes of the file. */
  readonly bytes: number;
  /** How many rows were asked: those held out by the last `fit` or `update`, at most 500; 0 if it was loaded, and nothing was measured. */
  readonly rows: number;
  /** As the front is; `null` without rows. */
  readonly exact: Quality | null;
  /** As it comes back from the file; `null` without rows. */
  readonly saved: Quality | null;
}

/** Asks a front how good it is. */
export interface Asking {
  readonly rows: number;
  quality(): Quality;
}

/** Rows that are asked at most. */
export const ASKED = 500;

/** What a file loses: the model has its weights for as long as it is asked, and then its own again. */
export function measured(bytes: Uint8Array<ArrayBuffer>, weights: SaveReport['weights'], model: Module, asking: Asking | null): SaveReport {
  const told = { weights, bytes: bytes.length };
  if (!asking) return { ...told, rows: 0, exact: null, saved: null };
  const exact = asking.quality();
  const own = new Snapshot(model);
  try {
    model.loadStateDict(fromInt8(loadTensors(bytes)));
    return { ...told, rows: asking.rows, exact, saved: asking.quality() };
  } finally {
    own.restore();
  }
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** A report as a line. */
export function lineOf(kind: string, { weights, bytes, rows, exact, saved }: SaveReport): string {
  const file = `${kind}.save: ${weights}, ${bytes.toLocaleString('en')} bytes`;
  if (!exact || !saved) return `${file}; what it loses was not measured, since no rows are held out: evaluate what load gives`;
  const right =
    exact.accuracy === undefined || saved.accuracy === undefined
      ? ''
      : `${percent(saved.accuracy)} right, exact ${percent(exact.accuracy)}; `;
  return `${file}; on ${rows} rows held out ${right}loss ${saved.loss.toFixed(4)}, exact ${exact.loss.toFixed(4)}`;
}
