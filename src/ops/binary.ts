// Arithmetic of two operands. A number needs no tensor where a single rounding gives the result. Sums, differences, products, maxima and
// minima also take int32: exact modulo 2³², only between int32 and whole numbers, and without a gradient.

import { type BinaryKernel, binary } from '../autograd/arithmetic.ts';
import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { full } from '../tensor/create.ts';
import { expectDType, type Tensor } from '../tensor/tensor.ts';
import { both, floatMul, floatNeg, floatSub, line, same, scaled } from './float.ts';
import { less, lessEqual, type Operand, toFloat, where } from './logic.ts';

/** An operand of an op without a form for numbers. */
function operand(op: string, name: string, x: Operand): Tensor {
  if (typeof x === 'number') return full([], x);
  expectDType(op, name, x, 'float32');
  return x;
}

/** Whether an op runs on int32. */
const isInt = (a: Operand, b: Operand) => (a as Tensor)?.dtype === 'int32' || (b as Tensor)?.dtype === 'int32';

/** Two operands, at least one of them int32: the other must be int32 too, or a number that fits. */
function integers(op: string, a: Operand, b: Operand): [Tensor, Tensor] {
  const integer = (name: string, x: Operand) => {
    if (typeof x !== 'number') {
      expectDType(op, name, x, 'int32');
      return x;
    }
    if (x !== (x | 0)) throw new RangeError(`${op}: ${name} must be a whole number of 32 bits beside int32, got ${x}`);
    return full([], x, 'int32');
  };
  return [integer('a', a), integer('b', b)];
}

const INTS = ['int32', 'int32'] as const;

/** The int32 form: modulo 2³² and without a gradient. */
function inWhole(op: string, kernel: BinaryKernel, a: Operand, b: Operand): Tensor {
  const inputs = integers(op, a, b);
  return record(op, binary(op, kernel, ...inputs, 'int32', INTS), { inputs });
}

/** `scale · x + shift` for numbers `scale` and `shift`. Gradient: `scale · g`. */
export function affine(x: Tensor, scale: number, shift: number): Tensor {
  return line('affine', 'x', x, scale, shift);
}

/** `−x`. Gradient: `−g`. */
export function neg(x: Tensor): Tensor {
  if (isInt(x, 0)) return inWhole('sub', kernels.subInt, 0, x);
  return floatNeg(x);
}

/** `a + b`, broadcast. Gradients: `g`, `g`. */
export function add(a: Operand, b: Operand): Tensor {
  if (isInt(a, b)) return inWhole('add', kernels.addInt, a, b);
  if (typeof b === 'number') return line('add', 'a', operand('add', 'a', a), 1, b);
  if (typeof a === 'number') return line('add', 'b', b, 1, a);
  return both('add', kernels.add, a, b, same, same);
}

/** `a − b`, broadcast. Gradients: `g`, `−g`. */
export function sub(a: Operand, b: Operand): Tensor {
  if (isInt(a, b)) return inWhole('sub', kernels.subInt, a, b);
  if (typeof b === 'number') return line('sub', 'a', operand('sub', 'a', a), 1, -b);
  if (typeof a === 'number') return line('sub', 'b', b, -1, a);
  return floatSub(a, b);
}

/** `a · b`, element by element, broadcast. Gradients: `g·b`, `g·a`. */
export function mul(a: Operand, b: Operand): Tensor {
  if (isInt(a, b)) return inWhole('mul', kernels.mulInt, a, b);
  if (typeof b === 'number') return scaled(operand('mul', 'a', a), b);
  if (typeof a === 'number') return line('mul', 'b', b, a, -0);
  return floatMul(a, b);
}

/** `a / b`, broadcast. Gradients: `g/b`, `−g·(a/b)/b`. */
export function div(a: Operand, b: Operand): Tensor {
  if (isInt(a, b)) throw new TypeError('div: operands must be float32, got int32 (toFloat makes it so)');
  const [p, q] = [operand('div', 'a', a), operand('div', 'b', b)];
  return both(
    'div',
    kernels.div,
    p,
    q,
    (g) => div(g, q),
    (g, y) => neg(div(mul(g, y), q)),
  );
}

/** The share of `a` in the gradient: 1 where it is larger, ½ at a tie, else 0. */
const share = (a: Tensor, b: Tensor) => scaled(add(toFloat(less(b, a)), toFloat(lessEqual(b, a))), 0.5);

const chosen = (a: Tensor, b: Tensor, larger: boolean) => where(less(a, b), larger ? b : a, larger ? a : b);

/** The larger of two, broadcast; NaN where either is NaN. Gradient: to the larger; half to each at a tie (as in PyTorch). */
export function maximum(a: Operand, b: Operand): Tensor {
  if (isInt(a, b)) return chosen(...integers('maximum', a, b), true);
  const [p, q] = [operand('maximum', 'a', a), operand('maximum', 'b', b)];
  return both(
    'maximum',
    kernels.maximum,
    p,
    q,
    (g) => mul(g, share(p, q)),
    (g) => mul(g, share(q, p)),
  );
}

/** The smaller of two, broadcast; NaN where either is NaN. Gradient: to the smaller; half to each at a tie (as in PyTorch). */
export function minimum(a: Operand, b: Operand): Tensor {
  if (isInt(a, b)) return chosen(...integers('minimum', a, b), false);
  const [p, q] = [operand('minimum', 'a', a), operand('minimum', 'b', b)];
  return both(
    'minimum',
    kernels.minimum,
    p,
    q,
    (g) => mul(g, share(q, p)),
    (g) => mul(g, share(p, q)),
  );
}
