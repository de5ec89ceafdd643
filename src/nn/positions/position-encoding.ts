import { expectOptions, isSize } from '../../tensor/check.ts';
import { tensor } from '../../tensor/create.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/**
 * Weights of the words of a sentence by their place, `[words, size]`: `l[j, k] = 1 + 4 (k − (D + 1)/2) (j − (J + 1)/2) / (D J)` with j and k
 * from 1, so that a sum of embedded words knows their order (Sukhbaatar et al. 2015, §4.1, in the form of the authors' code).
 */
export function positionEncoding(options: { words: number; size: number }): Tensor {
  expectOptions('positionEncoding', options, { words: isSize, size: isSize });
  const { words, size } = options;
  const values = Float64Array.from({ length: words * size }, (_, i) => {
    const [j, k] = [Math.floor(i / size) + 1, (i % size) + 1];
    return 1 + (4 * (k - (size + 1) / 2) * (j - (words + 1) / 2)) / (size * words);
  });
  return tensor(values, { shape: [words, size] });
}
