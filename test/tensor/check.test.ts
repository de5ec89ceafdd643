import { describe, expect, it } from 'vitest';
import {
  anything,
  expectKey,
  expectNames,
  expectOptions,
  expectSizes,
  isFlag,
  isNumber,
  isOneOf,
  isPositive,
  isShare,
  isSize,
  isWhole,
  maybe,
  type Rule,
  shown,
} from '../../src/tensor/check.ts';
import { type Key, key } from '../../src/tensor/random.ts';

interface Options {
  input: number;
  bias?: boolean;
}

const taken = (rule: Rule, value: unknown) => {
  try {
    rule('f', 'x', value);
    return true;
  } catch {
    return false;
  }
};

describe('rules', () => {
  const values = [1, 7, 0, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60, '3', null, undefined, [2], {}, true, 'each', 1n, 0.3];
  it.each<[string, Rule, unknown[]]>([
    ['isSize', isSize, [1, 7]],
    ['isWhole(0)', isWhole(0), [1, 7, 0]],
    ['isNumber', isNumber, [1, 7, 0, -1, 2.5, 2 ** 60, 0.3]],
    ['isPositive', isPositive, [1, 7, 2.5, 2 ** 60, 0.3]],
    ['isShare', isShare, [0, 0.3]],
    ['isFlag', isFlag, [true]],
    ['isOneOf', isOneOf('each', 'first'), ['each']],
    ['maybe(isSize)', maybe(isSize), [1, 7, undefined]],
    ['anything', anything, values],
  ])('%s takes what it should and nothing else', (_, rule, right) => {
    expect(values.filter((value) => taken(rule, value))).toEqual(right);
  });

  it('say the name, the rule and the value', () => {
    expect(() => isSize('Linear', 'output', Number.NaN)).toThrow(new RangeError('Linear: output must be a whole number from 1, got NaN'));
    expect(() => isOneOf('a', 'b')('f', 'x', 'c')).toThrow("f: x must be one of a, b, got 'c'");
  });
});

describe('shown', () => {
  it('tells apart what looks alike, and prints anything', () => {
    const printed = [3, '3', null, undefined, [2, 3], [[1], 'a'], new Array(9), {}, Object.create(null), () => 1, Symbol('s'), 2n].map(
      shown,
    );
    expect(printed).toEqual([
      '3',
      "'3'",
      'null',
      'undefined',
      '[2, 3]',
      '[an object, a]',
      'an array of 9',
      'an object',
      'an object',
      'a function',
      'Symbol(s)',
      '2n',
    ]);
  });
});

describe('options', () => {
  const rules = { input: isSize, bias: maybe(isFlag) };
  const check = (options: unknown) => expectOptions('Part', options as Options, rules);

  it('are taken where names and values are right', () => {
    check({ input: 2 });
    check({ input: 2, bias: undefined });
    expectNames<Options>('Part', { input: 2, bias: false }, rules);
  });

  it.each([
    [{ input: 2, biass: true }, 'Part: options must be among input, bias, got biass'],
    [{ input: 2, toString: 1 }, 'Part: options must be among input, bias, got toString'],
    [{}, 'Part: input must be a whole number from 1, got undefined'],
    [{ input: '2' }, "Part: input must be a whole number from 1, got '2'"],
    [{ input: 2, bias: 1 }, 'Part: bias must be true or false, got 1'],
    [5, 'Part: options must be an object, got 5'],
    [[], 'Part: options must be an object, got []'],
    [new Map(), 'Part: options must be an object, got an object'],
    [null, 'Part: options must be an object, got null'],
    [undefined, 'Part: options must be an object, got undefined'],
  ])('%j: %s', (options, message) => {
    expect(() => check(options)).toThrow(message);
  });

  it('and their rules cannot drift apart: such code does not compile', () => {
    const options: Options = { input: 1 };
    // @ts-expect-error: `bias` is an option
    expectOptions('Part', options, { input: isSize });
    // @ts-expect-error: `size` is none
    expectNames('Part', options, { input: 1, bias: 1, size: 1 });
  });
});

it('sizes that are no options are checked by name', () => {
  expectSizes('mask', { queries: 1, keys: 2 });
  expectSizes('mask', { keys: 0 }, isWhole(0));
  expect(() => expectSizes('mask', { queries: 1, keys: 2.5 })).toThrow('mask: keys must be a whole number from 1, got 2.5');
});

it('a key is made by key, split or foldIn', () => {
  expectKey('Linear', key(3));
  for (const [wrong, said] of [
    [42, '42'],
    [undefined, 'undefined'],
    [{ hi: 1 }, 'an object'],
    [{ hi: Number.NaN, lo: 1 }, 'an object'],
  ] as const) {
    expect(() => expectKey('Linear', wrong as Key)).toThrow(`Linear: key must be made by key(seed), split or foldIn, got ${said}`);
  }
});
