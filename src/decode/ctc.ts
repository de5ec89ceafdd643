// What a model of connectionist temporal classification says: the labels behind its frames.

import { noGrad } from '../autograd/record.ts';
import { log, softmax } from '../ops/index.ts';
import { anything, expectOptions, isSize, isWhole, maybe, type Rules } from '../tensor/check.ts';
import { tensor } from '../tensor/create.ts';
import { scope } from '../tensor/scope.ts';
import { sameShape, show } from '../tensor/shape.ts';
import { kindOf, Tensor } from '../tensor/tensor.ts';

/** Labels that frames say. */
export interface CtcHypothesis {
  /** Without blanks. */
  tokens: number[];
  /** `ln p`: of the one path that `ctcGreedy` took, of all paths that `ctcBeamSearch` followed to these labels. */
  logProbability: number;
}

/** What `ctcGreedy` found. */
export interface CtcPath extends CtcHypothesis {
  /** The frame at which each label begins. */
  frames: number[];
}

/** Options of {@link ctcGreedy}. */
export interface CtcGreedyOptions {
  /** bool `[B, T]`, true where a frame is real: the first ones of each example. Default: all. */
  mask?: Tensor | undefined;
  /** The class that says nothing. Default 0. */
  blank?: number | undefined;
}

/** Options of {@link ctcBeamSearch}. */
export interface CtcBeamOptions extends CtcGreedyOptions {
  /** How many prefixes are kept at each frame, and how many hypotheses are given. Default 8. */
  beam?: number | undefined;
}

const greedyRules: Rules<CtcGreedyOptions> = { mask: anything, blank: /* @__PURE__ */ maybe(/* @__PURE__ */ isWhole(0)) };
const beamRules: Rules<CtcBeamOptions> = { ...greedyRules, beam: /* @__PURE__ */ maybe(isSize) };

/** The real frames of each example, each the probabilities of its classes. */
function framesOf(op: string, logits: Tensor, { mask, blank = 0 }: CtcGreedyOptions): Float32Array[][] {
  if (!(logits instanceof Tensor && logits.dtype === 'float32' && logits.rank === 3))
    throw new TypeError(`${op}: logits must be float32 [B, T, C], got ${kindOf(logits)}`);
  const [batch, frames, classes] = logits.shape as [number, number, number];
  if (blank >= classes) throw new RangeError(`${op}: blank must be below ${classes}, got ${blank} for ${show(logits.shape)}`);
  if (mask !== undefined && !(mask instanceof Tensor && mask.dtype === 'bool' && sameShape(mask.shape, [batch, frames])))
    throw new TypeError(`${op}: mask must be bool [${batch}, ${frames}], got ${kindOf(mask)}`);
  const [shares, real] = [scope(() => noGrad(() => softmax(logits).toArray())) as Float32Array, mask?.toArray()];
  const row = (b: number, t: number) => shares.subarray((b * frames + t) * classes, (b * frames + t + 1) * classes);
  return Array.from({ length: batch }, (_, b) =>
    Array.from({ length: frames }, (_, t) => t).flatMap((t) => (real && !real[b * frames + t] ? [] : [row(b, t)])),
  );
}

/** `ln` of each. */
const logs = (p: readonly number[]): Float32Array => scope(() => noGrad(() => log(tensor(p)).toArray())) as Float32Array;

const totalOf = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0);

/**
 * The likeliest class of each frame, without repeats and then without blanks (Graves et al. 2006, §3.2, *best path*), for each example of
 * logits `[B, T, C]`. Other labels may be likelier, whose paths are many.
 */
export function ctcGreedy(logits: Tensor, options: CtcGreedyOptions = {}): CtcPath[] {
  expectOptions('ctcGreedy', options, greedyRules);
  const { blank = 0 } = options;
  return framesOf('ctcGreedy', logits, options).map((frames) => {
    const path = frames.map((p) => p.indexOf(Math.max(...p)));
    const starts = path.flatMap((label, t) => (label !== blank && label !== path[t - 1] ? [t] : []));
    const best = frames.map((p, t) => p[path[t] as number] as number);
    return { tokens: starts.map((t) => path[t] as number), frames: starts, logProbability: totalOf(logs(best)) };
  });
}

/** Labels so far, with the probability of the paths to them that end in a blank and of those that end in the last label. */
class Prefix {
  silent = 0;
  heard = 0;
  next: [silent: number, heard: number] = [0, 0];
  readonly longer = new Map<number, Prefix>();
  readonly before: Prefix | null;
  readonly label: number;

  constructor(before: Prefix | null, label: number) {
    this.before = before;
    this.label = label;
  }

  get total(): number {
    return this.silent + this.heard;
  }

  with(label: number): Prefix {
    const found = this.longer.get(label) ?? new Prefix(this, label);
    this.longer.set(label, found);
    return found;
  }

  get tokens(): number[] {
    return this.before ? [...this.before.tokens, this.label] : [];
  }
}

/** All prefixes that the next frame leads to. */
function reached(beam: readonly Prefix[], p: Float32Array, blank: number): Set<Prefix> {
  const found = new Set<Prefix>();
  for (const prefix of beam) {
    found.add(prefix);
    prefix.next[0] += prefix.total * (p[blank] as number);
    if (prefix.before) prefix.next[1] += prefix.heard * (p[prefix.label] as number);
    p.forEach((share, label) => {
      const from = label === prefix.label ? prefix.silent : prefix.total; // a repeat needs a blank between
      if (label === blank || share * from === 0) return;
      const longer = prefix.with(label);
      longer.next[1] += share * from;
      found.add(longer);
    });
  }
  return found;
}

function searched(frames: readonly Float32Array[], blank: number, width: number): CtcHypothesis[] {
  const nothing = new Prefix(null, -1);
  nothing.silent = 1;
  let beam = [nothing];
  const scales: number[] = [];
  for (const p of frames) {
    const found = reached(beam, p, blank);
    for (const prefix of found) {
      [prefix.silent, prefix.heard] = prefix.next;
      prefix.next = [0, 0];
    }
    const kept = [...found].sort((a, b) => b.total - a.total).slice(0, width);
    for (const prefix of found) if (!kept.includes(prefix)) prefix.silent = prefix.heard = 0;
    const scale = kept[0]?.total || 1; // probabilities stay near 1, however many frames there are
    for (const prefix of kept) {
      prefix.silent /= scale;
      prefix.heard /= scale;
    }
    scales.push(scale);
    beam = kept;
  }
  const level = totalOf(logs(scales));
  const last = logs(beam.map(({ total }) => total));
  return beam.map((prefix, i) => ({ tokens: prefix.tokens, logProbability: level + (last[i] as number) }));
}

/**
 * The likeliest labels of logits `[B, T, C]`, each with the probability of all its paths: prefix beam search (Graves 2012, "Sequence
 * transduction", §2.4; Hannun et al. 2014, Algorithm 1). Hypotheses of each example, the best first; exact where `beam` holds every prefix.
 */
export function ctcBeamSearch(logits: Tensor, options: CtcBeamOptions = {}): CtcHypothesis[][] {
  expectOptions('ctcBeamSearch', options, beamRules);
  const { blank = 0, beam = 8 } = options;
  return framesOf('ctcBeamSearch', logits, options).map((frames) => searched(frames, blank, beam));
}
