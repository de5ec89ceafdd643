import { alias, type Tensor } from '../tensor/tensor.ts';
import { sought } from './backward.ts';
import { recording, taped, withGrad } from './record.ts';

/**
 * Recomputes the gradients of a fused op from ops, so that they can be differentiated again: `f` expresses in ops what the kernel computes. Every
 * tensor with a history that `f` uses is among its inputs. Other leaves that it uses are `captured`; their gradients follow those of the inputs.
 * Omitted inputs stay omitted.
 */
export function recompose<X extends Tensor | null | undefined>(
  f: (...inputs: X[]) => Tensor,
  inputs: readonly X[],
  gradient: Tensor,
  captured: readonly Tensor[] = [],
): (Tensor | null)[] {
  const createGraph = recording();
  return withGrad(() => {
    const given = inputs.map((x) => x && taped('input', alias(x), [x], (g) => [g])) as X[];
    const copies = given.filter((x) => !!x) as Tensor[];
    const links = copies.map((copy) => copy.recorded);
    // The inputs have no history while f is differentiated; otherwise the gradient of one input would include those of inputs that depend on it.
    for (const copy of copies) {
      copy.leaf = copy.recorded !== null;
      copy.recorded = null;
    }
    const wanted = [...copies, ...captured].filter((x) => x.leaf);
    const gradients = sought(f(...given), wanted, { gradient, createGraph });
    copies.forEach((copy, i) => {
      copy.leaf = false;
      copy.recorded = links[i] ?? null;
    });
    let next = 0;
    return [...inputs, ...captured].map((x) => (x?.requiresGrad ? (gradients[next++] ?? null) : null));
  });
}
