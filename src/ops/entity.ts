import { sumAxis } from '../autograd/arithmetic.ts';
import { recompose } from '../autograd/recompose.ts';
import { recording } from '../autograd/record.ts';
import { recordSeveral } from '../autograd/several.ts';
import * as call from '../runtime/generated/calls.ts';
import { expectNames, type Names, shown } from '../tensor/check.ts';
import { asOne } from '../tensor/observe.ts';
import { scope } from '../tensor/scope.ts';
import { type Shape, sameShape, show } from '../tensor/shape.ts';
import { type Deferred, empty, expectDType, Tensor } from '../tensor/tensor.ts';
import { add, div, mul } from './binary.ts';
import { sigmoid, sqrt, square } from './elementwise.ts';
import { allFinite } from './finite.ts';
import { type Gradients, joined, tracked } from './fused.ts';
import { equal, greater, where } from './logic.ts';
import { linear, matmul, outer } from './matmul.ts';
import { multiplier } from './product/multiply.ts';
import { sum } from './reduce.ts';
import { at, copyOf, move } from './sequence.ts';
import { concat, reshape, select, stack, transpose } from './shape.ts';

/** What the entities of {@link entityStates} share, and their keys. */
export interface EntityWeights {
  /** w `[N, D]` */
  keys: Tensor;
  /** `[N]` */
  gateBias: Tensor;
  /** U `[D, D]` */
  stateWeight: Tensor;
  /** b `[D]` */
  stateBias: Tensor;
  /** V `[D, D]` */
  sentenceWeight: Tensor;
  /** W `[D, D]` */
  keyWeight: Tensor;
  /** `[D]` */
  slopes: Tensor;
}

/** Options of {@link entityStates}. */
export interface EntityStatesOptions {
  /** bool `[B, S]`, true where a sentence is real. The others leave the states as they are, with gates of 0. */
  mask?: Tensor | undefined;
}

/** What {@link entityStates} returns. */
export interface EntityStates {
  /** `[B, S + 1, N, D]`: before the first sentence and after each one. */
  states: Tensor;
  /** `[B, S, N]` */
  gates: Tensor;
}

/** The lengths of a call. */
interface Story {
  batch: number;
  steps: number;
  slots: number;
  width: number;
  mask: Tensor | undefined;
}

/** What the gradient needs from the forward pass. */
interface Saved {
  /** The arguments of φ `[S, B, N, D]` */
  arguments: Tensor;
  /** 1 / ‖·‖ `[S, B, N]` */
  rates: Tensor;
  /** `[S + 1, B, N, D]` */
  hs: Tensor;
}

/** What the tape knows: sentences and their products `[S, B, ·]`, the keys' product `[N, D]`, the first states, U, the slopes. */
type Inputs = [heard: Tensor, matched: Tensor, driven: Tensor, own: Tensor, h0: Tensor, stateWeight: Tensor, slopes: Tensor];

const options: Names<EntityStatesOptions> = { mask: 0 };
const OP = 'entityStates';

function storyOf(sentences: Tensor, h0: Tensor, weights: EntityWeights, given: EntityStatesOptions): Story {
  expectNames(OP, given, options);
  const { mask } = given;
  expectDType(OP, 'sentences', sentences, 'float32');
  expectDType(OP, 'h0', h0, 'float32');
  if (typeof weights !== 'object' || weights === null) throw new TypeError(`${OP}: weights must be an object, got ${shown(weights)}`);
  const [batch, steps, width] = sentences.shape;
  if (sentences.rank !== 3 || batch === undefined || steps === undefined || width === undefined) {
    throw new RangeError(`${OP}: sentences must be [B, S, D], got ${show(sentences.shape)}`);
  }
  const slots = h0.shape[1] ?? 0;
  if (h0.rank !== 3) throw new RangeError(`${OP}: h0 must be [B, N, D], got ${show(h0.shape)}`);
  const square: Shape = [width, width];
  const expected: Record<string, [Tensor, Shape]> = {
    h0: [h0, [batch, slots, width]],
    keys: [weights.keys, [slots, width]],
    gateBias: [weights.gateBias, [slots]],
    stateWeight: [weights.stateWeight, square],
    stateBias: [weights.stateBias, [width]],
    sentenceWeight: [weights.sentenceWeight, square],
    keyWeight: [weights.keyWeight, square],
    slopes: [weights.slopes, [width]],
  };
  for (const [name, [tensor, shape]] of Object.entries(expected)) {
    expectDType(OP, name, tensor, 'float32');
    if (!sameShape(tensor.shape, shape)) throw new RangeError(`${OP}: ${name} must be ${show(shape)}, got ${show(tensor.shape)}`);
  }
  if (mask) {
    expectDType(OP, 'mask', mask, 'bool');
    if (!sameShape(mask.shape, [batch, steps]))
      throw new RangeError(`${OP}: mask must be ${show([batch, steps])}, got ${show(mask.shape)}`);
  }
  return { batch, steps, slots, width, mask };
}

/** The numbers of a kernel's call, and the address of the mask's column of a sentence. */
function stepOf({ batch, steps, slots, width, mask }: Story, s: number) {
  return { mask: mask ? at(mask, s) : 0, batch, slots, width, gateStride: steps * slots, maskStride: steps };
}

function forward(q: Story, y: EntityStates, [heard, matched, driven, own, h0, stateWeight, slopes]: Inputs): Saved {
  const { batch, steps, slots, width } = q;
  const [one, block] = [slots * width, batch * slots * width];
  const z = empty([steps, batch, slots, width]);
  const [rates, hs] = [empty([steps, batch, slots]), empty([steps + 1, batch, slots, width])];
  move(hs.ptr, h0.ptr, block);
  const outStride = (steps + 1) * one;
  const [oStrides, xStrides] = [
    [0, 0, outStride, 1],
    [0, 0, one, 1],
  ] as const;
  call.copy({ out: y.states.ptr, x: h0.ptr, lengths: [1, 1, batch, one], oStrides, xStrides });
  const product = multiplier(stateWeight, true, batch * slots);
  for (let s = 0; s < steps; s++) {
    product(at(z, s * block), at(hs, s * block), 0);
    call.entityCell({
      out: at(y.states, (s + 1) * one),
      h: at(hs, (s + 1) * block),
      gates: at(y.gates, s * slots),
      rates: at(rates, s * batch * slots),
      product: at(z, s * block),
      sentence: at(heard, s * batch * width),
      matched: at(matched, s * batch * slots),
      driven: at(driven, s * batch * width),
      own: own.ptr,
      slopes: slopes.ptr,
      hPrev: at(hs, s * block),
      outStride,
      ...stepOf(q, s),
    });
  }
  return { arguments: z, rates, hs };
}

function back(q: Story, y: EntityStates, gs: Gradients, inputs: Inputs, saved: Saved): (Tensor | Deferred | null)[] {
  const { batch, steps, slots, width } = q;
  const [one, block, rows] = [slots * width, batch * slots * width, steps * batch];
  const [heard, matched, driven, , h0, stateWeight, slopes] = inputs;
  const dproduct = empty([steps, batch, slots, width]);
  const [dheard, dmatched, ddriven] = [empty(heard.shape), empty(matched.shape), empty(driven.shape)];
  const each = empty([steps, batch, width]); // of the slopes
  const dh = copyOf(null, [batch, slots, width]);
  const product = multiplier(stateWeight, false, batch * slots);
  const gStride = (steps + 1) * one;
  const [g, gGates] = gs;
  for (let s = steps - 1; s >= 0; s--) {
    call.entityCellBackward({
      dproduct: at(dproduct, s * block),
      dsentence: at(dheard, s * batch * width),
      dmatched: at(dmatched, s * batch * slots),
      ddriven: at(ddriven, s * batch * width),
      dslopes: at(each, s * batch * width),
      dh: dh.ptr,
      g: g ? at(g, (s + 1) * one) : 0,
      gGates: gGates ? at(gGates, s * slots) : 0,
      gates: at(y.gates, s * slots),
      rates: at(saved.rates, s * batch * slots),
      product: at(saved.arguments, s * block),
      sentence: at(heard, s * batch * width),
      slopes: slopes.ptr,
      h: at(saved.hs, (s + 1) * block),
      hPrev: at(saved.hs, s * block),
      gStride,
      ...stepOf(q, s),
    });
    product(dh.ptr, at(dproduct, s * block), 1);
  }
  const flat = (x: Tensor) => new Tensor(x.storage, [rows * slots, width], 'float32', x.offset);
  const down = reshape(sumAxis(dproduct, 1, rows, one), [slots, width]);
  const dh0 = h0.requiresGrad ? (g ? add(dh, select(g, 1, 0)) : dh) : null;
  const dslopes = reshape(sumAxis(each, 1, rows, width), [width]);
  return [dheard, dmatched, ddriven, down, dh0, stateWeight.requiresGrad ? outer(flat(dproduct), flat(saved.hs)) : null, dslopes];
}

/** {@link entityStates} composed of ops, its results in one row. */
function composed({ batch, steps, width, slots, mask }: Story, [heard, matched, driven, own, h0, stateWeight, slopes]: Inputs): Tensor {
  let h = h0;
  const [states, gates]: [Tensor[], Tensor[]] = [[h], []];
  for (let s = 0; s < steps; s++) {
    const of = (x: Tensor, ...shape: number[]) => reshape(select(x, 0, s), [batch, ...shape]);
    const gate = sigmoid(add(matmul(h, of(heard, width, 1)), of(matched, slots, 1))); // [B, N, 1]
    const z = add(linear(h, stateWeight), add(own, of(driven, 1, width))); // [B, N, D]
    const moved = add(h, mul(gate, where(greater(z, 0), z, mul(z, slopes))));
    const length = sum(square(moved), { axis: -1, keepDims: true }); // squared
    const next = div(moved, sqrt(where(equal(length, 0), 1, length)));
    const real = mask && reshape(select(mask, 1, s), [batch, 1, 1]);
    h = real ? where(real, next, h) : next;
    states.push(h);
    gates.push(reshape(real ? where(real, gate, 0) : gate, [batch, slots]));
  }
  return concat([reshape(stack(states, 1), [-1]), ...(steps > 0 ? [reshape(stack(gates, 1), [-1])] : [])]);
}

function run(q: Story, sentences: Tensor, h0: Tensor, w: EntityWeights): EntityStates {
  const { batch, steps, slots, width, mask } = q;
  // The gradients of the weights are products with all sentences, and 0 · NaN of one that is not real would not be 0.
  const real = mask && !allFinite(sentences) ? where(reshape(mask, [batch, steps, 1]), sentences, 0) : sentences;
  const heard = transpose(real, 0, 1); // [S, B, D]
  const [matched, driven] = [linear(heard, w.keys, w.gateBias), linear(heard, w.sentenceWeight)]; // [S, B, N], [S, B, D]
  const inputs: Inputs = [heard, matched, driven, linear(w.keys, w.keyWeight, w.stateBias), h0, w.stateWeight, w.slopes];
  const y = { states: empty([batch, steps + 1, slots, width]), gates: empty([batch, steps, slots]) };
  const saved = scope(() => {
    const all = forward(q, y, inputs);
    return tracked(inputs) ? all : undefined;
  });
  recordSeveral(OP, [y.states, y.gates], { inputs }, (gs) => {
    if (recording()) return recompose((...given) => composed(q, given as Inputs), inputs, joined(gs, [y.states, y.gates]));
    return scope(() => back(q, y, gs, inputs, saved as Saved));
  });
  return y;
}

/**
 * A story as the entities of a recurrent entity network hear it, sentence by sentence (Henaff et al. 2017, eq. 3–5): from the states `h0` `[B, N, D]` on,
 * `g_j = σ(sᵀ (h_j + w_j) + gateBias_j)`, `h̃_j = φ(U h_j + b + V s + W w_j)` and `h_j ← (h_j + g_j h̃_j) / ‖h_j + g_j h̃_j‖`, which stays as it is where
 * that is 0. `sentences` s are `[B, S, D]`; `φ(z)` is z, or `slopes · z` where that is negative. Gradient: one fused pass back through the sentences;
 * composed of ops if it is differentiated again.
 */
export function entityStates(sentences: Tensor, h0: Tensor, weights: EntityWeights, options: EntityStatesOptions = {}): EntityStates {
  const q = storyOf(sentences, h0, weights, options);
  const { keys, gateBias, stateWeight, stateBias, sentenceWeight, keyWeight, slopes } = weights;
  const inputs = [sentences, h0, keys, gateBias, stateWeight, stateBias, sentenceWeight, keyWeight, slopes, q.mask];
  return asOne(
    OP,
    { inputs },
    () => run(q, sentences, h0, weights),
    ({ states, gates }) => [states, gates],
  );
}
