import { AttentionClassifier, type Classified, type ClassifierState, type ClassifyOptions } from '../models/attention-classifier.ts';
import { buffer } from '../nn/buffer.ts';
import { Module } from '../nn/module.ts';
import { concat, mul, slice, sub } from '../ops/index.ts';
import { ones, zeros } from '../tensor/create.ts';
import type { Key } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Sizes of a {@link SequenceModel}. */
export interface SequenceModelSizes {
  /** I, the number of channels. */
  channels: number;
  /** D, the width of the GRU. */
  width: number;
  /** C, the number of labels. */
  labels: number;
}

/** What {@link SequenceModel.step} carries on: the classifier's state, and the sample before `[B, I]`. */
export type SequenceState = { readonly inner: ClassifierState; readonly last: Tensor };

/**
 * The label of samples: each channel without its mean and over its deviation, and beside it its change since the sample before, over the deviation of that.
 * These are buffers. {@link AttentionClassifier} reads both, from the first sample on.
 */
export class SequenceModel extends Module {
  /** Buffer `[I]`: the mean of each channel. */
  readonly center: Tensor;
  /** Buffer `[I]`: 1 over the deviation of each channel. */
  readonly sharpness: Tensor;
  /** Buffer `[I]`: 1 over the deviation of each channel's change from sample to sample. */
  readonly rate: Tensor;
  /** Reads channels and changes `[B, T, 2I]`. */
  readonly classifier: AttentionClassifier;

  constructor({ channels, width, labels }: SequenceModelSizes, key: Key) {
    super();
    this.center = buffer(() => zeros([channels]));
    this.sharpness = buffer(() => ones([channels]));
    this.rate = buffer(() => ones([channels]));
    this.classifier = new AttentionClassifier({ input: 2 * channels, hidden: width, labels, bidirectional: false, dropout: 0.1 }, key);
  }

  /** Samples `[B, T, I]`. The first has changed by nothing. */
  forward(x: Tensor, options: ClassifyOptions = {}): Classified {
    const before = concat([slice(x, 1, 0, 1), slice(x, 1, 0, (x.shape[1] as number) - 1)], 1); // [B, T, I]
    return this.classifier.forward(this.seen(x, before), options);
  }

  /** One sample of each `[B, I]`, and what the one before left; nothing at first. */
  step(x: Tensor, state?: SequenceState, options: { window?: number | undefined } = {}): Classified & { state: SequenceState } {
    const inner = state?.inner ?? this.classifier.initialState(x.shape[0] as number);
    const { state: after, ...classified } = this.classifier.step(this.seen(x, state?.last ?? x), inner, options);
    return { ...classified, state: { inner: after, last: x } };
  }

  private seen(x: Tensor, before: Tensor): Tensor {
    return concat([mul(sub(x, this.center), this.sharpness), mul(sub(x, before), this.rate)], x.rank - 1);
  }
}
