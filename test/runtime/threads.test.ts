// Every kernel on several threads has the bits of one, whatever was called before, and writes nowhere but where it may.
import { afterAll, describe, expect, it } from 'vitest';
import * as saccade from '../../src/all.ts';
import { type Backend, withBackend } from '../../src/runtime/backend.ts';
import { parameters } from '../../src/runtime/generated/parameters.ts';
import { Heap } from '../../src/runtime/heap.ts';
import { type Scratched, type ScratchLengths, scratchOf } from '../../src/runtime/scratch.ts';
import { type Kernel, ruleOf, whole } from '../../src/runtime/threads/rules.ts';
import { implied, isRoom } from '../../src/runtime/threads/signature.ts';
import { type Plan, planOf, repeatable } from '../../src/runtime/threads/split.ts';
import { key, permutation, randomInt } from '../../src/tensor/random.ts';
import { type Argument, draws, type KernelRow } from '../kernels/row.ts';
import { attentionRows, whole as everyPair, type Kind } from '../kernels/rows/tiled-attention.ts';
import { rows } from '../kernels/table.ts';
import { lastJob, poolOf, type Shared, sleepy } from './pool.ts';

const seed = Number(process.env.SEED ?? Date.now() % 1e9);

/** A NaN of no kernel's making, and how many words of it lie on both sides of an argument. */
const GUARD = 0x7fa5a5a5;
const LINE = 16;

/** Calls by kernel in which a worker used scratch of its own. */
const used = new Map<string, number>();

const pools = await Promise.all([2, 3, 8].map((threads) => poolOf(threads, { caller: sleepy })));
const alone = await saccade.wasmBackend();
afterAll(() => {
  for (const { pool } of pools) pool.close();
});

/** Calls a kernel and returns the bits of everything it wrote. Guard words lie around every argument. */
function bits(on: Backend, kernel: Kernel, args: readonly Argument[], times = 1): Int32Array[] {
  const blocks: { at: number; size: number; capacity: number; written: boolean }[] = [];
  const words = (at: number, size: number) => on.view(at, size, 'int32') as Int32Array;
  const given = args.map((argument) => {
    if (typeof argument === 'number') return argument;
    const size = argument.values.length;
    const capacity = Heap.capacity(4 * (size + 2 * LINE));
    const at = on.heap.allocate(capacity) + 4 * LINE;
    words(at - 4 * LINE, size + 2 * LINE).fill(GUARD);
    if (argument.role !== 'scratch') on.view(at, size, argument.dtype).set(argument.values);
    blocks.push({ at, size, capacity, written: argument.role === 'out' || argument.role === 'inout' });
    return at;
  });
  for (let time = 0; time < times; time++) (on.kernels[kernel] as (...args: number[]) => void)(...given);
  const results = blocks.map(({ at, size, written }) => words(at, written ? size : 0).slice());
  for (const [i, { at, size, capacity }] of blocks.entries()) {
    const around = [...words(at - 4 * LINE, LINE), ...words(at + 4 * size, LINE)];
    expect(
      around.every((word) => word === GUARD),
      `guard words around array ${i} of ${kernel}`,
    ).toBe(true);
    on.heap.free(at - 4 * LINE, capacity);
  }
  return results;
}

/** A call's arguments by name. */
const named = (kernel: Kernel, args: readonly Argument[]) =>
  Object.fromEntries(parameters[kernel].map((name, i) => [name, args[i]])) as ScratchLengths<Scratched>;

/** The same on a pool whose workers' scratch nobody has used: full of guard words, of which those beyond a worker's own must stay. */
function fromScratch(shared: Shared, kernel: Kernel, args: readonly Argument[]): Int32Array[] {
  const on = shared.fresh();
  const taken: { at: number; size: number }[] = [];
  const { heap } = on;
  const kernels = new Proxy(on.kernels, {
    get:
      (table, name) =>
      (...numbers: number[]) => {
        heap.allocate = (size) => {
          const at = Heap.prototype.allocate.call(heap, size);
          (on.view(at, size / 4, 'int32') as Int32Array).fill(GUARD);
          taken.push({ at, size });
          return at;
        };
        try {
          (table[name as Kernel] as (...args: number[]) => void)(...numbers);
        } finally {
          heap.allocate = Heap.prototype.allocate;
        }
      },
  });
  const results = bits({ ...on, kernels }, kernel, args);
  const job = lastJob(shared.pool);
  for (const { at, size } of taken) {
    const need = 4 * scratchOf(kernel as Scratched, named(kernel, args));
    const share = on.view(job.scratch, (shared.pool.threads - 1) * (job.scratchBytes / 4), 'int32') as Int32Array;
    expect(job.scratch >= at && job.scratch + share.length * 4 <= at + size, `${kernel}: shares lie in their block`).toBe(true);
    expect(job.scratchBytes - need, `${kernel}: room between two shares`).toBeGreaterThanOrEqual(4 * LINE);
    const strayed = share.findIndex((word, i) => (4 * i) % job.scratchBytes >= need && word !== GUARD);
    expect(strayed, `${kernel}: a word behind a worker's share of ${need} bytes, ${job.scratchBytes} apart`).toBe(-1);
    if (share.some((word) => word !== GUARD)) used.set(kernel, (used.get(kernel) ?? 0) + 1);
    heap.free(at, size);
  }
  return results;
}

/** Where two results differ first; undefined where they do not. */
function difference(got: readonly Int32Array[], wanted: readonly Int32Array[]): string | undefined {
  for (const [i, values] of wanted.entries()) {
    const place = values.findIndex((value, j) => value !== got[i]?.[j]);
    if (place >= 0) return `array ${i}[${place}] of ${values.length}: ${got[i]?.[place]} for ${values[place]}`;
  }
  return undefined;
}

/** Attention of sizes that its `n` draws: narrow heads, short sequences and many heads as often as not. */
const drawn: Kind = {
  name: 'sizes drawn',
  sizes(n) {
    const size = (i: number, ...bounds: number[]) => 1 + randomInt(key(n), i, bounds[randomInt(key(n), 10 + i, bounds.length)] ?? 1);
    return {
      examples: size(0, 3, 16),
      heads: size(1, 3, 16),
      queries: size(2, 3, 12, 70),
      keys: size(3, 3, 12, 140),
      width: size(4, 4, 40),
      valueWidth: size(5, 4, 40),
    };
  },
};
function groupedSizes(n: number) {
  const sizes = drawn.sizes(n);
  const group = 1 + randomInt(key(n), 6, 4);
  return { ...sizes, group, heads: (sizes.heads ?? 1) * group, capacity: sizes.keys + randomInt(key(n), 7, 20) };
}

const attending = [
  drawn,
  { ...drawn, name: 'sizes drawn, causal', causal: true },
  { ...drawn, name: 'sizes drawn, grouped, with rows to spare', sizes: groupedSizes, causal: true },
  { ...drawn, name: 'sizes drawn, masked', mask: (s, d) => [d.mask(s.examples * s.heads * s.queries * s.keys), everyPair(s)] },
] satisfies Kind[];

/** Every row with lengths drawn between its own. */
const cases = [
  ...rows.flatMap((row, i) => [0, 1].map((time) => ({ row, n: between(row.lengths ?? [0, 259], 2 * i + time) }))),
  ...attending
    .flatMap(attentionRows)
    .flatMap((row, i) => [0, 1, 2, 3].map((time) => ({ row, n: randomInt(key(seed), 50_000 + 4 * i + time, 1e9) }))),
];

function between(lengths: readonly number[], i: number): number {
  const [low, high] = [Math.min(...lengths), Math.max(...lengths)];
  return low + randomInt(key(seed), i, high - low + 1);
}

const title = ({ kernel, name }: KernelRow, n: number) => `${kernel}${name ? `, ${name}` : ''}, n = ${n}`;

describe(`every kernel, drawn from SEED=${seed}`, () => {
  for (const i of permutation(key(seed + 1), cases.length)) {
    const { row, n } = cases[i] ?? { row: rows[0] as KernelRow, n: 0 };
    it(`${title(row, n)}: has the bits of one thread and writes only where it may`, () => {
      const args = row.args(n, draws(n));
      const wanted = bits(alone, row.kernel, args);
      for (const shared of pools) {
        expect(difference(fromScratch(shared, row.kernel, args), wanted), `${shared.pool.threads} threads`).toBeUndefined();
      }
    });
  }
});

const scratched = (Object.keys(parameters) as Kernel[]).filter((kernel) => parameters[kernel].some(isRoom));

describe('the workers', () => {
  for (const kernel of scratched) {
    it(`use scratch of their own in ${kernel}`, () => {
      const own = cases.filter(({ row }) => row.kernel === kernel);
      for (let round = 0; round < 20 && !used.has(kernel); round++)
        for (const { row, n } of own) fromScratch(pools[1] as Shared, kernel, row.args(n, draws(n)));
      expect(used.get(kernel)).toBeGreaterThan(0);
    });
  }
});

describe('kernels', () => {
  it('are cut, or named with the reason why they are not', () => {
    const all = Object.keys(parameters) as Kernel[];
    expect(all.filter((kernel) => !ruleOf(kernel) && !(kernel in whole))).toEqual([]);
    expect(Object.keys(whole).filter((kernel) => !(kernel in parameters))).toEqual([]);
  });

  it('of the common forms need no rule', () => {
    const ways = (...names: string[]) =>
      implied(names)?.axes.map(({ along, from, steps = {}, counters = [], alone = [] }) => [along, from, steps, counters, alone]);
    expect(ways('out', 'x', 'n', 'slope')).toEqual([['n', undefined, { out: 1, x: 1 }, [], []]]);
    expect(ways('out', 'n', 'k0', 'k1', 'start')).toEqual([['n', undefined, { out: 1 }, ['start'], []]]);
    expect(ways('out', 'q', 'k', 'heads', 'from', 'to', 'scratch')).toEqual([['to', 'from', {}, [], []]]);
    const [outer, , , inner] = ways('out', 'a', 'n0', 'n1', 'n2', 'n3', 'a0', 'a1', 'a2', 'a3') ?? [];
    expect(outer).toEqual(['n0', undefined, { out: ['n1', 'n2', 'n3'], a: 'a0' }, [], []]);
    expect(inner).toEqual(['n3', undefined, { out: [], a: 'a3' }, [], ['n0', 'n1', 'n2']]);
    expect([
      ways('out', 'x', 'rows', 'n'),
      ways('out', 'x', 'n', 'inner'),
      ways('out', 'a', 'b', 'm', 'n', 'k'),
      ways('out', 'x', 'm', 'n'),
    ]).toEqual(Array(4).fill(undefined));
  });

  it('that would not give the same when begun again are known as such', () => {
    for (const row of rows) {
      const plan = planOf(row.kernel);
      const n = 9;
      const args = row.args(row.lengths?.includes(n) ? n : (row.lengths?.at(-1) ?? n), draws(n));
      const again = difference(bits(alone, row.kernel, args, 2), bits(alone, row.kernel, args)) === undefined;
      const numbers = args.map((argument, i) => (typeof argument === 'number' ? argument : 1e6 + i));
      if (plan && !again) expect(repeatable(plan, numbers), `${title(row, n)} may be begun again`).toBe(false);
    }
  });

  it('that read what they write, because an operand is the result, are not begun again', () => {
    const { exp, add } = { exp: planOf('exp') as Plan, add: planOf('add') as Plan };
    const rest = [1, 1, 1, 9, 0, 0, 0, 1, 0, 0, 0, 1];
    expect([repeatable(exp, [4096, 8192, 9]), repeatable(exp, [4096, 4096, 9])]).toEqual([true, false]);
    expect([repeatable(add, [4096, 8192, 8192, ...rest]), repeatable(add, [4096, 8192, 4096, ...rest])]).toEqual([true, false]);
  });
});

/** The bits of every parameter after some steps of a model with attention and dropout. */
function trained(on: Backend): Int32Array[] {
  const { AttentionSeq2Seq, Adam, backward, clipGradNorm, crossEntropy, key, parameters, randomInt, scope, split, tensor } = saccade;
  return withBackend(on, () =>
    scope(() => {
      const model = new AttentionSeq2Seq({ source: 12, target: 12, hidden: 24, embedding: 20, dropout: 0.3 }, key(1));
      const optimizer = new Adam(parameters(model), { lr: 1e-2 });
      for (let step = 0; step < 4; step++) {
        scope(() => {
          const [from, noise] = split(key(step));
          const tokens = tensor(
            Int32Array.from({ length: 18 * 6 }, (_, i) => (i % 6 > 3 && i % 4 === 0 ? 0 : 3 + randomInt(from, i, 9))),
            { shape: [18, 6] },
          );
          const loss = crossEntropy(model.forward(tokens, tokens, { key: noise }), tokens, { ignoreIndex: 0 });
          backward(loss);
          clipGradNorm(optimizer.parameters, 1);
          optimizer.step();
        });
      }
      return [...parameters(model).values()].map((parameter) => new Int32Array(parameter.toArray().buffer));
    }),
  );
}

describe('a training run', () => {
  const wanted = trained(alone);
  for (const shared of pools) {
    it(`has the bits of one thread on ${shared.pool.threads}`, () => {
      expect(wanted.length).toBeGreaterThan(10);
      expect(difference(trained(shared.fresh()), wanted)).toBeUndefined();
    });
  }
});
