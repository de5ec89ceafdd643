import { noGrad } from '../../autograd/record.ts';
import { affine } from '../../ops/binary.ts';
import { add, matmul, slice } from '../../ops/index.ts';
import { kernels } from '../../runtime/backend.ts';
import { isFlag, isSize, maybe, shown } from '../../tensor/check.ts';
import { scope } from '../../tensor/scope.ts';
import { show } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { normOf } from '../norm.ts';
import { fromZero, share } from './numbers.ts';
import {
  type Filled,
  type Groups,
  named,
  Optimizer,
  type OptimizerKind,
  type ParameterGroup,
  type ParameterSet,
  type Slot,
} from './optimizer.ts';

/** Options of Muon; those that PyTorch has bear its defaults. */
export interface MuonOptions {
  /** Default 1e-3. */
  lr?: number | undefined;
  /** Of each step: `p ← (1 − lr · weightDecay) p`. Default 0.1. */
  weightDecay?: number | undefined;
  /** How much of the mean gradient stays at each step. Default 0.95. */
  momentum?: number | undefined;
  /** Momentum of the first update, from where it rises evenly over `momentumWarmup` updates. Default 0.85. */
  momentumStart?: number | undefined;
  /** Default 0: always `momentum`. */
  momentumWarmup?: number | undefined;
  /** Looks ahead by the momentum. Default true. */
  nesterov?: boolean | undefined;
  /** Newton–Schulz steps, k. Default 5. */
  steps?: number | undefined;
  /** The least norm that a matrix is divided by. Default 1e-7. */
  epsilon?: number | undefined;
  /** Matrices of equal size that lie one below the other in each parameter, each orthogonalised apart: 3 in `in_proj_weight`. Default 1. */
  parts?: number | undefined;
  /** Steps of 0.2 √max(rows, columns), of the size of Adam's (Liu et al. 2025, 2502.16982, eq. 4), in place of √max(1, rows / columns). Default false. */
  matchAdam?: boolean | undefined;
}

const kind: OptimizerKind<'momentum_buffer', MuonOptions> = {
  name: 'Muon',
  rules: {
    lr: fromZero,
    weightDecay: fromZero,
    momentum: share,
    momentumStart: share,
    momentumWarmup: fromZero,
    nesterov: /* @__PURE__ */ maybe(isFlag),
    steps: /* @__PURE__ */ maybe(isSize),
    epsilon: fromZero,
    parts: /* @__PURE__ */ maybe(isSize),
    matchAdam: /* @__PURE__ */ maybe(isFlag),
  },
  defaults: {
    lr: 1e-3,
    weightDecay: 0.1,
    momentum: 0.95,
    momentumStart: 0.85,
    momentumWarmup: 0,
    nesterov: true,
    steps: 5,
    epsilon: 1e-7,
    parts: 1,
    matchAdam: false,
  },
  initial({ parts }, { rank, shape }, path) {
    const what = `${path} ${show(shape)}`;
    if (rank !== 2) throw new RangeError(`Muon: parameters must be matrices, the others AdamW's, got ${what}`);
    if ((shape[0] as number) % parts !== 0) throw new RangeError(`Muon: rows must be a multiple of parts, got ${what} and ${parts}`);
    return { momentum_buffer: 0 };
  },
};

/** What is done to each singular value in a Newton–Schulz step: a s + b s³ + c s⁵, which drives all of them towards 1, steeply from 0 (Jordan 2024). */
const [A, B, C] = [3.4445, -4.775, 2.0315];

/**
 * The nearest matrix with orthogonal rows or columns, about: singular values within 0.7 … 1.2, but for those that are next to 0. Of the two
 * Gram matrices `G = X Xᵀ` and `Xᵀ X` the smaller is taken: `X ← a X + (b G + c G²) X`, or with it on the right.
 */
function orthogonalised(x: Tensor, { steps, epsilon }: Pick<Filled<MuonOptions>, 'steps' | 'epsilon'>): Tensor {
  const [rows, columns] = x.shape as [number, number];
  const wide = rows <= columns;
  let y = affine(x, 1 / Math.max(normOf([x]), epsilon), 0); // [R, C]
  for (let i = 0; i < steps; i++) {
    const gram = matmul(y, y, wide ? { transposeB: true } : { transposeA: true });
    const bent = add(affine(gram, B, 0), affine(matmul(gram, gram), C, 0));
    y = add(affine(y, A, 0), wide ? matmul(bent, y) : matmul(y, bent));
  }
  return y;
}

/** `to ← to + share (from − to)`, in place. */
const approach = (to: Tensor, from: Tensor, share: number) => kernels.sgd(to.ptr, from.ptr, 0, to.size, -share, 0, 1, -1, 0);

/**
 * Muon (Jordan et al. 2024, kellerjordan.github.io/posts/muon): for the matrices within a model. `b ← μ b + (1 − μ) g`, of Nesterov `u = μ b + (1 − μ) g`,
 * else `u = b`; with NS k steps of Newton and Schulz on `u / ‖u‖`, `p ← (1 − lr λ) p − lr √max(1, rows / columns) NS(u)`. Embeddings, the map to
 * logits, biases and norms are {@link AdamW}'s: `Optimizers` makes one of both. Made of products, sums and one root, it gives the
 * same bits everywhere.
 */
export class Muon extends Optimizer<'momentum_buffer', MuonOptions> {
  constructor(parameters: Groups<MuonOptions>, options: MuonOptions = {}) {
    super(parameters, options, kind);
  }

  protected override update({ parameter, state, step, options }: Slot<'momentum_buffer', MuonOptions>, gradient: Tensor): void {
    const { lr, weightDecay, momentum, momentumStart, momentumWarmup, nesterov, parts, matchAdam } = options;
    const warmth = step > momentumWarmup ? 1 : (step - 1) / momentumWarmup;
    const kept = momentumStart + warmth * (momentum - momentumStart);
    const [rows, columns] = [(parameter.shape[0] as number) / parts, parameter.shape[1] as number];
    const rate = lr * (matchAdam ? 0.2 * Math.sqrt(Math.max(rows, columns)) : Math.sqrt(Math.max(1, rows / columns)));
    const size = rows * columns;
    approach(state.momentum_buffer, gradient, 1 - kept);
    scope(() =>
      noGrad(() => {
        const ahead = affine(state.momentum_buffer, 1, 0);
        if (nesterov) approach(ahead, gradient, 1 - kept);
        for (let part = 0; part < parts; part++) {
          const direction = orthogonalised(slice(ahead, 0, part * rows, (part + 1) * rows), options);
          const at = parameter.ptr + part * size * parameter.storage.backend.unit;
          kernels.sgd(at, direction.ptr, 0, size, rate, 0, 1, rate > 0 ? (lr * weightDecay) / rate : 0, 0);
        }
      }),
    );
  }
}

/** What Muon and AdamW are given of one model. */
export interface MuonGroups {
  /** Matrices for Muon; those that hold maps of queries, keys and values as one, with `parts` 3. */
  hidden: ParameterGroup<MuonOptions>[];
  /** The others, by path. */
  rest: Map<string, Tensor>;
}

/**
 * Divides parameters for {@link Muon} and {@link AdamW}: the matrices, but for those that `outside` says are embeddings or the map to logits, and the rest.
 * `const { hidden, rest } = muonGroups(model, (path) => !path.startsWith('layers.'))`, then
 * `new Optimizers([new Muon(hidden, { lr: 0.02 }), new AdamW(rest, { lr: 3e-3 })])`.
 */
export function muonGroups(parameters: ParameterSet, outside: (path: string, parameter: Tensor) => boolean): MuonGroups {
  if (typeof outside !== 'function') throw new TypeError(`muonGroups: outside must be a function, got ${shown(outside)}`);
  const [single, packed, rest] = [new Map<string, Tensor>(), new Map<string, Tensor>(), new Map<string, Tensor>()];
  for (const [path, x] of named('muonGroups', parameters)) {
    const matrix = x.rank === 2 && !outside(path, x);
    (!matrix ? rest : /(^|\.)in_proj_weight$/.test(path) ? packed : single).set(path, x);
  }
  const groups = [{ parameters: single }, { parameters: packed, parts: 3 }];
  return { hidden: groups.filter(({ parameters }) => parameters.size > 0), rest };
}
