import { scope } from 'saccade';
import { describe, expect, it } from 'vitest';
import { families } from '../../bench/cases/index.ts';
import { verify } from '../../bench/measure.ts';

const cases = Object.entries(families).flatMap(([family, list]) =>
  list.flatMap((item) => ('proof' in item ? [[`${family} ${item.name}`, family, item] as const] : [])),
);

/** Those whose float64 takes a moment; the bench itself proves all of them before it times them. */
const quick = cases.filter(([name]) =>
  /^(small|matmul (32|63|64)³|recurrent .* H64|elementwise .* 4096|g2p biLSTM-64|attention \w+ T=128 causal)/.test(name),
);

describe('what the bench measures', () => {
  it('is proved in every case', () => {
    expect(cases.length).toBeGreaterThan(80);
    expect(quick.length).toBeGreaterThan(20);
  });

  it.each(quick)('%s is what plain float64 computes, and is refused where it is off by a part in ten thousand', (_, family, item) => {
    const { got, wanted } = scope(item.proof);
    verify(family, { ...item, proof: () => ({ got, wanted }) });
    const worst = Array.from(got).reduce((most, value, i) => (Math.abs(value) > Math.abs(got[most] ?? 0) ? i : most), 0);
    const off = Array.from(got, (value, i) => (i === worst ? value * 1.0001 : value));
    expect(() => verify(family, { ...item, proof: () => ({ got: off, wanted }) })).toThrow('of float64, got');
  });
});
