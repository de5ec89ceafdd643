// What callers in JavaScript give by mistake to tasks, metrics and pictures is refused under the name of what they called.
import { describe, expect, it } from 'vitest';
import * as metrics from '../../src/metrics/index.ts';
import * as plot from '../../src/plot/index.ts';
import * as tasks from '../../src/tasks/index.ts';
import { arange, key, permutation } from '../../src/tensor/index.ts';

const at = key(1);
const labels = { rows: ['a'], columns: ['b'] };
const picture = { pixels: new Uint8Array(8), labels: [1, 0], height: 2, width: 2 };
const square = [0, 0, 1, 0, 1, 1];
/** The op, its arguments, and what it says. */
const wrong: [op: (...args: never[]) => unknown, args: unknown[], says: string][] = [
  [plot.alignmentSvg, [[[1]], undefined], 'alignmentSvg: options must be an object, got undefined'],
  [plot.alignmentSvg, [3, labels], 'alignmentSvg: weights must be a list, got 3'],
  [plot.alignmentSvg, [[null], labels], 'alignmentSvg: weights of row 0 must be a list, got null'],
  [plot.alignmentSvg, [[[1]], { rows: 'a', columns: ['b'] }], "alignmentSvg: rows must be a list, got 'a'"],
  [plot.alignmentText, [[[1]], { rows: ['a'] }], 'alignmentText: columns must be a list, got undefined'],
  [plot.alignmentsSvg, [{}], 'alignmentsSvg: panels must be a list, got an object'],
  [plot.alignmentsSvg, [[null]], 'alignmentsSvg: options must be an object, got null'],
  [
    plot.alignmentsSvg,
    [[{ ...labels, weights: [[1]], name: 'x' }]],
    'alignmentsSvg: options must be among weights, rows, columns, title, got name',
  ],
  [plot.pathsSvg, [3], 'pathsSvg: panels must be a list, got 3'],
  [plot.pathsSvg, [[{ points: square }]], 'pathsSvg: path must be a list, got undefined'],
  [plot.pathsSvg, [[{ path: [0] }]], 'pathsSvg: points must be a list, got undefined'],
  [plot.tapesSvg, [3], 'tapesSvg: panels must be a list, got 3'],
  [plot.tapesSvg, [[{ input: 'a', written: [] }]], "tapesSvg: input must be a list, got 'a'"],
  [plot.treeSvg, [{ label: 'S', children: [0] }, {}], 'treeSvg: words must be a list, got undefined'],
  [plot.treeText, [{ label: 'S', children: 3 }, { words: [] }], 'treeText: children of S in tree must be a list, got 3'],
  [plot.documentSvg, [[[1]], { rows: ['a'] }], 'documentSvg: columns must be a list, got undefined'],
  [plot.documentText, [[[1]], { ...labels, title: 3 }], 'documentText: title must be a string, got 3'],
  [metrics.bracketScores, [null, []], 'bracketScores: trees must be a list, got null'],
  [metrics.bracketScores, [[null], []], 'bracketScores: each tree must have a reference, got 1 and 0'],
  [metrics.bracketScores, [[3], [3]], 'bracketScores: trees[0] must be a tree with a label, got 3'],
  [metrics.attachmentScores, [[], [{}]], 'attachmentScores: each parse must have a reference, got 0 and 1'],
  [metrics.attachmentScores, [[null], [{}]], 'attachmentScores: heads of references[0] must be a list, got undefined'],
  [tasks.clozeProblems, [at, {}], 'clozeProblems: count must be a whole number from 0, got undefined'],
  [tasks.clozeSymbols, [{ names: 0 }], 'clozeSymbols: names must be a whole number from 1, got 0'],
  [tasks.attachmentSentences, [at, { count: 1, depth: -1 }], 'attachmentSentences: depth must be a whole number from 0, got -1'],
  [tasks.attachmentParse, ['the man'], "attachmentParse: words must be a list, got 'the man'"],
  [tasks.heldKarp, [null], 'heldKarp: points must be a list, got null'],
  [tasks.heldKarp, [new Float64Array(34)], 'heldKarp: points must be at most 16, got 17'],
  [tasks.convexHull, [[1]], 'convexHull: points must be x and y in turn, got 1 numbers'],
  [tasks.tourLength, [square, [0, 3]], 'tourLength: indices must be in [0, 3), got 3'],
  [tasks.polygonArea, [square, undefined], 'polygonArea: indices must be a list, got undefined'],
  [tasks.isSimplePolygon, [square, [0, 1.5, 2]], 'isSimplePolygon: indices must be in [0, 3), got 1.5'],
  [tasks.distance, [square, 0, -1], 'distance: indices must be in [0, 3), got -1'],
  [tasks.hullProblems, [at, { batch: 2, points: 5, n: 3 }], 'hullProblems: options must be among batch, points, got n'],
  [tasks.tourProblems, [at, { batch: 2 }], 'tourProblems: points must be a whole number from 1, got undefined'],
  [
    tasks.sortProblems,
    [at, { symbols: 3, minLength: 1, maxLength: 2 }],
    'sortProblems: count must be a whole number from 0, got undefined',
  ],
  [
    tasks.reverseProblems,
    [at, { count: 1, symbols: 3, minLength: 3, maxLength: 2 }],
    'reverseProblems: minLength must be at most maxLength, got 3 and 2',
  ],
  [
    tasks.sortProblems,
    [at, { count: 1, symbols: 3, minLength: 3, maxLength: 4, distinct: true }],
    'sortProblems: distinct symbols must be at least maxLength, got 3 for 4',
  ],
  [tasks.pictureBatch, [null], 'pictureBatch: pictures must be { pixels, labels, height, width }, got null'],
  [tasks.pictureBatch, [{ ...picture, pixels: [0] }], 'pictureBatch: pixels of pictures must be bytes, a Uint8Array, got [0]'],
  [tasks.pictureBatch, [{ ...picture, height: 3 }], 'pictureBatch: pixels of pictures must be 2 × 3 × 2, got 8'],
  [tasks.pictureBatch, [{ ...picture, labels: [1, 0.5] }], 'pictureBatch: labels must be whole numbers from 0, got 0.5'],
  [tasks.pictureBatch, [picture, [0, 2]], 'pictureBatch: chosen must be in [0, 2), got 2'],
  [tasks.clutteredCanvases, [at, picture, {}], 'clutteredCanvases: side must be a whole number from 1, got undefined'],
  [tasks.clutteredCanvases, [at, picture, { side: 1 }], 'clutteredCanvases: pictures must fit a canvas of 1 × 1, got [2, 2]'],
  [tasks.clutteredCanvases, [at, picture, { side: 9, distractors: 1 }], 'clutteredCanvases: cut must fit a canvas of 2 × 2, got [8, 8]'],
  [
    tasks.clutteredCanvases,
    [at, picture, { side: 9, distractors: 1, cut: 1, clutter: { ...picture, pixels: new Uint8Array(0), labels: [] } }],
    'clutteredCanvases: clutter must hold a picture, got none',
  ],
  [metrics.errorRates, [null, []], 'errorRates: hypotheses must be a list, got null'],
  [metrics.errorRates, [[[1]], [3]], 'errorRates: references of 0 must be a list, got 3'],
  [metrics.bleu, [[[1]], null], 'bleu: references must be a list, got null'],
  [permutation, [at, 1e12], 'permutation: length must be a whole number from 0 to 2147483647, got 1000000000000'],
  [arange, [0, 2.5], 'arange: end must be an int32, got 2.5'],
  [arange, [0, 5, 0], 'arange: step must not be 0, got 0'],
  [arange, ['3'], "arange: length must be a whole number from 0, got '3'"],
];

describe('nonsense', () => {
  it.each(wrong.map(([op, args, says]) => [says, op, args] as const))('%s', (says, op, args) => {
    expect(() => op(...(args as never[]))).toThrow(says);
  });
});

describe('arange', () => {
  it('counts as NumPy does', () => {
    expect(arange(3).toArray()).toEqual(Int32Array.of(0, 1, 2));
    expect(arange(5, 10).toArray()).toEqual(Int32Array.of(5, 6, 7, 8, 9));
    expect(arange(5, 0, -2).toArray()).toEqual(Int32Array.of(5, 3, 1));
    expect(arange(3, 3).size).toBe(0);
    expect(arange(2, -1).size).toBe(0);
  });
});
