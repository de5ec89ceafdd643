// Ops that read and write by index, and draws from keys.
import { scatter } from '../choices.ts';
import type { Draw, Row } from '../draw.ts';
import * as n from '../interpreter.ts';
import { get, indices, make, map, type Plain, sizeOf, withAxis, without } from '../plain.ts';
import { Seed, type Slot } from '../program.ts';
import { largest } from './along.ts';

const whole = (index: Plain, i: readonly number[]) => get(index, i).value;

const gather: Row = {
  op: 'gather',
  draw: (d) => {
    const x = d.float((slot) => slot.shape.length > 0 && slot.shape[0] !== 0);
    const index = d.index(d.shape(d.int(3)), x.shape[0] as number);
    const rank = index.shape.length;
    const result = make([...index.shape, ...x.shape.slice(1)], (i) => get(x, [whole(index, i.slice(0, rank)), ...i.slice(rank)]));
    d.call('gather', [x, index], result);
  },
};

const segmentSum: Row = {
  op: 'segmentSum',
  draw: (d) => {
    const x = d.float((slot) => slot.shape.length > 0);
    const [rank, rows] = [1 + d.int(x.shape.length), 1 + d.int(4)];
    const index = d.index(x.shape.slice(0, rank), rows);
    const result = make([rows, ...x.shape.slice(rank)], ([row, ...rest]) =>
      n.sum(
        indices(index.shape)
          .filter((i) => whole(index, i) === row)
          .map((i) => get(x, [...i, ...rest])),
      ),
    );
    d.call('segmentSum', [x, index, rows], result);
  },
};

const embeddingBag: Row = {
  op: 'embeddingBag',
  draw: (d) => {
    const x = d.float((slot) => slot.shape.length === 2 && slot.shape[0] !== 0);
    const [rows, width] = x.shape as [number, number];
    const index = d.index([...d.shape(d.int(2)), d.int(4)], rows);
    const length = index.shape.at(-1) as number;
    const weights = d.int(2) ? d.like([length, width]) : undefined;
    const skip = d.int(2) ? d.int(rows) : undefined;
    const result = make([...index.shape.slice(0, -1), width], (i) => {
      const [at, column] = [i.slice(0, -1), i.at(-1) as number];
      const places = Array.from({ length }, (_, j) => [j, whole(index, [...at, j])] as const).filter(([, k]) => k !== skip);
      return n.sum(places.map(([j, k]) => (weights ? n.mul(get(weights, [j, column]), get(x, [k, column])) : get(x, [k, column]))));
    });
    d.call('embeddingBag', [x, index, { ...(weights && { weights }), ...(skip !== undefined && { paddingIndex: skip }) }], result);
  },
};

const pick: Row = {
  op: 'pick',
  draw: (d) => {
    const x = d.float((slot) => slot.shape.length > 0 && !slot.shape.includes(0));
    const axis = d.axis(x);
    const index = d.index(without(x.shape, axis), x.shape[axis] as number, -1);
    const result = make(index.shape, (i) => (whole(index, i) < 0 ? n.zero : get(x, withAxis(i, axis, whole(index, i)))));
    d.call('pick', [x, index, { axis: d.signed(axis, x.shape.length) }], result);
  },
};

const batchGather: Row = {
  op: 'batchGather',
  draw: (d) => {
    const x = d.float((slot) => slot.shape.length > 1 && !slot.shape.includes(0));
    const batch = d.int(x.shape.length);
    const lead = x.shape.slice(0, batch);
    const index = d.index([...lead, ...d.shape(d.int(3))], x.shape[batch] as number);
    const rank = index.shape.length;
    const shape = [...index.shape, ...x.shape.slice(batch + 1)];
    d.need(shape.length <= 5);
    const result = make(shape, (i) => get(x, [...i.slice(0, batch), whole(index, i.slice(0, rank)), ...i.slice(rank)]));
    d.call('batchGather', [x, index, { batchDims: batch }], result);
  },
};

const takeAlongAxis: Row = {
  op: 'takeAlongAxis',
  draw: (d) => {
    const x = d.float((slot) => slot.shape.length > 0 && !slot.shape.includes(0));
    const axis = d.axis(x);
    const index = d.index(x.shape.with(axis, d.length()), x.shape[axis] as number);
    const result = make(index.shape, (i) => get(x, i.with(axis, whole(index, i))));
    d.call('takeAlongAxis', [x, index, { axis: d.signed(axis, x.shape.length) }], result);
  },
};

const scatterAddAlongAxis: Row = {
  op: 'scatterAddAlongAxis',
  draw: (d) => {
    const x = d.float((slot) => slot.shape.length > 0);
    const length = 1 + d.int(4);
    const index = d.index(x.shape, length);
    const last = x.shape.at(-1) as number;
    const result = make([...x.shape.slice(0, -1), length], (i) => {
      const row = i.slice(0, -1);
      const places = Array.from({ length: last }, (_, k) => [...row, k]);
      return n.sum(places.filter((place) => whole(index, place) === i.at(-1)).map((place) => get(x, place)));
    });
    d.call('scatterAddAlongAxis', [x, index, length], result);
  },
};

const oneHot: Row = {
  op: 'oneHot',
  draw: (d) => {
    const length = 1 + d.int(4);
    const index = d.index(d.shape(d.int(4)), length, -1);
    const result = make([...index.shape, length], (i) => n.constant(whole(index, i.slice(0, -1)) === i.at(-1) ? 1 : 0));
    d.call('oneHot', [index, length], result);
  },
};

const key = (d: Draw) => new Seed(d.int(1000));

/** Numbers that the package draws are taken as given, once they are where they should be. */
const drawing = (
  op: 'uniform' | 'normal' | 'gumbel',
  options: (d: Draw) => object | undefined,
  inside: (x: number, options: { low?: number; high?: number }) => boolean,
): Row => ({
  op,
  draw: (d) => {
    const [seed, shape, option] = [key(d), d.shape(), options(d)];
    const args = option ? [seed, shape, option] : [seed, shape];
    const values = d.given((s) => (s[op] as typeof s.uniform)(s.key(seed.seed), shape, option));
    if (!values.every((x) => inside(x, option ?? {}))) throw new Error(`${op}: draws must be where they may be, got ${values}`);
    d.call(op, args, { shape, nodes: values.map((x) => n.constant(x)) });
  },
});

const categorical: Row = {
  op: 'categorical',
  draw: (d) => {
    const logits = d.float((slot) => slot.shape.length > 0 && !slot.shape.includes(0));
    const seed = key(d);
    const noise = d.given((s) => s.gumbel(s.key(seed.seed), logits.shape));
    const shape = logits.shape.slice(0, -1);
    const width = logits.shape.at(-1) as number;
    const noisy = logits.nodes.map((x, i) => n.add(x, n.constant(noise[i] as number, 1e-5)));
    const rows = Array.from({ length: sizeOf(shape) }, (_, r) => noisy.slice(r * width, (r + 1) * width));
    d.call('categorical', [seed, logits], { shape, nodes: rows.map((row) => n.constant(largest(d, row))) }, { dtype: 'int32' });
  },
};

const dropout: Row = {
  op: 'dropout',
  draw: (d) => {
    const x = d.float();
    const [p, seed] = [d.pick([0.5, 0, 0.25]), key(d)];
    if (p === 0) {
      d.call('dropout', [x, p, seed], x);
      return;
    }
    const kept = d.given((s) => s.dropout(s.ones(x.shape), p, s.key(seed.seed)));
    const right = kept.every((value) => value === 0 || value === Math.fround(1 / (1 - p)));
    if (!right) throw new Error(`dropout: must be 0 or 1 / (1 − p), got ${kept}`);
    d.call('dropout', [x, p, seed], {
      shape: x.shape,
      nodes: x.nodes.map((each, i) => (kept[i] === 0 ? n.zero : n.scale(each, 1 / (1 - p)))),
    });
  },
};

const straightThrough: Row = {
  op: 'straightThrough',
  draw: (d) => {
    const hard = d.float();
    const soft = d.like(hard.shape);
    const nodes = hard.nodes.map((x, i) => n.straight(x, soft.nodes[i] as n.Node));
    d.call('straightThrough', [hard, soft], { shape: hard.shape, nodes }, { needs: soft.needs && d.recording });
  },
};

const detach: Row = {
  op: 'detach',
  draw: (d) => {
    const x = d.float();
    d.call('detach', [x], map(x, n.cut), { needs: false });
  },
};

/** The angles of rotary positions: a table, and how elements are paired. */
interface Turn {
  readonly table: Slot;
  readonly half: number;
  readonly layout: 'halves' | 'pairs';
}

export function turnOf(d: Draw, depth: number): Turn {
  const half = 1 + d.int(Math.floor(depth / 2));
  const [length, seed] = [1 + d.int(4), d.int(64)];
  const entries = Array.from({ length: length * 2 * half }, (_, i) => (scatter(seed, i, 33) - 16) / 16);
  const table = d.leaf([length, 2 * half], entries, 'float32');
  return { table, half, layout: d.pick(['halves', 'pairs'] as const) };
}

/** `(a cos − b sin, b cos + a sin)` of each pair, whatever the table holds (Su et al. 2021, eq. 34). */
export function turned(d: Draw, x: Slot, positions: Slot, { table, half, layout }: Turn): Slot {
  const partner = (i: number) => (layout === 'pairs' ? [i - (i % 2), i - (i % 2) + 1] : [i % half, (i % half) + half]) as [number, number];
  const result = make(x.shape, ([b = 0, h = 0, t = 0, i = 0]) => {
    const own = get(x, [b, h, t, i]);
    if (i >= 2 * half) return own;
    const [first, second] = partner(i);
    const pair = layout === 'pairs' ? first / 2 : first;
    const row = get(positions, [b, t]).value;
    const [cos, sin] = [get(table, [row, pair]), get(table, [row, pair + half])];
    const other = get(x, [b, h, t, i === first ? second : first]);
    return n.dot([own, other], [cos, i === first ? n.neg(sin) : sin]);
  });
  return d.call('rotary', [x, table, positions, { layout }], result);
}

const rotary: Row = {
  op: 'rotary',
  weight: 2,
  draw: (d) => {
    const x = d.float(
      (slot) => slot.shape.length === 4 && !slot.shape.includes(0) && (slot.shape[3] as number) > 1,
      () => [1 + d.int(2), 1 + d.int(2), 1 + d.int(3), 2 + d.int(4)],
    );
    const [batch, , queries, depth] = x.shape as [number, number, number, number];
    const turn = turnOf(d, depth);
    turned(d, x, d.index([d.flag() ? 1 : batch, queries], turn.table.shape[0] as number), turn);
  },
};

export const indexed: Row[] = [
  rotary,
  gather,
  segmentSum,
  embeddingBag,
  pick,
  batchGather,
  takeAlongAxis,
  scatterAddAlongAxis,
  oneHot,
  drawing(
    'uniform',
    (d) => d.pick([undefined, { low: -1, high: 1 }]),
    (x, { low = 0, high = 1 }) => x >= low && x < high,
  ),
  drawing(
    'normal',
    (d) => d.pick([undefined, { mean: 1, std: 0.5 }]),
    (x) => Math.abs(x) < 7,
  ),
  drawing(
    'gumbel',
    () => undefined,
    (x) => x > -4 && x < 20,
  ),
  categorical,
  dropout,
  straightThrough,
  detach,
];
