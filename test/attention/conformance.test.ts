// What holds for every mechanism; that it is a module like others is in test/nn/modules.test.ts.
import { describe, expect, it } from 'vitest';
import * as saccade from '../../src/all.ts';
import { Attention } from '../../src/attention/attention.ts';
import { remember } from '../../src/attention/history.ts';
import type { Attended, Mechanism, Prepared } from '../../src/attention/parts.ts';
import { DotScore } from '../../src/attention/score.ts';
import { grad } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { loadTensors, saveTensors } from '../../src/io/tensors.ts';
import { mapState, type State } from '../../src/nn/state.ts';
import { concat, gather, select, slice, stack } from '../../src/ops/index.ts';
import { backend } from '../../src/runtime/backend.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { foldIn, type Key, key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { files, read } from '../conventions/source.ts';
import { bits, list, real } from '../nn/row.ts';
import { type Masked, masks } from './masks.ts';
import { build, composedParts, keyed, keysOf, mechanisms, results } from './mechanisms.ts';
import { B, BATCH, inputs, S, T, V } from './table.ts';

const fields = (attended: Attended) => Object.entries(attended) as [string, Tensor][];
const sameBits = (a: Attended, b: Attended) => {
  expect(Object.keys(a).sort()).toEqual(Object.keys(b).sort());
  for (const [name, x] of fields(a)) expect(bits(x), name).toEqual(bits(b[name as keyof Attended] as Tensor));
};

/** A mechanism step by step over a sequence; `between` may change what is carried before a step. */
function stepped(
  mechanism: Mechanism,
  [query, keys, values]: [Tensor, Tensor, Tensor],
  options: { mask?: Tensor; key?: Key },
  between: (carried: { prepared: Prepared; state: State }, t: number) => { prepared: Prepared; state: State } = (carried) => carried,
): Attended[] {
  const { mask } = options;
  let prepared = mechanism.prepare(keys, values, mask?.rank === 2 ? { mask } : {});
  let state = mechanism.initialState(prepared, T);
  return Array.from({ length: T }, (_, t) => {
    ({ prepared, state } = between({ prepared, state }, t));
    const now = mask?.rank === 3 ? { ...prepared, mask: select(mask, 1, t) } : prepared;
    const {
      context,
      state: after,
      ...rest
    } = mechanism.step(select(query, 1, t), now, state, keyed(options.key && foldIn(options.key, t)));
    state = after;
    return { output: context, ...rest };
  });
}

/** Step t of what a sequence gave. */
const at = (attended: Attended, t: number): Attended =>
  Object.fromEntries(
    fields(attended).map(([name, x]) => [
      name,
      select(x, name === 'weights' && x.rank === 4 ? 2 : name === 'choice' && x.rank === 3 ? 2 : 1, t),
    ]),
  ) as unknown as Attended;

const rowsOf = (attended: Attended, rows: number[]): Attended =>
  Object.fromEntries(fields(attended).map(([name, x]) => [name, gather(x, tensor(rows, { dtype: 'int32' }))])) as unknown as Attended;

describe.each(mechanisms.map((row) => [row.name, row] as const))('%s', (_, row) => {
  it.each(masks.map((masked) => [masked.name, masked] as const))('%s: shapes, sums, and 0 where it may not look', (__, masked) => {
    const mask = masked.mask && { mask: masked.mask(BATCH) };
    for (const from of keysOf(row)) {
      const attended = build(row).forward(...inputs(row), { ...mask, ...keyed(from) });
      const heads = row.heads ? [row.heads] : [];
      expect(attended.output.shape).toEqual([B, T, row.output ?? V]);
      expect(attended.weights.shape).toEqual([B, ...heads, T, S]);
      expect(attended.choice?.shape).toEqual(row.chooses ? [B, ...heads, T] : undefined);
      expect(attended.logProbability?.shape).toEqual(attended.entropy && [B, T]);
      const w = list(attended.weights);
      for (let i = 0; i < w.length / S; i++) {
        const [t, b] = [i % T, Math.floor(i / T / (row.heads ?? 1))];
        const line = w.slice(i * S, (i + 1) * S);
        const may = line.map((___, s) => masked.may(b, t, s));
        line.forEach((weight, s) => {
          expect(weight).toBeGreaterThanOrEqual(0);
          if (!may[s]) expect(weight).toBe(0);
        });
        const total = line.reduce((sum, x) => sum + x, 0);
        const whole = Math.abs(total - 1) <= S * 2 ** -24;
        if (!may.some(Boolean)) expect(total).toBe(0);
        else if (row.sums === 'dropped' && from) expect(total).toBeLessThanOrEqual(S / 0.5);
        else if (row.sums === 'less') expect(total).toBeLessThanOrEqual(1 + S * 2 ** -24);
        else expect(whole || (row.sums === 'windowed' && total === 0), `${total}`).toBe(true);
        const choice = attended.choice && list(attended.choice)[i];
        if (choice !== undefined && total > 0) expect(line[choice]).toBe(1);
        if (choice !== undefined && total === 0) expect(choice).toBe(-1);
      }
      if (row.heads || row.output) continue; // what is read is made of more than one sum
      const [y, v] = [list(attended.output), list(inputs(row)[2])];
      y.forEach((got, i) => {
        const [bt, column] = [Math.floor(i / V), i % V];
        const b = Math.floor(bt / T);
        let wanted = 0;
        for (let s = 0; s < S; s++) wanted += (w[bt * S + s] as number) * (v[(b * S + s) * V + column] as number);
        expect(Math.abs(got - wanted)).toBeLessThanOrEqual(S * 2 ** -24);
      });
    }
  });

  it('steps as it runs, bit for bit', () => {
    const mechanism = build(row);
    for (const masked of masks) {
      for (const from of keysOf(row)) {
        const options = { ...(masked.mask && { mask: masked.mask(BATCH) }), ...keyed(from) };
        const whole = mechanism.forward(...inputs(row), options);
        stepped(mechanism, inputs(row), options).forEach((step, t) => sameBits(step, at(whole, t)));
      }
    }
  });

  it('gives an example the same bits alone and within a batch', () => {
    const mechanism = build(row);
    for (const { mask } of masks) {
      const all = mechanism.forward(...inputs(row), mask ? { mask: mask(BATCH) } : {});
      for (const b of BATCH) {
        sameBits(mechanism.forward(...inputs(row, [b]), mask ? { mask: mask([b]) } : {}), rowsOf(all, [b]));
      }
    }
  });

  it('goes on after a search has reordered what it carries', () => {
    const mechanism = build(row);
    const mask = (masks[1] as (typeof masks)[number]).mask?.(BATCH) as Tensor;
    const rows = [2, 0, 0, 1];
    const reorder = (x: Tensor) => gather(x, tensor(rows, { dtype: 'int32' }));
    const [query, keys, values] = inputs(row);
    const wanted = stepped(mechanism, [query, keys, values], { mask });
    // The last step's queries stand where the rows that carry on will be.
    const moved = stack([select(query, 1, 0), select(query, 1, 1), reorder(select(query, 1, 2))], 1);
    const got = stepped(mechanism, [moved, keys, values], { mask }, ({ prepared, state }, t) =>
      t === 2 ? { prepared: mapState(prepared, reorder), state: mapState(state, reorder) } : { prepared, state },
    );
    sameBits(got[2] as Attended, rowsOf(wanted[2] as Attended, rows));
  });

  it('comes back from a file with the same bits', () => {
    const mechanism = build(row);
    const copy = build(row, 2);
    copy.loadStateDict(loadTensors(saveTensors(mechanism.stateDict())));
    sameBits(copy.forward(...inputs(row)), mechanism.forward(...inputs(row)));
  });

  it('draws by its key alone, and only where one is given', () => {
    const run = (from?: Key) => build(row).forward(...inputs(row), keyed(from));
    const plain = run();
    sameBits(run(), plain);
    sameBits(run(key(5)), run(key(5)));
    if (!row.draws) return sameBits(run(key(5)), plain);
    expect(bits(run(key(5)).weights)).not.toEqual(bits(plain.weights));
    expect(bits(run(key(6)).weights)).not.toEqual(bits(run(key(5)).weights));
  });

  /** Changes what stands where no query may look to what these say. */
  const hide = (x: Tensor, masked: Masked, to: readonly number[]) => {
    const view = x.view();
    const width = view.length / (B * S);
    for (let i = 0; i < view.length; i++) {
      const place = Math.floor(i / width);
      const seen = Array.from({ length: T }, (__, t) => masked.may(Math.floor(place / S), t, place % S));
      if (!seen.some(Boolean)) view[i] = to[i % to.length] as number;
    }
  };

  const hidden = [
    [[1e4, -1e4], row.heads ? [5] : [1e30]], // heads map what they may not read as well: products of numbers near the largest float are no numbers
    [[Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], row.heads ? [3] : [1e38]],
    [[Number.NaN], [Number.NaN]],
    [
      [1, Number.POSITIVE_INFINITY],
      [Number.NEGATIVE_INFINITY, 2, Number.NaN],
    ],
  ] as const;

  it('does not see what lies where it may not look, and no gradient does', () => {
    const run = (masked: Masked, from: Key | undefined, change: (keys: Tensor, values: Tensor) => void) => {
      const [query, keys, values] = inputs(row);
      change(keys, values);
      const mechanism = build(row);
      const xs = [query, keys, values].map(parameter) as [Tensor, Tensor, Tensor];
      const attended = mechanism.forward(...xs, { mask: masked.mask?.(BATCH) as Tensor, ...keyed(from) });
      const y = results(attended);
      const leaves = [...xs, ...mechanism.stateDict().values()];
      const gradients = grad(y, leaves, { gradient: real(BATCH, [y.size / B], 4) });
      return { attended, gradients: gradients.map((g) => list(g).map((value) => value + 0)) }; // -0 is 0
    };
    for (const masked of masks.slice(1)) {
      for (const from of keysOf(row)) {
        const wanted = run(masked, from, () => {});
        for (const [k, v] of hidden) {
          const got = run(masked, from, (keys, values) => {
            hide(keys, masked, k);
            hide(values, masked, v);
          });
          sameBits(got.attended, wanted.attended);
          expect(got.gradients).toEqual(wanted.gradients);
        }
      }
    }
  });

  it('does not read the value that one query may look at and another may not, for the other', () => {
    const mechanism = build(row);
    const [query, keys, values] = inputs(row);
    const masked = masks.find(({ name }) => name === '[B, T, S] mask') as Masked;
    const options = { mask: masked.mask?.(BATCH) as Tensor };
    const before = mechanism.forward(query, keys, values, options);
    const view = values.view();
    for (let i = 0; i < V; i++) view[4 * V + i] = Number.NaN; // the first example's key 4, which its last query alone may see
    const after = mechanism.forward(query, keys, values, options);
    expect(bits(after.weights)).toEqual(bits(before.weights));
    for (let t = 0; t < T; t++) {
      const [got, wanted] = [after, before].map(({ output }) => bits(select(select(output, 0, 0), 0, t)));
      if (!masked.may(0, t, 4)) expect(got, `query ${t}`).toEqual(wanted);
    }
    expect([0, 1, 2].map((t) => masked.may(0, t, 4))).toEqual([false, false, true]);
  });

  it('has the same bits however much the memory is padded', () => {
    if (row.counts) return expect(row.counts).toMatch(/key/); // the reason
    const mechanism = build(row);
    const mask = (masks[1] as (typeof masks)[number]).mask?.(BATCH) as Tensor;
    const [query, keys, values] = inputs(row);
    const before = mechanism.forward(query, keys, values, { mask });
    for (const by of [1, 4, 58]) {
      const longer = (x: Tensor) => concat([x, real(BATCH, [by, x.shape[2] as number], 8)], 1);
      const after = mechanism.forward(query, longer(keys), longer(values), { mask: concat([mask, zeros([B, by], 'bool')], 1) });
      expect(bits(slice(after.weights, -1, 0, S))).toEqual(bits(before.weights));
      if (row.output !== S) expect(bits(after.output)).toEqual(bits(before.output));
    }
  });

  it('frees what it makes', () => {
    const mechanism = build(row);
    const run = () => scope(() => list(mechanism.forward(...inputs(row), keyed(keysOf(row).at(-1))).output));
    run();
    const before = backend().heap.report().blocks;
    run();
    expect(backend().heap.report().blocks).toBe(before);
  });
});

describe('the table of mechanisms', () => {
  /** What `src/index.ts` exports of attention and is, extends or returns one of these, by name. */
  const exported = (...kinds: string[]) => {
    const text = files('src/attention', '.ts').map(read).join('\n');
    const kind = `(?:${kinds.join('|')})`;
    const forms = [
      `export const (\\w+): ${kind}\\b`,
      `export function (\\w+)\\((?:[^()]|\\((?:[^()]|\\([^()]*\\))*\\))*\\): ${kind}\\b`,
      `export class (\\w+) [^{]*?(?:extends|implements)[^{]*\\b${kind}\\b`,
    ];
    const found = forms.flatMap((form) => [...text.matchAll(new RegExp(form, 'g'))].map((match) => match[1] as string));
    return found.filter((name) => name in saccade).sort();
  };

  it('finds what is exported by what it is', () => {
    const windows = 'CombinedWindow DistanceBias LocalPredictive RelativePositions alibi biased causal coverage everywhere localMonotonic';
    expect(exported('Window')).toEqual(`${windows} masked positional sliding`.split(' '));
    expect(exported('Selection')).toEqual(
      expect.arrayContaining(['dropping', 'exploring', 'hard', 'monotonicHard', 'monotonicSoft', 'soft']),
    );
    expect(exported('Read')).toEqual(['chosenItem', 'pointing', 'weightedSum']);
    expect(exported('Score')).toEqual(expect.arrayContaining(['AdditiveScore', 'MonotonicScore', 'scoreNamed']));
    expect(exported('Attention', 'MultiHead')).toEqual(expect.arrayContaining(['bahdanau', 'luong', 'multiHead', 'softAttention']));
    // Nothing that only looks like a part is left out by its type: each object with a part's method, and each function of attention, is known.
    const objects = Object.entries(saccade).filter(([, value]) => typeof value === 'object' && ('limit' in value || 'select' in value));
    expect(objects.filter(([name]) => !exported('Window', 'Selection').includes(name))).toEqual([]);
  });
  it('has a row for every window, selection and read', () => {
    const without = exported('Window', 'Selection', 'Read').filter((name) => !(name in composedParts));
    expect(without).toEqual(['positional']); // which makes sliding, masked and biased
  });

  it('has a row for every builder', () => {
    const rows = new Set(mechanisms.map(({ name }) => name.split(/[ ,]/)[0]));
    expect(exported('Attention', 'MultiHead').filter((name) => !rows.has(name))).toEqual([]);
  });

  it('says of each law that does not hold for a row why', () => {
    for (const { name, counts } of mechanisms) if (counts !== undefined) expect(counts.length, name).toBeGreaterThan(10);
  });
});

describe('memory', () => {
  it('of two parts is one state, and a thing of one name is one', () => {
    const thing = (value: number, sequential = false) => ({ initial: () => tensor([value]), next: (x: Tensor) => x, sequential });
    const both = remember({ a: thing(1) }).and(remember({ a: thing(2), b: thing(3) }));
    const state = both.initial({} as Prepared);
    expect([Object.keys(state).sort(), list(state.a as Tensor)]).toEqual([['a', 'b'], [1]]);
    const attention = new Attention({ score: new DotScore() });
    expect(remember({ a: thing(1) }).unroll(attention, zeros([1, 1, 1]), {} as Prepared, {})).toBeUndefined();
  });
});
