import { grad } from '../../../src/autograd/backward.ts';
import { parameter } from '../../../src/autograd/parameter.ts';
import { uniform } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import { foldIn, key } from '../../../src/tensor/random.ts';
import { scope } from '../../../src/tensor/scope.ts';
import type { OpCall } from '../../ops/row.ts';
import { rows } from '../../ops/table.ts';
import { awkward } from './awkward.ts';
import type { Digest } from './digest.ts';
import { heads } from './heads.ts';

/** Further lengths for elementwise ops: around a vector, beyond a block, and beyond what threads leave to one thread. */
const LENGTHS = [0, 1, 3, 4, 5, 17, 64, 1023, 70_001];

/** Where functions have corners: signed zeros, the subnormal range, the limits of exponent and reduction, NaN. */
const EDGES = [0, 1, 0.5, 0.55, 0.9, 1e-45, 1e-40, 2 ** -126, 2 ** -12, 9.5, 16, 87.5, 88.8, 104, 2 ** 20, 2 ** 24, 3.4e38, Infinity]
  .flatMap((x) => [x, -x])
  .concat(Number.NaN);

function valueAndGradients(row: OpCall, shapes: readonly (readonly number[])[], digest: Digest): void {
  scope(() => {
    const xs = row.inputs.map(({ domain: [low, high] = [-2, 2] }, i) =>
      parameter(uniform(foldIn(key(4), i), shapes[i] ?? [], { low, high })),
    );
    const y = row.f(...xs);
    digest.text(`[${y.shape.join()}]`);
    digest.elements(y.toArray());
    if (row.differentiable === false || xs.length === 0) return;
    const gradient = uniform(key(5), y.shape, { low: -1, high: 1 });
    for (const g of grad(y, xs, { gradient })) digest.elements(g.toArray());
  });
}

function atEdges(row: OpCall, digest: Digest): void {
  scope(() => {
    const turns = row.inputs.map((_, i) => EDGES.flatMap((_, at) => EDGES.slice(i * at).concat(EDGES.slice(0, i * at))));
    const xs = turns.map((values) => parameter(tensor(row.inputs.length === 1 ? EDGES : values)));
    const y = row.f(...xs);
    digest.elements(y.toArray());
    if (row.differentiable === false) return;
    for (const g of grad(y, xs, { gradient: uniform(key(6), y.shape) })) digest.elements(g.toArray());
  });
}

/** Every row of the op table, and the larger ones, forward and backward; elementwise rows at more lengths and at the corners. */
export function ops(part: (name: string) => Digest): void {
  for (const row of [...heads, ...rows, ...awkward]) {
    const digest = part(`op ${row.op}`);
    digest.text(row.name ?? '');
    valueAndGradients(
      row,
      row.inputs.map(({ shape }) => shape),
      digest,
    );
    if (!row.reference) continue;
    for (const n of LENGTHS)
      valueAndGradients(
        row,
        row.inputs.map(() => [n]),
        digest,
      );
    atEdges(row, digest);
  }
}
