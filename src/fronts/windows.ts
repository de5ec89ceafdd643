import { full } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ReadColumns } from './columns.ts';

/** Windows side by side: the past `[B, S, I]` and which of it was observed, and the future `[B, T, I]` with the same. */
export interface Windows {
  readonly past: Tensor;
  readonly seen: Tensor;
  readonly future: Tensor;
  readonly known: Tensor;
}

/** The windows that begin at these rows. */
export function windowsOf({ names, filled, observed }: ReadColumns, starts: readonly number[], window: number, horizon: number): Windows {
  const channels = names.length;
  const shape = (steps: number) => [starts.length, steps, channels];
  const made = {
    past: full(shape(window), 0),
    seen: full(shape(window), false, 'bool'),
    future: full(shape(horizon), 0),
    known: full(shape(horizon), false, 'bool'),
  };
  const views = { past: made.past.view(), seen: made.seen.view(), future: made.future.view(), known: made.known.view() };
  starts.forEach((start, b) => {
    const [from, cut, to] = [start, start + window, start + window + horizon].map((row) => row * channels) as [number, number, number];
    views.past.set(filled.subarray(from, cut), b * window * channels);
    views.seen.set(observed.subarray(from, cut), b * window * channels);
    views.future.set(filled.subarray(cut, to), b * horizon * channels);
    views.known.set(observed.subarray(cut, to), b * horizon * channels);
  });
  return made;
}
