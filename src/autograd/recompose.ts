import { alias, type Tensor } from '../tensor/tensor.ts';
import { sought } from './backward.ts';
import { recording, taped, withGrad } from './record.ts';

/**
 * The gradients of `f(...inputs)`, recorded where recording is on, for an op whose own gradient is a fused kernel and which is now differentiated
 * again: `f` says in ops what the kernel computes. What `f` uses and has a past is among its inputs; leaves that it uses beyond them are
 * `captured`, and their gradients follow those of the inputs. An input that is not there stays so.
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
    // While f is differentiated its inputs have no past: else an input's share would hold those of inputs that depend on it.
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
