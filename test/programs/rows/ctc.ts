// Connectionist temporal classification, by its recursions over probabilities.
import type { Draw, Row } from '../draw.ts';
import * as n from '../interpreter.ts';
import { get, make } from '../plain.ts';
import type { Slot } from '../program.ts';
import { softmaxOf } from './along.ts';
import { reduced } from './attention.ts';

const range = (length: number) => Array.from({ length }, (_, k) => k);

/** The probability p of state s at frame t, for a number of frames and states; `skip` says which may follow the last but one. */
interface Chain {
  frames: number;
  states: number;
  p: (t: number, s: number) => n.Node;
  skip: (s: number) => boolean;
}

const there = (xs: readonly (n.Node | undefined)[]) => n.sum(xs.filter((x) => x !== undefined));

/** Of the paths that start at the first frame and are in s at t, or of their rests that end at the last. */
function sums({ frames, states, p, skip }: Chain): { alpha: n.Node[][]; beta: n.Node[][]; whole: n.Node } {
  const alpha = [range(states).map((s) => (s < 2 ? p(0, s) : n.zero))];
  for (const t of range(frames).slice(1)) {
    const before = alpha[t - 1] as n.Node[];
    alpha.push(range(states).map((s) => n.mul(p(t, s), there([before[s], before[s - 1], skip(s) ? before[s - 2] : undefined]))));
  }
  const beta: n.Node[][] = [range(states).map((s) => (s >= states - 2 ? n.one : n.zero))];
  for (const t of range(frames - 1).toReversed()) {
    const behind = (beta[0] as n.Node[]).map((b, s) => n.mul(b, p(t + 1, s)));
    beta.unshift(range(states).map((s) => there([behind[s], behind[s + 1], skip(s + 2) ? behind[s + 2] : undefined])));
  }
  return { alpha, beta, whole: n.sum((alpha.at(-1) as n.Node[]).slice(-2)) };
}

const shares = (chain: Chain) => {
  const { alpha, beta, whole } = sums(chain);
  return (t: number, s: number) => n.div(n.mul(alpha[t]?.[s] as n.Node, beta[t]?.[s] as n.Node), whole);
};

/** Logits, a target of one or two labels of each row, and the chain of each row. */
function spoken(d: Draw) {
  const x = d.float(
    (slot) => slot.shape.length === 3 && !slot.shape.includes(0) && (slot.shape[2] as number) > 1,
    () => [1 + d.int(2), 2 + d.int(3), 2 + d.int(3)],
  );
  const [batch, frames, width] = x.shape as [number, number, number];
  const [blank, most] = [d.int(width), frames > 2 ? 1 + d.int(2) : 1];
  const labels = range(batch).map(() => range(most).map(() => (blank + 1 + d.int(width - 1)) % width));
  const target = d.leaf([batch, most], labels.flat(), 'int32');
  const chain = (b: number): Chain => {
    const of = labels[b] as readonly number[];
    const states = range(2 * most + 1).map((s) => (s % 2 ? (of[(s - 1) / 2] as number) : blank));
    const p = range(frames).map((t) => softmaxOf(range(width).map((c) => get(x, [b, t, c]))));
    return {
      frames,
      states: states.length,
      p: (t, s) => p[t]?.[states[s] as number] as n.Node,
      skip: (s) => s % 2 === 1 && s > 1 && states[s] !== states[s - 2],
    };
  };
  return { x, target, blank, batch, most, frames, chain };
}

const ctcLoss: Row = {
  op: 'ctcLoss',
  draw: (d) => {
    const { x, target, blank, batch, most, chain } = spoken(d);
    const losses = make([batch], ([b = 0]) => n.neg(n.log(sums(chain(b)).whole)));
    const { result, reduction } = reduced(d, losses, batch * most); // the mean divides each loss by its labels first
    d.call('ctcLoss', [x, target, { blank, ...reduction }], result);
  },
};

const ctcAlignment: Row = {
  op: 'ctcAlignment',
  draw: (d) => {
    const { x, target, blank, batch, most, frames, chain } = spoken(d);
    const heard = range(batch).map((b) => shares(chain(b)));
    const result = make([batch, most, frames], ([b = 0, l = 0, t = 0]) => n.cut((heard[b] as ReturnType<typeof shares>)(t, 2 * l + 1)));
    d.call('ctcAlignment', [x, target, { blank }], result, { needs: false });
  },
};

/** Log-probabilities of states, and which may be skipped to: all frames and states are real. */
function stated(d: Draw) {
  const x = d.float(
    (slot) => slot.shape.length === 3 && !slot.shape.includes(0) && (slot.shape[2] as number) <= (slot.shape[1] as number),
    () => [1 + d.int(2), 3 + d.int(2), 1 + d.int(3)],
  );
  const [batch, frames, states] = x.shape as [number, number, number];
  d.need(states <= frames); // otherwise no path may be left
  const jumps = range(batch * states).map(() => d.int(2));
  const rest: Slot[] = [
    d.leaf([batch, states], jumps, 'bool'),
    d.leaf([batch], range(batch).fill(frames), 'int32'),
    d.leaf([batch], range(batch).fill(states), 'int32'),
  ];
  const chain = (b: number): Chain => ({
    frames,
    states,
    p: (t, s) => n.exp(get(x, [b, t, s])),
    skip: (s) => s > 1 && s < states && jumps[b * states + s] === 1,
  });
  return { x, rest, batch, chain };
}

const ctcPaths: Row = {
  op: 'ctcPaths',
  draw: (d) => {
    const { x, rest, batch, chain } = stated(d);
    d.call(
      'ctcPaths',
      [x, ...rest],
      make([batch], ([b = 0]) => n.neg(n.log(sums(chain(b)).whole))),
    );
  },
};

const ctcPosterior: Row = {
  op: 'ctcPosterior',
  draw: (d) => {
    const { x, rest, batch, chain } = stated(d);
    const of = range(batch).map((b) => shares(chain(b)));
    const result = make(x.shape, ([b = 0, t = 0, s = 0]) => n.cut((of[b] as ReturnType<typeof shares>)(t, s)));
    d.call('ctcPosterior', [x, ...rest], result, { needs: false });
  },
};

export const aligning: Row[] = [ctcAlignment, ctcLoss, ctcPaths, ctcPosterior];
