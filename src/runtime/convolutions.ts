// Scratch of convolutions, apart from that of products, which everybody loads.

import { type Lengths, up } from './room.ts';

/** The lengths of a convolution. */
type Convolution = Lengths<'depth' | 'columns' | 'outputs' | 'windowRows' | 'windowColumns' | 'strideY' | 'strideX'>;

/** A tile's strip of the padded image, and its patches; as the kernels of assembly/kernels/conv.ts lay them out. */
const tile = ({ depth, columns, windowRows, windowColumns, strideY, strideX }: Convolution) => {
  const terms = windowRows * windowColumns * depth;
  const most = terms <= 384 ? 128 : 64;
  const high = Math.max(Math.floor(most / columns), 1);
  return { most, strip: ((high - 1) * strideY + windowRows) * ((columns - 1) * strideX + windowColumns) * depth, terms };
};

/** Scratch elements of convolutions, by kernel. */
export const convolutions = {
  conv2d: (lengths: Convolution) => {
    const { most, strip, terms } = tile(lengths);
    return strip + most * terms;
  },
  conv2dWeightBackward: (lengths: Convolution) => {
    const { most, strip } = tile(lengths);
    return strip + most * up(lengths.outputs, 8);
  },
};
