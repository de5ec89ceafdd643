// Every op of the package, and what programs do between ops.
import type { Row } from './draw.ts';
import { along } from './rows/along.ts';
import { attending } from './rows/attention.ts';
import { aligning } from './rows/ctc.ts';
import { elementwise } from './rows/elementwise.ts';
import { images } from './rows/image.ts';
import { indexed } from './rows/indexed.ts';
import { ordered } from './rows/ordered.ts';
import { products } from './rows/products.ts';
import { recurrent } from './rows/recurrent.ts';
import { shapes } from './rows/shape.ts';
import { structure } from './rows/structure.ts';

export const rows: readonly Row[] = [
  ...elementwise,
  ...shapes,
  ...along,
  ...images,
  ...indexed,
  ...ordered,
  ...products,
  ...recurrent,
  ...attending,
  ...aligning,
  ...structure,
];

/** Each row as often as it is drawn. */
export const weighted: readonly Row[] = rows.flatMap((row) => Array.from({ length: row.weight ?? 1 }, () => row));
