import type { Backend } from '../backend.ts';
import type { Kernels } from '../generated/kernels.ts';
import { Heap } from '../heap.ts';
import { attending } from './attention.ts';
import { columnNorms } from './batch-norm.ts';
import type { Cells } from './cells.ts';
import { convolving } from './conv.ts';
import { copying } from './copy.ts';
import { aligning } from './ctc.ts';
import { elementwise } from './elementwise.ts';
import { entities } from './entity.ts';
import { gathering } from './gather.ts';
import { sampling } from './grid-sample.ts';
import { picturing } from './image.ts';
import { products } from './matmul.ts';
import { remembering } from './memory.ts';
import { normalising } from './normalise.ts';
import { optimising } from './optimise.ts';
import { drawing } from './random.ts';
import { recurrent } from './recurrent.ts';
import { reductions } from './reduce.ts';
import { turning } from './rotary.ts';
import { scanning } from './scan.ts';
import { softmaxes } from './softmax.ts';
import { sorting } from './sort.ts';
import { sparsemaxes } from './sparsemax.ts';
import { tiledAttention } from './tiled-attention.ts';

/** Every kernel in float64, as the plainest loop that says what it means. A kernel missing here does not compile. */
function referenceKernels(cells: Cells): Kernels {
  return {
    ...attending(cells),
    ...columnNorms(cells),
    ...convolving(cells),
    ...copying(cells),
    ...aligning(cells),
    ...elementwise(cells),
    ...entities(cells),
    ...gathering(cells),
    ...sampling(cells),
    ...picturing(cells),
    ...products(cells),
    ...remembering(cells),
    ...normalising(cells),
    ...optimising(cells),
    ...drawing(cells),
    ...recurrent(cells),
    ...reductions(cells),
    ...turning(cells),
    ...scanning(cells),
    ...softmaxes(cells),
    ...sorting(cells),
    ...sparsemaxes(cells),
    ...tiledAttention(cells),
  };
}

/** The reference backend: addresses count float64 elements; integers and booleans are stored as float64 too. */
export function referenceBackend(options: { maximumElements?: number } = {}): Backend {
  const maximum = options.maximumElements ?? 2 ** 28;
  let cells = new Float64Array(Math.min(maximum, 2 ** 16));
  const heap = new Heap({
    start: 1, // an address of 0 is an absent operand
    unit: 8,
    end: () => cells.length,
    grow: (end) => {
      if (end > maximum) return false;
      const larger = new Float64Array(Math.min(maximum, Math.max(end, cells.length * 2)));
      larger.set(cells);
      cells = larger;
      return true;
    },
  });
  return {
    build: 'reference',
    kernels: referenceKernels(() => cells),
    heap,
    unit: 1,
    view: (at, n) => cells.subarray(at, at + n),
  };
}
