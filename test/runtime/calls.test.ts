import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { backend, type Kernels, withBackend } from '../../src/runtime/backend.ts';
import * as calls from '../../src/runtime/generated/calls.ts';
import { codeOf, files, findings, root } from '../conventions/source.ts';

const read = (path: string) => readFileSync(`${root}/${path}`, 'utf8');

/** Parameters of each exported kernel, as its source has them. */
const signatures = new Map(
  files('assembly/kernels', '.ts').flatMap((path) =>
    [...read(path).matchAll(/export function (\w+)\(([^)]*)\): void/g)].map(([, name = '', list = '']) => {
      return [name, [...list.matchAll(/(\w+): \w+/g)].map((match) => match[1] ?? '')] as const;
    }),
  ),
);

const long = [...signatures].filter(([, names]) => names.length >= 12);
const binary = signatures.get('add')?.join() ?? '';

const steps = (operand: string) => ['Batch', 'Head', 'Query', 'Key'].map((end) => operand + end);

/** An object whose every field is its own name, a group the names of its four parameters. */
const named = new Proxy(
  {},
  {
    get(_, field: string) {
      const group = field === 'lengths' ? 'n' : /^(\w+)Strides$/.exec(field)?.[1];
      if (group === 'mask' || group === 'bias') return steps(group);
      return group ? [0, 1, 2, 3].map((axis) => `${group}${axis}`) : field;
    },
  },
);

describe('calls by name', () => {
  const byName = calls as unknown as Record<string, (...given: unknown[]) => void>;

  it('are there for every kernel of twelve arguments or more, and for no other', () => {
    const alone = long.filter(([, names]) => names.join() !== binary).map(([name]) => name);
    expect(Object.keys(calls).sort()).toEqual([...alone, 'binary'].sort());
  });

  it.each(long)('%s gets each argument where its source has it', (name, names) => {
    let got: unknown[] = [];
    const kernel = (...given: unknown[]) => {
      got = given;
    };
    const fake = { ...backend(), kernels: { [name]: kernel } as unknown as Kernels };
    withBackend(fake, () => {
      if (names.join() === binary) calls.binary(kernel, named as Parameters<typeof calls.binary>[1]);
      else byName[name]?.(named);
    });
    expect(got).toEqual(names);
  });

  it('do not compile with a name too few, too many or misspelt', () => {
    const some = { p: 0, g: 0, m: 0, v: 0, n: 0, rate: 0, scale: 0, beta1: 0, rest1: 0, beta2: 0, rest2: 0, epsilon: 0, keep: 1 };
    const never = () => {
      calls.adam({ ...some, decay: 0 });
      // @ts-expect-error decay is missing
      calls.adam(some);
      // @ts-expect-error it is no argument
      calls.adam({ ...some, decay: 0, another: 0 });
      // @ts-expect-error it is called decay
      calls.adam({ ...some, decays: 0 });
      // @ts-expect-error four lengths
      calls.copy({ out: 0, x: 0, lengths: [1, 1, 1], oStrides: [0, 0, 0, 1], xStrides: [0, 0, 0, 1] });
    };
    expect(never).toBeTypeOf('function');
  });

  it('are the only calls of these kernels above the reference', () => {
    const positional = new RegExp(`\\bkernels\\.(${long.map(([name]) => name).join('|')})\\(`, 'g');
    expect('kernels.adam(1, 2); call.adam({})'.match(positional)).toEqual(['kernels.adam(']);
    const above = files('src', '.ts').filter((path) => !path.startsWith('src/runtime/'));
    expect(above.flatMap((path) => findings(path, codeOf(read(path)), positional))).toEqual([]);
  });
});
