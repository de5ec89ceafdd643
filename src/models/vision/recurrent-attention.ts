import { Glimpse } from '../../attention/looks/glimpse.ts';
import { Look, type LookStep } from '../../attention/looks/look.ts';
import { reinforcePlacement } from '../../attention/looks/placements.ts';
import { assign } from '../../nn/buffer.ts';
import { LSTMCell, RNNCell } from '../../nn/cells.ts';
import { Linear } from '../../nn/linear.ts';
import { Module } from '../../nn/module.ts';
import type { State } from '../../nn/state.ts';
import type { Core } from '../../nn/unroll.ts';
import { add, oneHot, relu, reshape, stack, uniform } from '../../ops/index.ts';
import {
  expectCall,
  expectKey,
  expectOptions,
  isFlag,
  isOneOf,
  isSize,
  maybe,
  type Names,
  type Rules,
  ruleOf,
} from '../../tensor/check.ts';
import { arange, detach, zeros } from '../../tensor/create.ts';
import { foldIn, type Key, split } from '../../tensor/random.ts';
import { show } from '../../tensor/shape.ts';
import { kindOf, Tensor } from '../../tensor/tensor.ts';

/** Options of a {@link RecurrentAttention}. */
export interface RecurrentAttentionOptions {
  /** C, the number of classes. */
  classes: number;
  /** T, how often it looks. Default 6. */
  glimpses?: number | undefined;
  /** How it looks. Default: a `Glimpse` of 8 × 8 pixels, placed by draws with σ = 0.1 that learn by REINFORCE. */
  look?: Look | undefined;
  /** Channels of an image. Default 1: images `[B, height, width]`. */
  channels?: number | undefined;
  /** D, the width of a glimpse's vector and of the core. Default 256. */
  hidden?: number | undefined;
  /** Width of the layers beneath: of what was seen, of where, and of the place net. Default 128. */
  features?: number | undefined;
  /** The core: `rnn`, `relu(Wᵢ g + Wₕ h)` (Mnih et al. 2014, §4), or `lstm`. Default `rnn`. */
  core?: 'rnn' | 'lstm' | undefined;
  /** Whether Wₕ of an `rnn` starts as the identity (Le, Jaitly, Hinton 2015). Default false. */
  identity?: boolean | undefined;
}

/** Options of a call. */
export interface RecurrentAttentionCall {
  /** Draws the first place, and all others around their means. Without it, places are their means. */
  key?: Key | undefined;
  /** The first place, `[B, numbers]`. Default: with a key drawn evenly from [−1, 1], otherwise the middle, 0. */
  start?: Tensor | undefined;
}

/** What it concluded, and how it looked. */
export interface RecurrentAttentionOutput {
  /** `[B, C]`, after the last glimpse. */
  readonly logits: Tensor;
  /** Where it looked, `[B, T, numbers]`. */
  readonly places: Tensor;
  /** Where that is in the image, `[B, T, M, 4]`: left, top, width and height of each of the M scales, in pixels. */
  readonly boxes: Tensor;
  /** What it saw, `[B, T, M, size, size]`, with the channels last, if images have some. */
  readonly patches: Tensor;
  /** The reward that it expects before each place but the first is drawn, `[B, T − 1]`; none if the look is pathwise. */
  readonly baseline?: Tensor;
  /** Log-probabilities of the places drawn, all but the first, `[B, T − 1]`, in nats, for `reinforceLoss`. */
  readonly logProbability?: Tensor;
}

const rules: Rules<RecurrentAttentionOptions> = {
  classes: isSize,
  glimpses: /* @__PURE__ */ maybe(isSize),
  look: /* @__PURE__ */ maybe(/* @__PURE__ */ ruleOf('a Look', (x) => x instanceof Look)),
  channels: /* @__PURE__ */ maybe(isSize),
  hidden: /* @__PURE__ */ maybe(isSize),
  features: /* @__PURE__ */ maybe(isSize),
  core: /* @__PURE__ */ maybe(/* @__PURE__ */ isOneOf('rnn', 'lstm')),
  identity: /* @__PURE__ */ maybe(isFlag),
};
const callNames: Names<RecurrentAttentionCall> = { key: 1, start: 1 };

/**
 * The recurrent attention model (Mnih, Heess, Graves, Kavukcuoglu 2014, "Recurrent models of visual attention"): it sees a few small patches
 * of an image, one after the other, and chooses each place itself. What it saw, ρ, and where, l, become `g = relu(W₃ relu(W₁ ρ) + W₄ relu(W₂ l))`, which its core adds to
 * what it knows, h; h gives the mean of the next place, through a hidden layer, a baseline `b = wᵀ h + c` and, after the last glimpse, the class.
 *
 * With a pathwise look, a loss of the logits trains all of it. Otherwise the place net learns by `reinforceLoss` of `logProbability`, whose
 * reward is 1 for the right class, and the baseline by `baselineLoss`; h is detached before both, so that they train nothing beneath.
 */
export class RecurrentAttention extends Module {
  readonly what: Linear; // W₁
  readonly where: Linear; // W₂
  readonly fromWhat: Linear; // W₃
  readonly fromWhere: Linear; // W₄
  readonly core: RNNCell | LSTMCell;
  readonly placeHidden: Linear;
  readonly place: Linear;
  readonly baseline: Linear | null;
  readonly output: Linear;
  readonly look: Look;
  readonly glimpses: number;

  constructor(options: RecurrentAttentionOptions, key: Key) {
    super();
    expectOptions('RecurrentAttention', options, rules);
    expectKey('RecurrentAttention', key);
    const { classes, glimpses = 6, channels = 1, hidden = 256, features = 128, core = 'rnn', identity = false } = options;
    this.look = options.look ?? new Look({ window: new Glimpse({ size: 8 }), placement: reinforcePlacement({ sigma: 0.1 }) });
    this.glimpses = glimpses;
    const { numbers, size, scales } = this.look.window;
    const keys = split(key, 9);
    const linear = (i: number, input: number, output: number) => new Linear({ input, output }, keys[i] as Key);
    this.what = linear(0, channels * scales * size * size, features);
    this.where = linear(1, numbers, features);
    this.fromWhat = linear(2, features, hidden);
    this.fromWhere = linear(3, features, hidden);
    const sizes = { input: hidden, hidden };
    this.core = core === 'lstm' ? new LSTMCell(sizes, keys[4] as Key) : new RNNCell({ ...sizes, nonlinearity: 'relu' }, keys[4] as Key);
    this.placeHidden = linear(5, hidden, features);
    this.place = linear(6, features, numbers);
    this.baseline = this.look.placement.pathwise ? null : linear(7, hidden, 1);
    this.output = linear(8, hidden, classes);
    if (identity && core === 'rnn') assign(this.core.weight_hh, oneHot(arange(hidden), hidden));
  }

  /** Looks at images `[B, height, width]`, or `[B, height, width, C]` with channels. */
  forward(images: Tensor, options: RecurrentAttentionCall = {}): RecurrentAttentionOutput {
    expectCall('RecurrentAttention', options, callNames);
    if (!(images instanceof Tensor) || images.rank < 3)
      throw new RangeError(`RecurrentAttention: images must be float32 [B, height, width], got ${kindOf(images)}`);
    const core = this.core as Core<State>;
    const batch = images.shape[0] as number;
    const steps: LookStep[] = [this.look.at(images, this.start(batch, options))];
    const baselines: Tensor[] = [];
    let state = core.initialState(batch);
    for (;;) {
      const taken = core.step(this.glimpse(steps.at(-1) as LookStep, batch), state);
      state = taken.state;
      if (steps.length === this.glimpses) return gathered(this.output.forward(taken.output), steps, baselines);
      const known = this.look.placement.pathwise ? taken.output : detach(taken.output);
      if (this.baseline) baselines.push(reshape(this.baseline.forward(known), [batch]));
      const numbers = this.place.forward(relu(this.placeHidden.forward(known)));
      steps.push(this.look.step(images, numbers, options.key ? { key: foldIn(options.key, steps.length) } : {}));
    }
  }

  private start(batch: number, { key, start }: RecurrentAttentionCall): Tensor {
    const shape = [batch, this.look.window.numbers];
    if (start === undefined) return key ? uniform(foldIn(key, 0), shape, { low: -1, high: 1 }) : zeros(shape);
    if (start instanceof Tensor && start.dtype === 'float32' && start.rank === 2 && start.shape[0] === batch && start.shape[1] === shape[1])
      return start;
    throw new RangeError(`RecurrentAttention: start must be float32 ${show(shape)}, got ${kindOf(start)}`);
  }

  /** The vector of a glimpse, `[B, D]`. */
  private glimpse({ patches, place }: LookStep, batch: number): Tensor {
    const what = relu(this.what.forward(reshape(patches, [batch, patches.size / Math.max(1, batch)])));
    const where = relu(this.where.forward(place));
    return relu(add(this.fromWhat.forward(what), this.fromWhere.forward(where)));
  }
}

/** All steps side by side. */
function gathered(logits: Tensor, steps: readonly LookStep[], baselines: readonly Tensor[]): RecurrentAttentionOutput {
  const all = (name: 'place' | 'boxes' | 'patches') =>
    stack(
      steps.map((step) => step[name]),
      1,
    );
  const logs = steps.flatMap(({ logProbability }) => logProbability ?? []);
  return {
    logits,
    places: all('place'),
    boxes: all('boxes'),
    patches: all('patches'),
    ...(baselines.length > 0 ? { baseline: stack(baselines, 1) } : {}),
    ...(logs.length > 0 ? { logProbability: stack(logs, 1) } : {}),
  };
}
