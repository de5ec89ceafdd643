import { Linear } from '../../nn/linear.ts';
import { Module } from '../../nn/module.ts';
import { LSTM } from '../../nn/recurrent.ts';
import { reshape } from '../../ops/index.ts';
import { expectKey, expectOptions, isSize } from '../../tensor/check.ts';
import { detach } from '../../tensor/create.ts';
import { type Key, split } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/**
 * The expected reward to go of each step, by an LSTM over what is known before its choice (Zaremba and Sutskever 2015, §4.2): features `[B, T, F]` → `[B, T]`. Features
 * get no gradient. Train it by `baselineLoss`.
 */
export class RecurrentBaseline extends Module {
  readonly lstm: LSTM;
  readonly linear: Linear;

  constructor(sizes: { input: number; hidden: number }, key: Key) {
    expectOptions('RecurrentBaseline', sizes, { input: isSize, hidden: isSize });
    expectKey('RecurrentBaseline', key);
    super();
    const [forLstm, forLinear] = split(key);
    this.lstm = new LSTM(sizes, forLstm);
    this.linear = new Linear({ input: sizes.hidden, output: 1 }, forLinear);
  }

  /** Maps features `[B, T, F]` to the expected reward to go `[B, T]`. */
  forward(features: Tensor): Tensor {
    const { output } = this.lstm.forward(detach(features));
    return reshape(this.linear.forward(output), features.shape.slice(0, 2));
  }
}
