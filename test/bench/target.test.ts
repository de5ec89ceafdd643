import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Result } from '../../bench/measure.ts';
import { readmeWith, speedTable } from '../../bench/readme.ts';
import { besides, bestOf, lineOf, replaced, short, tables } from '../../bench/report.ts';
import { PLAIN, type Setting, speedup, verdicts } from '../../bench/target.ts';

const rate: Result = {
  family: 'matmul',
  case: '64³',
  unit: 'GFLOP/s',
  value: 36,
  median: 30,
  limit: 40,
  fraction: 0.9,
  peers: { slow: 12, fast: 18, native: 90 },
};
const time: Result = { ...rate, family: 'step', case: 'small', unit: 'ms', value: 2, limit: 1, fraction: 0.5, peers: { slow: 6 } };
const setting: Setting = { threads: 1, build: 'deterministic', counted: new Set(['slow', 'fast']) };
const met = (result: Result, target: Parameters<typeof verdicts>[1], all = [result]) =>
  verdicts(result, target, all, setting).map((verdict) => verdict.met);

describe('targets', () => {
  it('compare rates one way and times the other', () => {
    expect(speedup(rate, 18)).toBe(2);
    expect(speedup(time, 6)).toBe(3);
  });

  it('hold for the fraction of the limit', () => {
    expect(met(rate, { fraction: 0.9 })).toEqual([true]);
    expect(met(rate, { fraction: 0.91 })).toEqual([false]);
    expect(met({ ...rate, fraction: null }, { fraction: 0.9 })).toEqual([null]);
  });

  it('hold for a largest time', () => {
    expect([met(time, { most: 2 }), met(time, { most: 1.9 })]).toEqual([[true], [false]]);
  });

  it('count the fastest peer, native ones aside, and cannot tell without any', () => {
    expect(met(rate, { peers: 2 })).toEqual([true]);
    expect(met(rate, { peers: 2.1 })).toEqual([false]);
    expect(met({ ...rate, peers: { native: 90 } }, { peers: 2 })).toEqual([null]);
  });

  it('count a peer by name, native or not, and cannot tell without it', () => {
    expect(met(rate, { beside: { native: 0.4 } })).toEqual([true]);
    expect(met(rate, { beside: { native: 0.41, slow: 3 } })).toEqual([false, true]);
    expect(met(rate, { beside: { absent: 1 } })).toEqual([null]);
  });

  it('hold for a share of another case of the family', () => {
    const odd = { ...rate, case: '63³', value: 31 };
    expect(met(odd, { like: ['64³', 0.85] }, [rate, odd])).toEqual([true]);
    expect(met(odd, { like: ['64³', 0.87] }, [rate, odd])).toEqual([false]);
    expect(met(odd, { like: ['64³', 0.85] }, [odd])).toEqual([null]);
  });

  it('ask threads and the relaxed build for their own, and for nothing else', () => {
    const target = { fraction: 0.99, most: 1, twoThreads: 1.85, relaxed: 1.25 };
    const beside: Result = { ...rate, peers: { [PLAIN]: 20 } };
    const met = (change: Partial<Setting>, result = beside) =>
      verdicts(result, target, [result], { ...setting, ...change }).map((verdict) => verdict.met);
    expect([met({ threads: 2 }), met({ build: 'relaxed' }), met({ threads: 4 })]).toEqual([[false], [true], []]);
    expect(met({ threads: 2 }, rate)).toEqual([]);
  });
});

describe('the report', () => {
  it('shows figures that count', () => {
    expect([1234.5, 12.34, 1.234, 0.01234].map(short)).toEqual(['1235', '12.3', '1.23', '0.0123']);
  });

  it('says ours, the limit, the targets and the peers in one line', () => {
    const line = lineOf({ result: rate, verdicts: verdicts(rate, { fraction: 0.95 }, [rate], setting) });
    for (const part of ['matmul', '36.0', '30.0', '40.0', '0.90', '✗ ≥ 0.95 of the limit', 'fast 18.0 (2.00×)'])
      expect(line).toContain(part);
  });

  it('gives each family its table with its peers', () => {
    const told = tables([
      { result: rate, verdicts: [] },
      { result: time, verdicts: verdicts(time, { most: 1 }, [time], setting) },
    ]);
    expect([...told.keys()]).toEqual(['matmul', 'step']);
    expect(told.get('step')).toBe(
      '| step | unit | best | median | limit | fraction | slow | target |\n' +
        '| --- | --- | --: | --: | --: | --: | --: | --- |\n' +
        '| small | ms | 2.00 | 30.0 | 1.00 | 0.50 | 6.00 (3.00 ×) | ≤ 1 ms ✗ |',
    );
  });

  it('tells what figures say besides', () => {
    const lines = [{ result: { ...time, said: '98 % right' }, verdicts: [] }];
    expect(tables(lines).get('step')).toBe('| step | unit | took | and |\n| --- | --- | --: | --- |\n| small | ms | 2.00 | 98 % right |');
  });

  it('replaces its part of a document and nothing else', () => {
    const document = 'a\n<!-- bench x -->\nold\n<!-- /bench -->\nb\n<!-- bench y -->\n<!-- /bench -->\n';
    expect(replaced(document, 'x', 'new')).toBe(document.replace('\nold\n', '\n\nnew\n\n'));
    expect(replaced(replaced(document, 'x', 'new'), 'x', 'new')).toBe(replaced(document, 'x', 'new'));
    expect(() => replaced(document, 'z', 'new')).toThrow(
      'bench: the document must have <!-- bench z --> … <!-- /bench -->, got neither or one',
    );
  });
});

describe('the README', () => {
  const performance = readFileSync('docs/performance.md', 'utf8');

  it('tells the figures of docs/performance.md, as `npm run bench:docs` writes them', () => {
    const readme = readFileSync('README.md', 'utf8');
    expect(readmeWith(readme, performance)).toBe(readme);
  });

  it('takes the fastest JavaScript peer, of rates the most and of times the least', () => {
    const table = (unit: string, figures: string) => `| x | unit | best | fraction | TF.js 4.22.0 | ORT Web 1.3 | ORT native 1.3 | PyTorch 1.13 |\n| --- |\n${figures.replaceAll('UNIT', unit)}\n`; // biome-ignore format: one line
    const families = ['matmul', 'attention', 'recurrent', 'dates', 'g2p', 'gpt', 'package'];
    const cases = ['64³', '1024³', 'forward T=1024', 'LSTM B64 T20 I64 H256', 'LSTM B32 T12 I32 H64', 'batch 128', 'biLSTM-256, embedding 256', '4 layers, 128 wide, 4 heads, batch 12×64', 'import to first result, less `node -e 0`']; // biome-ignore format: one line
    const page = (unit: string) =>
      families
        .map(
          (family) =>
            `<!-- bench ${family} -->\n${table(unit, cases.map((name) => `| ${name} | UNIT | 8.5 | 0.9 | 10.5 (2 ×) | 9.25 (1 ×) | 99 | 70 (3 ×) |`).join('\n'))}<!-- /bench -->`,
        )
        .join('\n');
    expect(speedTable(page('GFLOP/s')).split('\n')[2]).toContain('| 8.5 GFLOP/s | 0.9 | TF.js 10.5 GFLOP/s | 70 GFLOP/s |');
    expect(speedTable(page('ms')).split('\n')[2]).toContain('| 8.5 ms | 0.9 | ONNX Runtime Web 9.25 ms | 70 ms |');
    expect(() => speedTable(page('ms').replaceAll('| batch 128', '| batch 64'))).toThrow(
      'bench: docs/performance.md must have batch 128 in its table of dates, got none',
    );
  });
});

describe('two checkouts', () => {
  it('are compared by the best of their runs, rates one way and times the other, in the cases that both have', () => {
    const before = bestOf([[rate, time], [{ ...rate, value: 40 }, { ...time, value: 3 }], [{ ...rate, case: 'gone' }]]); // biome-ignore format: one run a list
    const now = bestOf([
      [
        { ...rate, value: 44 },
        { ...time, value: 1 },
        { ...rate, case: 'new' },
      ],
    ]);
    expect(besides(before, now).split('\n').slice(2)).toEqual([
      '| matmul | 64³ | GFLOP/s | 40.0 | 44.0 | 1.10 × |',
      '| step | small | ms | 2.00 | 1.00 | 2.00 × |',
    ]);
  });
});
