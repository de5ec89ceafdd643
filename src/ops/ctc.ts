// Connectionist temporal classification: labels learned from longer sequences of frames, with no alignment given.

import { expand } from '../autograd/arithmetic.ts';
import { recompose } from '../autograd/recompose.ts';
import { record, recording } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { withScratch } from '../runtime/room.ts';
import { alignments } from '../runtime/scratch.ts';
import { anything, expectOptions, isOneOf, isWhole, maybe, type Rules } from '../tensor/check.ts';
import { arange, full, tensor } from '../tensor/create.ts';
import { sameShape, show } from '../tensor/shape.ts';
import { elementsOf, empty, expectDType, kindOf, Tensor } from '../tensor/tensor.ts';
import { add, div, mul, neg, sub } from './binary.ts';
import { and, greaterEqual, less, where } from './logic.ts';
import type { Reduction } from './loss.ts';
import { mean, sum } from './reduce.ts';
import { concat, reshape, select, slice, stack, transpose } from './shape.ts';
import { logSoftmax, logSumExp } from './softmax.ts';
import { takeAlongAxis } from './take.ts';

/** Options of {@link ctcLoss} and {@link ctcAlignment}. */
export interface CtcAlignmentOptions {
  /** bool `[B, T]`, true where a frame is real: the first ones of each example. Default: all. */
  mask?: Tensor | undefined;
  /** The class that says nothing; in targets it fills the end of shorter ones. Default 0. */
  blank?: number | undefined;
}

/** Options of {@link ctcLoss}. */
export interface CtcLossOptions extends CtcAlignmentOptions {
  /** How the losses of examples are combined: `mean` divides each by its number of labels first, as PyTorch does. Default `mean`. */
  reduction?: Reduction | undefined;
}

const alignmentRules: Rules<CtcAlignmentOptions> = { mask: anything, blank: /* @__PURE__ */ maybe(/* @__PURE__ */ isWhole(0)) };
const rules: Rules<CtcLossOptions> = { ...alignmentRules, reduction: /* @__PURE__ */ maybe(isOneOf('mean', 'sum', 'none')) };

/** How many elements of each row of `[B, N]` are real; the others must stand behind them. */
function realOf(op: string, name: string, rows: number, values: ArrayLike<number | boolean>, isReal: (value: number | boolean) => boolean) {
  const width = rows ? values.length / rows : 0;
  return Array.from({ length: rows }, (_, b) => {
    let count = 0;
    while (count < width && isReal(values[b * width + count] as number)) count++;
    for (let i = count; i < width; i++)
      if (isReal(values[b * width + i] as number))
        throw new RangeError(`${op}: ${name} must be real at the start of each row, got a gap in row ${b}`);
    return count;
  });
}

/** The states of each example: a blank, a label, a blank, and so on to a last blank, 2 L + 1 in all. */
function statesOf(op: string, logits: Tensor, target: Tensor, { mask, blank = 0 }: CtcAlignmentOptions) {
  expectDType(op, 'logits', logits, 'float32');
  if (logits.rank !== 3) throw new RangeError(`${op}: logits must be [B, T, C], got ${show(logits.shape)}`);
  const [batch, frames, classes] = logits.shape as [number, number, number];
  if (!(target instanceof Tensor && target.dtype === 'int32' && target.rank === 2 && target.shape[0] === batch))
    throw new TypeError(`${op}: target must be int32 [${batch}, L], got ${kindOf(target)}`);
  if (mask !== undefined && !(mask instanceof Tensor && mask.dtype === 'bool' && sameShape(mask.shape, [batch, frames])))
    throw new TypeError(`${op}: mask must be bool [${batch}, ${frames}], got ${kindOf(mask)}`);
  if (blank >= classes) throw new RangeError(`${op}: blank must be below ${classes}, got ${blank}`);
  const labels = elementsOf(target);
  const odd = Array.from(labels).findIndex((label) => !(label >= 0 && label < classes));
  if (odd >= 0) throw new RangeError(`${op}: target must be in [0, ${classes}), got ${labels[odd]} at ${odd}`);
  const lengths = realOf(op, 'target', batch, labels, (label) => label !== blank);
  const times = mask ? realOf(op, 'mask', batch, elementsOf(mask), Boolean) : lengths.map(() => frames);
  const most = target.shape[1] as number;
  const states = 2 * most + 1;
  const classOf = new Int32Array(batch * states).fill(blank);
  const skip = new Array<boolean>(batch * states).fill(false);
  lengths.forEach((length, b) => {
    let needed = Math.max(1, length);
    for (let i = 0; i < length; i++) {
      const [label, before] = [labels[b * most + i] as number, i > 0 ? labels[b * most + i - 1] : undefined];
      classOf[b * states + 2 * i + 1] = label;
      skip[b * states + 2 * i + 1] = i > 0 && label !== before;
      if (label === before) needed++;
    }
    if (needed > (times[b] as number)) throw new RangeError(`${op}: frames must be at least ${needed} in row ${b}, got ${times[b]}`);
  });
  return {
    lengths,
    classOf: tensor(classOf, { shape: [batch, 1, states] }),
    skip: tensor(skip, { shape: [batch, states], dtype: 'bool' }),
    times: tensor(Int32Array.from(times)),
    ends: tensor(Int32Array.from(lengths, (length) => 2 * length + 1)),
  };
}

/** The log-probability of each state's label at each frame `[B, T, N]`. */
const perState = (logits: Tensor, classOf: Tensor) => {
  const [batch = 0, frames = 0] = logits.shape;
  return takeAlongAxis(logSoftmax(logits), expand(classOf, [batch, frames, classOf.shape[2] as number]), { axis: 2 });
};

/**
 * `−ln p(target | logits)`, the sum over every way to spread the labels over the frames, with blanks between (Graves, Fernández, Gomez,
 * Schmidhuber 2006, "Connectionist temporal classification", §3–4). Logits `[B, T, C]`, `target` int32 `[B, L]` of classes other than
 * `blank`, which fills shorter ones. An example needs as many frames as labels, and one more for each label that repeats the one before.
 * Infinite, with gradient 0, if logits of −∞ leave no way. The gradient is that of PyTorch's `ctc_loss` over `log_softmax`.
 */
export function ctcLoss(logits: Tensor, target: Tensor, options: CtcLossOptions = {}): Tensor {
  expectOptions('ctcLoss', options, rules);
  const { classOf, skip, times, ends, lengths } = statesOf('ctcLoss', logits, target, options);
  const losses = ctcPaths(perState(logits, classOf), skip, times, ends);
  if (options.reduction === 'none') return losses;
  if (options.reduction === 'sum') return sum(losses);
  return lengths.length ? mean(div(losses, tensor(Float32Array.from(lengths, (length) => Math.max(1, length))))) : sum(losses);
}

/**
 * Where each label is heard: `[B, L, T]`, the probability that frame t belongs to label l, given that the whole target is right; 0 where
 * either is not real. A row is drawn as the weights of attention are. Its sum is the number of frames that the label is expected to last.
 * It has no gradient.
 */
export function ctcAlignment(logits: Tensor, target: Tensor, options: CtcAlignmentOptions = {}): Tensor {
  expectOptions('ctcAlignment', options, alignmentRules);
  const { classOf, skip, times, ends } = statesOf('ctcAlignment', logits, target, options);
  const shares = ctcPosterior(perState(logits, classOf), skip, times, ends); // [B, T, 2 L + 1]
  return transpose(slice(shares, 2, 1, undefined, { step: 2 }));
}

/** Runs the kernel on x `[B, T, N]`. */
function run(x: Tensor, skip: Tensor, times: Tensor, ends: Tensor): { losses: Tensor; posterior: Tensor } {
  const [outer, frames, n] = x.shape as [number, number, number];
  const [losses, posterior] = [empty([outer]), empty(x.shape)];
  withScratch(alignments, 'ctc', { n }, (scratch) => {
    kernels.ctc(losses.ptr, posterior.ptr, x.ptr, skip.ptr, times.ptr, ends.ptr, outer, frames, n, scratch);
  });
  return { losses, posterior };
}

function expectPaths(op: string, x: Tensor, skip: Tensor, times: Tensor, ends: Tensor): void {
  expectDType(op, 'x', x, 'float32');
  if (x.rank !== 3 || !x.shape[1] || !x.shape[2])
    throw new RangeError(`${op}: x must be [B, T, N] with T and N from 1, got ${show(x.shape)}`);
  const [batch, frames, n] = x.shape as [number, number, number];
  expectDType(op, 'skip', skip, 'bool');
  if (!sameShape(skip.shape, [batch, n])) throw new RangeError(`${op}: skip must be ${show([batch, n])}, got ${show(skip.shape)}`);
  for (const [name, counts, most] of [
    ['times', times, frames],
    ['ends', ends, n],
  ] as const) {
    expectDType(op, name, counts, 'int32');
    if (!sameShape(counts.shape, [batch])) throw new RangeError(`${op}: ${name} must be [${batch}], got ${show(counts.shape)}`);
    const odd = elementsOf(counts).find((count) => !(count >= 1 && count <= most));
    if (odd !== undefined) throw new RangeError(`${op}: ${name} must be from 1 to ${most}, got ${odd}`);
  }
}

/**
 * `−ln Σ Π e^x` over every path through the states: `[B]`, of x `[B, T, N]`, the log-probability of each state's label at each frame. A path
 * starts in state 0 or 1, stays or goes on by one, or by two into a state that `skip` (bool `[B, N]`) names, and ends in one of the last two
 * of its `ends` states (int32 `[B]`) at the last of its `times` frames (int32 `[B]`). Gradient: minus {@link ctcPosterior}.
 */
export function ctcPaths(x: Tensor, skip: Tensor, times: Tensor, ends: Tensor): Tensor {
  expectPaths('ctcPaths', x, skip, times, ends);
  const { losses, posterior } = run(x, skip, times, ends);
  return record('ctcPaths', losses, { inputs: [x, skip, times, ends] }, (g) => {
    if (recording()) return recompose((given) => composed(given as Tensor, skip, times, ends), [x, null, null, null], g);
    return [neg(mul(posterior, reshape(g, [-1, 1, 1]))), null, null, null];
  });
}

/** The probability of each state at each frame `[B, T, N]`, given that one of the paths of {@link ctcPaths} was taken. No gradient. */
export function ctcPosterior(x: Tensor, skip: Tensor, times: Tensor, ends: Tensor): Tensor {
  expectPaths('ctcPosterior', x, skip, times, ends);
  return record('ctcPosterior', run(x, skip, times, ends).posterior, { inputs: [x, skip, times, ends] });
}

/** {@link ctcPaths} composed of ops. */
function composed(x: Tensor, skip: Tensor, times: Tensor, ends: Tensor): Tensor {
  const [batch, frames, n] = x.shape as [number, number, number];
  const [state, end] = [arange(n), reshape(ends, [batch, 1])];
  const none = (width: number) => full([batch, width], Number.NEGATIVE_INFINITY);
  const moved = (a: Tensor, by: number) => (by < n ? concat([none(by), slice(a, 1, 0, n - by)], 1) : none(n));
  const at = (t: number) => where(less(state, end), select(x, 1, t), Number.NEGATIVE_INFINITY); // [B, N]
  let alpha = where(less(state, 2), at(0), Number.NEGATIVE_INFINITY);
  for (let t = 1; t < frames; t++) {
    const jumped = where(skip, moved(alpha, 2), Number.NEGATIVE_INFINITY);
    const next = add(at(t), logSumExp(stack([alpha, moved(alpha, 1), jumped]), { axis: 0 }));
    alpha = where(less(t, reshape(times, [batch, 1])), next, alpha);
  }
  const last = and(less(state, end), greaterEqual(state, sub(end, 2)));
  return neg(logSumExp(where(last, alpha, Number.NEGATIVE_INFINITY), { axis: 1 }));
}
