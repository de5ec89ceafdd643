import { infer } from '../autograd/infer.ts';
import { crossEntropy, mul } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Where the temperature's inverse is looked for, and how often the interval is cut. */
const [LEAST, MOST, CUTS] = [0.05, 20, 40];

/** The golden section. */
const GOLD = (Math.sqrt(5) - 1) / 2;

/**
 * 1 / T, by which logits `[N, C]` are multiplied so that their softmax says how often it is right: the one of least loss on held-out rows (Guo et al. 2017,
 * §4.2). The true label counts `(N + 1) / (N + 2)` and the others share the rest (Platt 1999, §2.2), or a few rows that are all right would make it boundless.
 * The loss has one minimum, which the golden section finds.
 */
export function sharpnessOf(logits: Tensor, labels: Tensor): number {
  const [rows, classes] = logits.shape as [number, number];
  const labelSmoothing = classes / ((rows + 2) * Math.max(1, classes - 1));
  const loss = (sharpness: number) => infer(() => crossEntropy(mul(logits, sharpness), labels, { labelSmoothing }).item());
  let [from, to] = [LEAST, MOST];
  for (let cut = 0; cut < CUTS; cut++) {
    const reach = GOLD * (to - from);
    if (loss(to - reach) <= loss(from + reach)) to = from + reach;
    else from = to - reach;
  }
  return (from + to) / 2;
}
