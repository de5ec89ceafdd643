import { describe, expect, it } from 'vitest';
import * as saccade from '../../src/index.ts';
import * as ops from '../../src/ops/index.ts';
import { Draw } from './draw.ts';
import { Execution, judge } from './execute.ts';
import { drawn, sample } from './fuzz.ts';
import { reach } from './reach.ts';
import { rows } from './table.ts';

describe('the table', () => {
  it('has a row for every op', () => {
    const known = new Set(rows.map(({ op }) => op));
    const functions = Object.entries(ops).filter(([name, value]) => typeof value === 'function' && name in saccade);
    expect(functions.map(([name]) => name).filter((name) => !known.has(name))).toEqual([]);
  });

  it('is drawn from evenly: every op comes up, is differentiated, and differentiated again where it can be', () => {
    const counts = reach(sample(6000, 5).map((rounds) => drawn(saccade, rounds)));
    const none = new Set([
      'argmax',
      'argmin',
      'argsort',
      'categorical',
      'uniform',
      'normal',
      'gumbel',
      'oneHot',
      'sign',
      'toFloat',
      'detach',
    ]);
    const plain = (op: string) => none.has(op) || /^(equal|less|greater|and$|or$|not$)/.test(op);
    const few = rows.flatMap(({ op, structure }) => {
      const { calls, first, second } = counts.get(op) ?? { calls: 0, first: 0, second: 0 };
      if (structure && op !== 'checkpoint') return calls < 30 ? [`${op} ${calls}`] : [];
      return calls < 10 || (!plain(op) && (first < 5 || (second < 2 && op !== 'l1Loss'))) ? [`${op} ${calls} ${first} ${second}`] : [];
    });
    expect(few).toEqual([]);
  });
});

describe('programs drawn at random', () => {
  it('have the values that the interpreter says', () => {
    const forward = rows.filter(({ structure }) => !structure);
    for (const rounds of sample(1500, 20)) new Execution(saccade, judge).run(new Draw(forward, saccade).program(rounds, []));
  });
});
