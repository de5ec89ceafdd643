// Every module, mechanism and model is made of ops that a trace sees: it comes out again from them, and nothing is worked out beside them.
import { describe, expect, it } from 'vitest';
import { trace } from '../../src/autograd/trace.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import { rows } from '../nn/table.ts';
import { replay } from '../ops/replay.ts';

/** What looks at elements to choose between ways, and why. */
const looking: Record<string, string> = {
  IntraAttention: 'a mask with padding at the end alone is read in one go',
  RecurrentAttention: 'the pixels of a glimpse are counted from the place that was drawn',
};

const titled = rows.map((row) => [row.name ? `${row.module}: ${row.name}` : row.module, row] as const);

describe.each(titled)('%s', (_, row) => {
  it('comes out again from its trace', () => {
    scope(() => {
      const module = row.build(key(1));
      const found = trace(() => row.call(module, [0, 1, 2], row.dropout ? key(2) : undefined));
      const { calls, constants, reads, effects, result } = found;
      expect(effects).toEqual([]);
      expect(constants.filter(({ from }) => from === 'hidden')).toEqual([]);
      if (!(row.module in looking)) expect([reads.length, constants.filter(({ read }) => read).length]).toEqual([0, 0]);
      const results = replay(found);
      expect(calls.length).toBeGreaterThan(0);
      const bits = (from: typeof result) => Array.from(new Int32Array(Float32Array.from(from.toArray()).buffer));
      expect(bits(results.get(result) ?? result)).toEqual(bits(result));
    });
  });
});

it('names only modules that there are', () => {
  const modules = rows.map(({ module }) => module);
  expect(Object.keys(looking).filter((name) => !modules.includes(name))).toEqual([]);
});
