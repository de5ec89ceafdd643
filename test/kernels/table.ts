import type { KernelRow } from './row.ts';
import { attending } from './rows/attention.ts';
import { convolving } from './rows/conv.ts';
import { copying } from './rows/copy.ts';
import { aligning } from './rows/ctc.ts';
import { elementwise } from './rows/elementwise.ts';
import { hearing } from './rows/entity.ts';
import { gathering } from './rows/gather.ts';
import { picturing } from './rows/image.ts';
import { products } from './rows/matmul.ts';
import { remembering } from './rows/memory.ts';
import { normalising } from './rows/normalise.ts';
import { optimising } from './rows/optimise.ts';
import { drawing } from './rows/random.ts';
import { recurrent } from './rows/recurrent.ts';
import { reductions } from './rows/reduce.ts';
import { turning } from './rows/rotary.ts';
import { scanning } from './rows/scan.ts';
import { softmaxes } from './rows/softmax.ts';
import { sparsemaxes } from './rows/sparsemax.ts';
import { tiledAttention } from './rows/tiled-attention.ts';

/** Every kernel with the calls it is tested by. */
export const rows: KernelRow[] = [
  ...attending,
  ...convolving,
  ...copying,
  ...elementwise,
  ...gathering,
  ...hearing,
  ...picturing,
  ...products,
  ...remembering,
  ...normalising,
  ...optimising,
  ...drawing,
  ...recurrent,
  ...reductions,
  ...turning,
  ...aligning,
  ...scanning,
  ...softmaxes,
  ...sparsemaxes,
  ...tiledAttention,
];
