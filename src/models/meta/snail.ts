import { Linear } from '../../nn/linear.ts';
import { Module } from '../../nn/module.ts';
import { expectRows } from '../../nn/state.ts';
import type { Core } from '../../nn/unroll.ts';
import { reshape } from '../../ops/index.ts';
import { expectKey, expectOptions, isFlag, isSize, maybe, type Rules, ruleOf } from '../../tensor/check.ts';
import { type Key, split } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { AttentionBlock, type AttentionBlockState, type WeightsCall, weightsCall } from './attention-block.ts';
import { expectCount, expectSequence, expectStep } from './expect.ts';
import { TCBlock, type TCState } from './tc-block.ts';

/** A layer of a {@link Snail}: a {@link TCBlock} over `length` steps, or an {@link AttentionBlock}. */
export type SnailLayer = { readonly length: number; readonly filters: number } | { readonly key: number; readonly value: number };

/** Options of a {@link Snail}. */
export interface SnailOptions {
  /** I, the width of an input. */
  input: number;
  /** O, the width of an output. */
  output: number;
  /** In order; {@link choiceLayers} and {@link episodeLayers} are the paper's. */
  layers: readonly SnailLayer[];
  /** Whether there is a second map, to one number for each step: the value of a state in reinforcement learning. Default false. */
  value?: boolean | undefined;
  /** As of {@link DenseBlock}. Default false. */
  norm?: boolean | undefined;
}

/** The results of a {@link Snail} over whole sequences. */
export interface SnailOutput {
  /** `[B, T, O]`. */
  output: Tensor;
  /** `[B, T]`, if the model has `value`. */
  value?: Tensor;
  /** If requested: `[B, T, T]` for each attention layer. */
  weights?: Tensor[];
}

/** The results of one step. */
export interface SnailStep {
  /** `[B, O]`. */
  output: Tensor;
  /** `[B]`, if the model has `value`. */
  value?: Tensor;
  /** If requested: `[B, S]` for each attention layer, over the S steps so far. */
  weights?: Tensor[];
  /** The state for the next step. */
  state: SnailState;
}

/** The states of a {@link Snail}'s layers. */
export type SnailState = { readonly layers: readonly (TCState | AttentionBlockState)[] };

const isLayers = /* @__PURE__ */ ruleOf(
  'a list of { length, filters } or { key, value }, at least one',
  (layers) => Array.isArray(layers) && layers.length > 0 && layers.every((layer) => typeof layer === 'object' && layer),
);

const rules: Rules<SnailOptions> = {
  input: isSize,
  output: isSize,
  layers: isLayers,
  value: /* @__PURE__ */ maybe(isFlag),
  norm: /* @__PURE__ */ maybe(isFlag),
};

/** The layers for choices over episodes of `length` steps (Mishra et al. 2018, appendix C.1): two convolutions, then attention, 32 wide each. */
export function choiceLayers(length: number): SnailLayer[] {
  isSize('choiceLayers', 'length', length);
  return [
    { length, filters: 32 },
    { length, filters: 32 },
    { key: 32, value: 32 },
  ];
}

/** The layers for classification of the last of `length` items from examples (Mishra et al. 2018, appendix B): attention first and last. */
export function episodeLayers(length: number): SnailLayer[] {
  isSize('episodeLayers', 'length', length);
  return [
    { key: 64, value: 32 },
    { length, filters: 128 },
    { key: 256, value: 128 },
    { length, filters: 128 },
    { key: 512, value: 256 },
  ];
}

/**
 * A learner that is a sequence model: it reads what was tried and what came of it, and answers better the more it has read (Mishra et al. 2018,
 * "A simple neural attentive meta-learner", SNAIL). Temporal convolutions bring the recent past together, causal attention finds single
 * moments of all that was; every layer adds its features to those before it, and a linear map of all is the output. The step form keeps what
 * a layer needs of the past, and gives the bits of the sequence form.
 */
export class Snail extends Module implements Core<SnailState, SnailStep> {
  readonly layers: readonly (TCBlock | AttentionBlock)[];
  readonly output: Linear; // [O, width]
  readonly value: Linear | null; // [1, width]
  private readonly input: number;

  constructor(options: SnailOptions, key: Key) {
    super();
    expectOptions('Snail', options, rules);
    expectKey('Snail', key);
    const { input, output, layers, value = false, norm } = options;
    const [forLayers, forOutput, forValue] = split(key, 3);
    const keys = split(forLayers, layers.length);
    let width = input;
    this.layers = layers.map((layer, i) => {
      const own = keys[i] as Key;
      const built =
        'filters' in layer ? new TCBlock({ input: width, ...layer, norm }, own) : new AttentionBlock({ input: width, ...layer }, own);
      width = built.width;
      return built;
    });
    this.output = new Linear({ input: width, output }, forOutput);
    this.value = value ? new Linear({ input: width, output: 1 }, forValue) : null;
    this.input = input;
  }

  /** Reads sequences `[B, T, I]`. Nothing after a step changes its results. */
  forward(x: Tensor, options: WeightsCall = {}): SnailOutput {
    expectSequence('Snail', x, this.input);
    expectOptions('Snail', options, weightsCall);
    const weights: Tensor[] = [];
    let features = x;
    for (const layer of this.layers) {
      if (layer instanceof TCBlock) features = layer.forward(features);
      else {
        const read = layer.forward(features, options);
        if (read.weights) weights.push(read.weights);
        features = read.output;
      }
    }
    return { ...this.heads(features), ...(options.weights && { weights }) };
  }

  /** The state before the first step. */
  initialState(batch: number): SnailState {
    return { layers: this.layers.map((layer) => layer.initialState(batch)) };
  }

  /** Reads one step `[B, I]`: the bits of {@link forward}. */
  step(x: Tensor, state: SnailState, options: WeightsCall = {}): SnailStep {
    expectStep('Snail', x, this.input);
    expectOptions('Snail', options, weightsCall);
    expectCount('Snail', "model's", 'layers', state, this.layers.length);
    expectRows('Snail', state, x.shape[0] as number, 'examples');
    const weights: Tensor[] = [];
    let features = x;
    const layers = this.layers.map((layer, i) => {
      const before = state.layers[i];
      const taken: { output: Tensor; weights?: Tensor; state: TCState | AttentionBlockState } =
        layer instanceof TCBlock ? layer.step(features, before as TCState) : layer.step(features, before as AttentionBlockState, options);
      if (taken.weights) weights.push(taken.weights);
      features = taken.output;
      return taken.state;
    });
    return { ...this.heads(features), ...(options.weights && { weights }), state: { layers } };
  }

  private heads(features: Tensor): { output: Tensor; value?: Tensor } {
    const output = this.output.forward(features);
    return this.value ? { output, value: reshape(this.value.forward(features), features.shape.slice(0, -1)) } : { output };
  }
}
