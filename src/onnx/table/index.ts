// Every op that has a form in ONNX.

import type { OnnxOp } from '../graph.ts';
import { attending } from './attention.ts';
import { elementwise } from './elementwise.ts';
import { hearing } from './entity.ts';
import { picturing } from './image.ts';
import { indexing } from './indices.ts';
import { norms } from './normalise.ts';
import { parts } from './parts.ts';
import { products } from './product.ts';
import { sequences } from './recurrent.ts';
import { reductions } from './reduce.ts';
import { positions } from './rotary.ts';
import { running } from './scan.ts';
import { shaping } from './shape.ts';

/** What is written for each op. */
export const table: Readonly<Record<string, OnnxOp>> = {
  ...attending,
  ...elementwise,
  ...hearing,
  ...indexing,
  ...norms,
  ...parts,
  ...picturing,
  ...positions,
  ...products,
  ...reductions,
  ...running,
  ...sequences,
  ...shaping,
};
