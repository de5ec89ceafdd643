import { noGrad } from '../autograd/record.ts';
import type { Module } from '../nn/module.ts';
import { concat, slice } from '../ops/index.ts';
import { scope } from '../tensor/scope.ts';
import { sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Fills a model with the weights of one that differs by fewer labels or symbols: they are the first along the first axis, the others stay as they are. */
export function fillLarger(larger: Module, smaller: Module): void {
  scope(() =>
    noGrad(() => {
      const small = smaller.stateDict();
      const filled = Array.from(larger.stateDict(), ([path, x]): [string, Tensor] => {
        const from = small.get(path) as Tensor;
        return [
          path,
          sameShape(from.shape, x.shape) ? from : concat([from, slice(x, 0, from.shape[0] as number, x.shape[0] as number)], 0),
        ];
      });
      larger.loadStateDict(new Map(filled));
    }),
  );
}

/** How many rows must have a label that was not known before: fewer are a slip of the pen, and none could be held out. */
export const NEW_ROWS = 5;

/** The labels of rows that are new, sorted: those that enough rows have. */
export function newLabelsOf(rows: readonly { label: string }[], known: ReadonlySet<string>): string[] {
  const counts = new Map<string, number>();
  for (const { label } of rows) if (!known.has(label)) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts].flatMap(([label, count]) => (count >= NEW_ROWS ? [label] : [])).sort(); // biome-ignore format: one line
}
