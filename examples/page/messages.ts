/** A point of the curve. */
export interface Point {
  step: number;
  loss: number;
}

/** The progress of a model. */
export interface Progress extends Point {
  steps: number;
  /** Share of wrong sounds at the last measurement. */
  rate: number | null;
}

/** Requests of the page to the teacher. */
export type Request =
  | { kind: 'say'; word: string }
  | { kind: 'train' | 'pause' | 'forget' | 'file' }
  | { kind: 'load'; bytes: ArrayBuffer };

/** Reports of the teacher. */
export type Report =
  /** What can be pronounced; `kept` is a lesson from an earlier visit. */
  | { kind: 'ready'; taught: boolean; kept: (Progress & { points: Point[] }) | null }
  | { kind: 'spoken'; word: string; phones: string[]; weights: number[][] | null }
  | ({ kind: 'progress'; speed: number } & Progress)
  | { kind: 'paused'; ended: boolean }
  | { kind: 'file'; bytes: Uint8Array<ArrayBuffer> }
  | { kind: 'failed'; message: string };

/** Adds a point to a curve. Once there are many points, every second one is dropped, which keeps the shape and bounds the memory. */
export function withPoint(points: readonly Point[], point: Point): Point[] {
  const all = [...points, { step: point.step, loss: point.loss }];
  return all.length > 600 ? all.filter((_, i) => i % 2 === 1) : all;
}
