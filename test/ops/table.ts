import type { OpRow } from './row.ts';
import { attending } from './rows/attention.ts';
import { convolving } from './rows/conv.ts';
import { filtering } from './rows/conv2d.ts';
import { aligned } from './rows/ctc.ts';
import { einsums } from './rows/einsum.ts';
import { elementwise } from './rows/elementwise.ts';
import { hearing } from './rows/entity.ts';
import { entropies } from './rows/entropy.ts';
import { gathering } from './rows/gather.ts';
import { gaussians } from './rows/gaussian-filters.ts';
import { picturing } from './rows/image.ts';
import { losses } from './rows/loss.ts';
import { products } from './rows/matmul.ts';
import { remembering } from './rows/memory.ts';
import { normalising } from './rows/normalise.ts';
import { ordering } from './rows/order.ts';
import { drawing } from './rows/random.ts';
import { recurrent } from './rows/recurrent.ts';
import { reductions } from './rows/reduce.ts';
import { turning } from './rows/rotary.ts';
import { scanning } from './rows/scan.ts';
import { shaping } from './rows/shape.ts';
import { softmaxes } from './rows/softmax.ts';
import { sparsemaxes } from './rows/sparsemax.ts';
import { taking } from './rows/take.ts';

/** Every op with the calls it is tested by. */
export const rows: OpRow[] = [
  ...attending,
  ...convolving,
  ...filtering,
  ...einsums,
  ...elementwise,
  ...entropies,
  ...gaussians,
  ...gathering,
  ...hearing,
  ...picturing,
  ...aligned,
  ...losses,
  ...products,
  ...remembering,
  ...normalising,
  ...ordering,
  ...drawing,
  ...recurrent,
  ...reductions,
  ...shaping,
  ...turning,
  ...scanning,
  ...softmaxes,
  ...sparsemaxes,
  ...taking,
];

/** Exports of src/ops/ that are not ops: without gradient, tested where they are used. */
export const helpers: ReadonlySet<string> = new Set([]);
