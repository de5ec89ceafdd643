/** What the page asks of the teacher. */
export type Request = { kind: 'say'; word: string } | { kind: 'train' } | { kind: 'pause' };

/** What the teacher tells. */
export type Report =
  | { kind: 'ready'; taught: boolean }
  | { kind: 'spoken'; word: string; phones: string[]; weights: number[][] | null }
  | { kind: 'strange'; letter: string }
  | { kind: 'progress'; step: number; steps: number; loss: number; speed: number; rate: number | null }
  | { kind: 'paused'; ended: boolean }
  | { kind: 'failed'; message: string };
