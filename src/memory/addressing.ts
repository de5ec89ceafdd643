// Where heads look in a memory: the four stages of the Neural Turing Machine (Graves, Wayne, Danihelka 2014, §3.3), each a pure function.

import { cosineScore } from '../attention/content.ts';
import { add, concat, flip, log, matmul, mul, reshape, slice, softmax, sub, unfold } from '../ops/index.ts';
import { expectFields } from '../tensor/check.ts';
import { sameShape, show } from '../tensor/shape.ts';
import { expectDType, type Tensor } from '../tensor/tensor.ts';

/** What a head says of where it looks; H heads at once. */
export interface Addressing {
  /** k, what to look for: `[B, H, W]`. */
  readonly key: Tensor;
  /** β from 0, how sharply to look for it: `[B, H]`. */
  readonly strength: Tensor;
  /** g in [0, 1], how much is looked for; the rest stays where it was: `[B, H]`. */
  readonly gate: Tensor;
  /** s, how far to move on from there: weights of the moves −r … r, which add up to 1: `[B, H, 2r + 1]`. */
  readonly shift: Tensor;
  /** γ from 1, how much the result is sharpened: `[B, H]`. */
  readonly sharpness: Tensor;
}

/** Keeps the logarithm defined: weights may be 0. */
const EPSILON = 1e-12;

/** The sizes of float32 weights `[B, H, N]`. */
function sizesOf(op: string, name: string, weights: Tensor): [batch: number, heads: number, cells: number] {
  expectDType(op, name, weights, 'float32');
  if (weights.rank !== 3 || weights.shape[2] === 0) throw new RangeError(`${op}: ${name} must be [B, H, N], got ${show(weights.shape)}`);
  return weights.shape as unknown as [number, number, number];
}

/** Numbers of each head `[B, H]` as `[B, H, 1]`. */
function each(op: string, name: string, x: Tensor, batch: number, heads: number): Tensor {
  expectDType(op, name, x, 'float32');
  if (!sameShape(x.shape, [batch, heads])) throw new RangeError(`${op}: ${name} must be [${batch}, ${heads}], got ${show(x.shape)}`);
  return reshape(x, [batch, heads, 1]);
}

/** Checks a memory `[B, N, W]` and vectors of its width, `[B, H, W]`. */
function expectVectors(op: string, memory: Tensor, name: string, vectors: Tensor): void {
  expectDType(op, 'memory', memory, 'float32');
  expectDType(op, name, vectors, 'float32');
  if (memory.rank !== 3) throw new RangeError(`${op}: memory must be [B, N, W], got ${show(memory.shape)}`);
  const [batch, , width] = memory.shape;
  if (vectors.rank === 3 && vectors.shape[0] === batch && vectors.shape[2] === width) return;
  throw new RangeError(`${op}: ${name} must be [${batch}, H, ${width}], got ${show(vectors.shape)}`);
}

/**
 * `softmaxᵢ(β cos(k, Mᵢ))` (§3.3.1, eq. 5–6): memory `[B, N, W]`, key `[B, H, W]` and strength `[B, H]` → `[B, H, N]`. Cells of zeros have the
 * cosine 0.
 */
export function contentWeights(memory: Tensor, key: Tensor, strength: Tensor): Tensor {
  expectVectors('contentWeights', memory, 'key', key);
  return softmax(cosineScore(key, memory, each('contentWeights', 'strength', strength, ...(key.shape.slice(0, 2) as [number, number]))));
}

/** `g wᶜ + (1 − g) w′` (§3.3.2, eq. 7): weights by content and those before `[B, H, N]`, gate `[B, H]`. */
export function interpolateWeights(content: Tensor, previous: Tensor, gate: Tensor): Tensor {
  const [batch, heads] = sizesOf('interpolateWeights', 'content', content);
  sizesOf('interpolateWeights', 'previous', previous);
  if (!sameShape(content.shape, previous.shape)) {
    throw new RangeError(`interpolateWeights: weights must have one shape, got ${show(content.shape)} and ${show(previous.shape)}`);
  }
  return add(previous, mul(each('interpolateWeights', 'gate', gate, batch, heads), sub(content, previous)));
}

/**
 * `w̃ᵢ = Σⱼ sⱼ wᵢ₋ⱼ`, the cells a circle (§3.3.2, eq. 8): weights `[B, H, N]`, and a shift `[B, H, 2r + 1]` that weighs the moves j = −r … r, +1
 * to the next cell.
 */
export function shiftWeights(weights: Tensor, shift: Tensor): Tensor {
  const [batch, heads, cells] = sizesOf('shiftWeights', 'weights', weights);
  const [, , moves] = sizesOf('shiftWeights', 'shift', shift);
  if (shift.shape[0] !== batch || shift.shape[1] !== heads || moves % 2 === 0 || moves > cells) {
    const wanted = `[${batch}, ${heads}, 2r + 1] with at most ${cells} moves`;
    throw new RangeError(`shiftWeights: shift must be ${wanted}, got ${show(shift.shape)}`);
  }
  const reach = (moves - 1) / 2;
  if (reach === 0) return mul(weights, shift);
  const circle = concat([slice(weights, 2, cells - reach), weights, slice(weights, 2, 0, reach)], 2); // [B, H, N + 2r]
  const near = unfold(circle, moves, 2); // [B, H, N, 2r + 1], element m being w at i − r + m, whose move is r − m
  return reshape(matmul(near, reshape(flip(shift, 2), [batch, heads, moves, 1])), [batch, heads, cells]);
}

/**
 * `wᵢ^γ / Σ wⱼ^γ` (§3.3.2, eq. 9): weights `[B, H, N]`, sharpness `[B, H]`. Computed as `softmax(γ ln(w + 1e-12))`, in which nothing
 * underflows however large γ is.
 */
export function sharpenWeights(weights: Tensor, sharpness: Tensor): Tensor {
  const [batch, heads] = sizesOf('sharpenWeights', 'weights', weights);
  return softmax(mul(log(add(weights, EPSILON)), each('sharpenWeights', 'sharpness', sharpness, batch, heads)));
}

/**
 * All four stages (§3.3, fig. 2): from a memory `[B, N, W]` and the weights before `[B, H, N]` to the new ones. By content, between that and
 * the old ones, moved on, sharpened.
 */
export function addressMemory(memory: Tensor, previous: Tensor, addressing: Addressing): Tensor {
  expectFields('addressMemory', 'addressing', addressing, 'key', 'strength', 'gate', 'shift', 'sharpness');
  const { key, strength, gate, shift, sharpness } = addressing;
  const content = contentWeights(memory, key, strength);
  return sharpenWeights(shiftWeights(interpolateWeights(content, previous, gate), shift), sharpness);
}

/** `r = Σᵢ wᵢ Mᵢ` (§3.1, eq. 2): memory `[B, N, W]`, weights `[B, H, N]` → `[B, H, W]`. */
export function readMemory(memory: Tensor, weights: Tensor): Tensor {
  const [batch, , cells] = sizesOf('readMemory', 'weights', weights);
  expectDType('readMemory', 'memory', memory, 'float32');
  if (memory.rank !== 3 || memory.shape[0] !== batch || memory.shape[1] !== cells) {
    throw new RangeError(`readMemory: memory must be [${batch}, ${cells}, W], got ${show(memory.shape)}`);
  }
  return matmul(weights, memory);
}

/**
 * `M ∘ (1 − w eᵀ) + w aᵀ` (§3.2, eq. 3–4): memory `[B, N, W]`, weights `[B, H, N]`, what to erase in [0, 1] and what to add `[B, H, W]`. With several
 * heads all erase first, and then all add.
 */
export function writeMemory(memory: Tensor, weights: Tensor, erase: Tensor, addition: Tensor): Tensor {
  const [batch, heads, cells] = sizesOf('writeMemory', 'weights', weights);
  expectVectors('writeMemory', memory, 'erase', erase);
  expectVectors('writeMemory', memory, 'addition', addition);
  const width = memory.shape[2] as number;
  if (memory.shape[1] !== cells || erase.shape[1] !== heads || addition.shape[1] !== heads) {
    const got = [memory, erase, addition].map(({ shape }) => show(shape)).join(', ');
    throw new RangeError(`writeMemory: memory, erase and addition must be of ${cells} cells and ${heads} heads, got ${got}`);
  }
  let kept = memory;
  for (let h = 0; h < heads; h++) {
    const here = reshape(slice(weights, 1, h, h + 1), [batch, cells, 1]);
    kept = sub(kept, mul(kept, mul(here, reshape(slice(erase, 1, h, h + 1), [batch, 1, width]))));
  }
  return add(kept, matmul(weights, addition, { transposeA: true }));
}
