import type { Case, Figure } from '../case.ts';
import { attentions } from './attention.ts';
import { convolution } from './convolution.ts';
import { dates } from './dates.ts';
import { decode } from './decode.ts';
import { elementwise } from './elementwise.ts';
import { encoder } from './encoder.ts';
import { fronts } from './fronts.ts';
import { g2p } from './g2p.ts';
import { gpt } from './gpt.ts';
import { machines } from './machines.ts';
import { products } from './matmul.ts';
import { weight } from './package.ts';
import { parts } from './parts.ts';
import { recurrent } from './recurrent.ts';
import { rows } from './rows.ts';
import { smallOps } from './small.ts';

/** Every family by name. */
export const families: Readonly<Record<string, readonly (Case | Figure)[]>> = {
  matmul: products,
  convolution,
  elementwise,
  rows,
  parts,
  attention: attentions,
  recurrent,
  machines,
  dates,
  g2p,
  gpt,
  encoder,
  decode,
  small: smallOps,
  fronts,
  package: weight,
};
