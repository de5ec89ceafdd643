/** A point of the curve. */
export interface Point {
  step: number;
  loss: number;
}

/** How far a model has come. */
export interface Progress extends Point {
  steps: number;
  /** Share of wrong sounds, when last measured. */
  rate: number | null;
}

/** What the page asks of the teacher. */
export type Request =
  | { kind: 'say'; word: string }
  | { kind: 'train' | 'pause' | 'forget' | 'file' }
  | { kind: 'load'; bytes: ArrayBuffer };

/** What the teacher tells. */
export type Report =
  /** What there is to ask: `kept` is a lesson of an earlier visit. */
  | { kind: 'ready'; taught: boolean; kept: (Progress & { points: Point[] }) | null }
  | { kind: 'spoken'; word: string; phones: string[]; weights: number[][] | null }
  | ({ kind: 'progress'; speed: number } & Progress)
  | { kind: 'paused'; ended: boolean }
  | { kind: 'file'; bytes: Uint8Array<ArrayBuffer> }
  | { kind: 'failed'; message: string };

/** A curve with one more point; every second one goes, once there are many: it keeps its shape, and its page the memory. */
export function withPoint(points: readonly Point[], point: Point): Point[] {
  const all = [...points, { step: point.step, loss: point.loss }];
  return all.length > 600 ? all.filter((_, i) => i % 2 === 1) : all;
}
