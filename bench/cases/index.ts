import type { Case } from '../case.ts';
import { elementwise } from './elementwise.ts';
import { products } from './matmul.ts';

/** Every family by name. */
export const families: Readonly<Record<string, readonly Case[]>> = { matmul: products, elementwise };
