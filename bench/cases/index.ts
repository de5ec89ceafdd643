import type { Case } from '../case.ts';
import { elementwise } from './elementwise.ts';
import { g2p } from './g2p.ts';
import { products } from './matmul.ts';

/** Every family by name. */
export const families: Readonly<Record<string, readonly Case[]>> = { matmul: products, elementwise, g2p };
