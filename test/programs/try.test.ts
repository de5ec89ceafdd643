import { it } from 'vitest';
import * as S from '../../src/index.ts';
import { Execution, judge } from './execute.ts';
import { drawn, fuzz, genes } from './fuzz.ts';

it('tries', () => {
  const t = performance.now();
  const skip = process.env.SKIP ? new RegExp(process.env.SKIP) : null;
  const counts = new Map<string, [number, number]>();
  let n = 0;
  const run = (program: any) => {
    n++;
    try {
      new Execution(S, judge).run(program);
    } catch (e: any) {
      const m = String(e.message)
        .replace(/x?\d+(\.\d+)?/g, '#')
        .replace(/-/g, '')
        .slice(0, 50);
      const c = counts.get(m) ?? [0, n];
      c[0]++;
      counts.set(m, c);
      if (skip && !skip.test(e.message)) throw e;
    }
  };
  if (process.env.FPATH) run === run;
  const r = fuzz(S, { programs: Number(process.env.PROGRAMS ?? 1000), seed: Number(process.env.SEED ?? 1), path: process.env.FPATH, run });
  console.log(r.failure?.message ?? 'fine', r.programs, performance.now() - t);
  for (const [m, c] of [...counts].sort((a, b) => b[1][0] - a[1][0]).slice(0, 40)) console.log(c[0], 'first', c[1], m);
});
