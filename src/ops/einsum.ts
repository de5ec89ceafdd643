import { show } from '../tensor/shape.ts';
import { expectDType, type Tensor } from '../tensor/tensor.ts';
import { matmul } from './matmul.ts';
import { sum } from './reduce.ts';
import { permute, reshape } from './shape.ts';

/** An operand with one letter per axis. */
interface Lettered {
  x: Tensor;
  axes: string;
}

const lengthOf = ({ x, axes }: Lettered, letter: string) => x.shape[axes.indexOf(letter)] as number;

/** The operand with its axes in the order of `letters`, which must be all of them. */
function ordered({ x, axes }: Lettered, letters: string): Tensor {
  return letters === axes
    ? x
    : permute(
        x,
        [...letters].map((letter) => axes.indexOf(letter)),
      );
}

/** Sums over the letters that no other operand and no result has. */
function reduced(operand: Lettered, wanted: string): Lettered {
  const gone = [...operand.axes].filter((letter) => !wanted.includes(letter));
  if (gone.length === 0) return operand;
  const axes = [...operand.axes].filter((letter) => wanted.includes(letter)).join('');
  return { x: sum(operand.x, { axis: gone.map((letter) => operand.axes.indexOf(letter)) }), axes };
}

/** Two operands as one matrix product: shared letters are batch axes if they are needed later; otherwise they are summed over. */
function contracted(a: Lettered, b: Lettered, wanted: string): Lettered {
  const [p, q] = [reduced(a, wanted + b.axes), reduced(b, wanted + a.axes)];
  const pick = (axes: string, test: (letter: string) => boolean) => [...axes].filter(test).join('');
  const batch = pick(p.axes, (letter) => q.axes.includes(letter) && wanted.includes(letter));
  const inner = pick(p.axes, (letter) => q.axes.includes(letter) && !wanted.includes(letter));
  const left = pick(p.axes, (letter) => !q.axes.includes(letter));
  const right = pick(q.axes, (letter) => !p.axes.includes(letter));
  const size = (of: Lettered, letters: string) => [...letters].reduce((product, letter) => product * lengthOf(of, letter), 1);
  const [batches, m, k, n] = [size(p, batch), size(p, left), size(p, inner), size(q, right)];
  const x = reshape(ordered(p, batch + left + inner), batch ? [batches, m, k] : [m, k]);
  const y = reshape(ordered(q, batch + inner + right), batch ? [batches, k, n] : [k, n]);
  const lengths = [...(batch + left)].map((letter) => lengthOf(p, letter)).concat([...right].map((letter) => lengthOf(q, letter)));
  return { x: reshape(matmul(x, y), lengths), axes: batch + left + right };
}

/** The letters of each operand and of the result. */
function parsed(equation: string, operands: readonly Tensor[]): { terms: string[]; result: string } {
  const form = /^[a-zA-Z]*(,[a-zA-Z]*)*(->[a-zA-Z]*)?$/;
  const text = String(equation).replaceAll(' ', '');
  if (typeof equation !== 'string' || !form.test(text)) {
    throw new RangeError(`einsum: equation must be letters for each operand, such as 'bij,bjk->bik', got '${equation}'`);
  }
  const [left = '', right] = text.split('->');
  const terms = left.split(',');
  const once = [...new Set(left.replaceAll(',', ''))].filter((letter) => left.split(letter).length === 2);
  const result = right ?? once.sort().join('');
  if (terms.length !== operands.length) {
    throw new RangeError(`einsum: equation must name each operand, got ${terms.length} terms for ${operands.length} operands`);
  }
  for (const term of [...terms, result]) {
    if (new Set(term).size !== term.length)
      throw new RangeError(`einsum: a letter must stand once in a term (no diagonals), got '${term}'`);
  }
  for (const letter of result) {
    if (!left.includes(letter))
      throw new RangeError(`einsum: letters of the result must be those of operands, got '${letter}' in '${equation}'`);
  }
  return { terms, result };
}

/** Checks that each letter has the same length everywhere. */
function expectLengths(all: readonly Lettered[]): void {
  const lengths = new Map<string, number>();
  for (const operand of all) {
    if (operand.axes.length !== operand.x.rank) {
      throw new RangeError(`einsum: a term must have a letter for each axis, got '${operand.axes}' for ${show(operand.x.shape)}`);
    }
    for (const letter of operand.axes) {
      const length = lengthOf(operand, letter);
      const known = lengths.get(letter) ?? length;
      if (known !== length) throw new RangeError(`einsum: lengths must agree, got ${known} and ${length} for '${letter}'`);
      lengths.set(letter, length);
    }
  }
}

/**
 * Einstein's sum: one term per operand, one letter per axis; a letter that the result lacks is summed over. `einsum('bij,bjk->bik', a, b)`
 * is a batch of products, `'ij->ji'` a transpose, `'i,j->ij'` an outer product. Without `->` the result has the letters that occur once, in
 * alphabetical order. Operands are combined from the left, two at a time, each pair by one {@link matmul}. Diagonals and `...` are not
 * supported. Gradients: those of its parts.
 */
export function einsum(equation: string, ...operands: Tensor[]): Tensor {
  for (const x of operands) expectDType('einsum', 'operands', x, 'float32');
  const { terms, result } = parsed(equation, operands);
  const all = operands.map((x, i): Lettered => ({ x, axes: terms[i] as string }));
  expectLengths(all);
  let [total, ...rest] = all as [Lettered, ...Lettered[]];
  rest.forEach((next, i) => {
    const later = rest.slice(i + 1).map(({ axes }) => axes);
    total = contracted(total, next, result + later.join(''));
  });
  return ordered(reduced(total, result), result);
}
