import { ctcAlignment, ctcLoss, ctcPaths, ctcPosterior } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import { pathsOf } from '../collapse.ts';
import { type Plain, range, total } from '../plain.ts';
import type { OpRow } from '../row.ts';

const [FRAMES, CLASSES] = [4, 3];
const logits = { shape: [2, FRAMES, CLASSES] };
const targets = [[1, 1], [2]];
const target = () => tensor(Int32Array.of(1, 1, 2, 0), { shape: [2, 2] }); // 0 is the blank, and fills
const mask = () => tensor([Array(FRAMES).fill(true), [true, true, true, false]]);
const times = (masked: boolean) => [FRAMES, masked ? 3 : FRAMES];

/** The probabilities of the classes at each frame of an example. */
function sharesOf({ values }: Plain, b: number, frames: number): number[][] {
  return range(frames).map((t) => {
    const row = range(CLASSES).map((c) => Math.exp(values[(b * FRAMES + t) * CLASSES + c] as number));
    return row.map((e) => e / total(row));
  });
}

const losses = (x: Plain, masked = false) =>
  targets.map((labels, b) => -Math.log(total([...pathsOf(sharesOf(x, b, times(masked)[b] as number), labels, 0)].map(([, p]) => p))));

/** The probability that a frame belongs to a label: the label that the path has come to. */
function heard(x: Plain): number[] {
  return targets.flatMap((labels, b) => {
    const paths = [...pathsOf(sharesOf(x, b, FRAMES), labels, 0)];
    const whole = total(paths.map(([, p]) => p));
    const labelAt = (path: readonly number[], t: number) => {
      const starts = range(t + 1).filter((s) => path[s] !== 0 && path[s] !== path[s - 1]);
      return path[t] === 0 ? -1 : starts.length - 1;
    };
    return range(2).flatMap((l) => range(FRAMES).map((t) => total(paths.map(([path, p]) => (labelAt(path, t) === l ? p / whole : 0)))));
  });
}

const one = (value: number): Plain => ({ shape: [], values: [value] });

// Two examples of three frames and three states: blank, label, blank; the second has the first state only, and two frames.
const states = { shape: [2, 3, 3] };
const skip = () =>
  tensor([
    [false, false, true],
    [false, false, false],
  ]);
const counts = (...values: number[]) => tensor(Int32Array.from(values));

/** Each way through the states of example 0 (it may skip from 0 to 2), with its probability; example 1 stays in state 0. */
function ways({ values }: Plain): { path: number[]; p: number }[] {
  const at = (t: number, s: number) => Math.exp(values[3 * t + s] as number);
  const found: { path: number[]; p: number }[] = [];
  for (const a of [0, 1])
    for (const b of [a, a + 1, ...(a === 0 ? [2] : [])])
      for (const c of [b, b + 1, ...(b === 0 ? [2] : [])])
        if (c === 1 || c === 2) found.push({ path: [a, b, c], p: at(0, a) * at(1, b) * at(2, c) });
  return found;
}

export const aligned: OpRow[] = [
  {
    op: 'ctcLoss',
    f: (x) => ctcLoss(x, target()),
    inputs: [logits],
    value: (x) => one(((losses(x)[0] as number) / 2 + (losses(x)[1] as number)) / 2),
  },
  {
    op: 'ctcLoss',
    name: 'of real frames',
    f: (x) => ctcLoss(x, target(), { mask: mask(), reduction: 'none' }),
    inputs: [logits],
    value: (x) => ({ shape: [2], values: losses(x, true) }),
  },
  {
    op: 'ctcLoss',
    name: 'another blank',
    f: (x) => ctcLoss(x, tensor(Int32Array.of(1, 0), { shape: [1, 2] }), { blank: 2, reduction: 'sum' }),
    inputs: [{ shape: [1, FRAMES, CLASSES] }],
    value: (x) => one(-Math.log(total([...pathsOf(sharesOf(x, 0, FRAMES), [1, 0], 2)].map(([, p]) => p)))),
  },
  {
    op: 'ctcAlignment',
    f: (x) => ctcAlignment(x, target()),
    inputs: [logits],
    value: (x) => ({ shape: [2, 2, FRAMES], values: heard(x) }),
    differentiable: false,
  },
  {
    op: 'ctcPaths',
    f: (x) => ctcPaths(x, skip(), counts(3, 2), counts(3, 1)),
    inputs: [states],
    value: (x) => ({
      shape: [2],
      values: [-Math.log(total(ways(x).map(({ p }) => p))), -(x.values[9] as number) - (x.values[12] as number)],
    }),
  },
  {
    op: 'ctcPosterior',
    f: (x) => ctcPosterior(x, skip(), counts(3, 2), counts(3, 1)),
    inputs: [states],
    value: (x) => {
      const whole = total(ways(x).map(({ p }) => p));
      const first = range(9).map((i) => total(ways(x).map(({ path, p }) => (path[Math.floor(i / 3)] === i % 3 ? p / whole : 0))));
      return { shape: states.shape, values: [...first, 1, 0, 0, 1, 0, 0, 0, 0, 0] };
    },
    differentiable: false,
  },
];
