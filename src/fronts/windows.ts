import { full } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ReadColumns } from './columns.ts';

/**
 * Windows side by side: the past `[B, S, I]` and which of it was observed, and the future `[B, T, I]` with the same. Values are differences from the last row of
 * the past, taken in float64: a column near 10⁹ that moves by 1 would not move at all in float32.
 */
export interface Windows {
  /** The last row of each past, `[B, I]`, in the column's units. */
  readonly last: Float64Array;
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
    last: new Float64Array(starts.length * channels),
    past: full(shape(window), 0),
    seen: full(shape(window), false, 'bool'),
    future: full(shape(horizon), 0),
    known: full(shape(horizon), false, 'bool'),
  };
  const views = { past: made.past.view(), seen: made.seen.view(), future: made.future.view(), known: made.known.view() };
  starts.forEach((start, b) => {
    const [from, cut, to] = [start, start + window, start + window + horizon].map((row) => row * channels) as [number, number, number];
    const last = filled.subarray(cut - channels, cut);
    const since = (some: Float64Array) => some.map((value, at) => value - (last[at % channels] as number));
    made.last.set(last, b * channels);
    views.past.set(since(filled.subarray(from, cut)), b * window * channels);
    views.seen.set(observed.subarray(from, cut), b * window * channels);
    views.future.set(since(filled.subarray(cut, to)), b * horizon * channels);
    views.known.set(observed.subarray(cut, to), b * horizon * channels);
  });
  return made;
}
