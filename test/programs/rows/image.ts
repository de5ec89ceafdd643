// Ops of images [B, height, width, channels] or [B, height, width].
import type { Draw, Row } from '../draw.ts';
import * as n from '../interpreter.ts';
import { get, make, type Plain, sizeOf } from '../plain.ts';
import type { Slot } from '../program.ts';

type Two = readonly [number, number];

const range = (length: number) => Array.from({ length }, (_, k) => k);
const image = (d: Draw) => d.ranked(d.pick([4, 4, 3]));
const two = (f: () => number): [number, number] => [f(), f()];
/** As a caller may write it: one number where both are the same. */
const pair = (d: Draw, [a, b]: Two) => (a === b && d.flag() ? a : [a, b]);

/** The pixel of an image; nothing outside. */
function pixel(x: Plain, b: number, i: number, j: number, rest: readonly number[]): n.Node | undefined {
  const [, height, width] = x.shape as [number, number, number];
  return i < 0 || i >= height || j < 0 || j >= width ? undefined : get(x, [b, i, j, ...rest]);
}

const crop: Row = {
  op: 'crop',
  draw: (d) => {
    const x = image(d);
    const [batch, , , ...channels] = x.shape as [number, number, number, ...number[]];
    const corner = d.index([batch, 2], 4, -3);
    const size = two(() => 1 + d.int(4));
    const shape = [batch, ...size, ...channels];
    d.need(sizeOf(shape) <= d.sizes.limit);
    const result = make(shape, ([b = 0, r = 0, c = 0, ...rest]) => {
      const [top, left] = [get(corner, [b, 0]).value, get(corner, [b, 1]).value];
      return pixel(x, b, top + r, left + c, rest) ?? n.zero;
    });
    d.call('crop', [x, corner, pair(d, size)], result);
  },
};

interface Windows {
  readonly size: Two;
  readonly stride: Two;
  readonly padding: Two;
  readonly count: Two;
}

function windows(d: Draw, x: Slot): Windows {
  const size = two(() => 1 + d.int(3));
  const stride = d.flag() ? size : two(() => 1 + d.int(3));
  const padding = size.map((each) => d.int(1 + Math.floor(each / 2))) as [number, number];
  const count = size.map(
    (each, i) => Math.floor(((x.shape[i + 1] as number) + 2 * (padding[i] as number) - each) / (stride[i] as number)) + 1,
  );
  d.need(count.every((each) => each > 0));
  return { size, stride, padding, count: count as [number, number] };
}

const options = (d: Draw, { stride, padding }: Windows) => ({ stride: pair(d, stride), padding: pair(d, padding) });

/** `f` of what is inside of each window. */
const pooled = (x: Plain, { size, stride, padding, count }: Windows, f: (inside: n.Node[]) => n.Node) =>
  make([x.shape[0] as number, ...count, ...x.shape.slice(3)], ([b = 0, r = 0, c = 0, ...rest]) =>
    f(
      range(size[0]).flatMap((p) =>
        range(size[1]).flatMap((q) => pixel(x, b, r * stride[0] + p - padding[0], c * stride[1] + q - padding[1], rest) ?? []),
      ),
    ),
  );

/** The first of the largest. */
function first(d: Draw, list: readonly n.Node[]): n.Node {
  const most = list.reduce((a, b) => (b.value > a.value ? b : a));
  for (const x of list) if (x !== most) d.apart(x, most);
  return most;
}

const maxPool2d: Row = {
  op: 'maxPool2d',
  draw: (d) => {
    const x = image(d);
    const where = windows(d, x);
    d.call(
      'maxPool2d',
      [x, pair(d, where.size), options(d, where)],
      pooled(x, where, (inside) => first(d, inside)),
    );
  },
};

const avgPool2d: Row = {
  op: 'avgPool2d',
  draw: (d) => {
    const x = image(d);
    const where = windows(d, x);
    const share = 1 / (where.size[0] * where.size[1]);
    d.call(
      'avgPool2d',
      [x, pair(d, where.size), options(d, where)],
      pooled(x, where, (inside) => n.scale(n.sum(inside), share)),
    );
  },
};

/** A coordinate in pixels, and the whole number before it: surely before it, or at it exactly. */
function place(d: Draw, u: n.Node, length: number, align: boolean): [p: n.Node, before: number] {
  const edge = align ? 1 : 0;
  const p = n.shift(n.scale(u, (length - edge) / 2), (length - 1) / 2);
  const nearest = Math.round(p.value);
  const exact = u.error === 0 && p.value === nearest;
  d.need(exact || Math.abs(p.value - nearest) > Math.max(1e-3, 16 * p.error));
  d.need(Math.abs(p.value) < 64);
  return [p, Math.floor(p.value)];
}

const gridSample: Row = {
  op: 'gridSample',
  draw: (d) => {
    const x = image(d);
    const [batch, height, width, ...channels] = x.shape as [number, number, number, ...number[]];
    const [rows, columns] = two(() => 1 + d.int(3));
    const grid = d.float(
      (slot) => slot.shape.length === 4 && slot.shape[0] === batch && slot.shape[3] === 2 && !slot.shape.includes(0),
      () => [batch, rows, columns, 2],
      [-1.25, 1.25],
    );
    const alignCorners = d.flag();
    const shape = [...grid.shape.slice(0, 3), ...channels];
    d.need(sizeOf(shape) <= d.sizes.limit);
    const result = make(shape, ([b = 0, r = 0, c = 0, ...rest]) => {
      const [u, i] = place(d, get(grid, [b, r, c, 0]), width, alignCorners);
      const [v, j] = place(d, get(grid, [b, r, c, 1]), height, alignCorners);
      const shares = (p: n.Node, at: number) => {
        const later = n.shift(p, -at);
        return [n.sub(n.one, later), later] as const;
      };
      const [across, down] = [shares(u, i), shares(v, j)];
      const parts = [0, 1].flatMap((q) =>
        [0, 1].flatMap((p) => {
          const value = pixel(x, b, j + q, i + p, rest);
          return value ? n.mul(value, n.mul(across[p as 0 | 1], down[q as 0 | 1])) : [];
        }),
      );
      return n.sum(parts);
    });
    d.call('gridSample', [x, grid, { alignCorners }], result);
  },
};

const affineGrid: Row = {
  op: 'affineGrid',
  draw: (d) => {
    const theta = d.float(
      (slot) => slot.shape.length === 3 && slot.shape[1] === 2 && slot.shape[2] === 3 && slot.shape[0] !== 0,
      () => [1 + d.int(2), 2, 3],
    );
    const [size, alignCorners] = [two(() => 1 + d.int(4)), d.flag()];
    const along = (i: number, length: number) =>
      alignCorners ? (length === 1 ? 0 : -1 + (2 * i) / (length - 1)) : -1 + (2 * i + 1) / length;
    const shape = [theta.shape[0] as number, ...size, 2];
    d.need(sizeOf(shape) <= d.sizes.limit);
    const result = make(shape, ([b = 0, r = 0, c = 0, k = 0]) => {
      const place = [along(c, size[1]), along(r, size[0]), 1].map((value) => n.constant(value, 2 ** -24 * Math.abs(value)));
      return n.dot(
        place,
        range(3).map((i) => get(theta, [b, k, i])),
      );
    });
    d.call('affineGrid', [theta, pair(d, size), { alignCorners }], result);
  },
};

const conv2d: Row = {
  op: 'conv2d',
  draw: (d) => {
    const x = d.ranked(4);
    const [batch, height, width, inputs] = x.shape as [number, number, number, number];
    const [outputs, size] = [1 + d.int(3), two(() => 1 + d.int(3))];
    const weight = d.like([outputs, inputs, ...size]);
    const bias = d.flag() ? d.like([outputs]) : undefined;
    const [stride, padding] = [two(() => 1 + d.int(2)), two(() => d.int(2))];
    const count = [height, width].map(
      (length, i) => Math.floor((length + 2 * (padding[i] as number) - (size[i] as number)) / (stride[i] as number)) + 1,
    );
    const shape = [batch, ...count, outputs];
    d.need(count.every((each) => each > 0) && sizeOf(shape) <= d.sizes.limit);
    const result = make(shape, ([b = 0, r = 0, c = 0, o = 0]) => {
      const terms = range(size[0]).flatMap((p) =>
        range(size[1]).flatMap((q) =>
          range(inputs).flatMap((i) => {
            const value = pixel(x, b, r * stride[0] + p - padding[0], c * stride[1] + q - padding[1], [i]);
            return value ? [[value, get(weight, [o, i, p, q])] as const] : [];
          }),
        ),
      );
      const total = n.dot(
        terms.map(([value]) => value),
        terms.map(([, factor]) => factor),
      );
      return bias ? n.add(total, get(bias, [o])) : total;
    });
    d.call('conv2d', [x, weight, bias, { stride: pair(d, stride), padding: pair(d, padding) }], result);
  },
};

const convTranspose2d: Row = {
  op: 'convTranspose2d',
  draw: (d) => {
    const x = d.ranked(4);
    const [batch, height, width, inputs] = x.shape as [number, number, number, number];
    const [outputs, size, stride] = [1 + d.int(3), two(() => 1 + d.int(3)), two(() => 1 + d.int(3))];
    const weight = d.like([inputs, outputs, ...size]);
    const bias = d.flag() ? d.like([outputs]) : undefined;
    const padding = two(() => d.int(2));
    const outputPadding = stride.map((each) => d.int(each)) as [number, number];
    const count = [height, width].map(
      (length, i) => (length - 1) * (stride[i] as number) - 2 * (padding[i] as number) + (size[i] as number) + (outputPadding[i] as number),
    );
    const shape = [batch, ...count, outputs];
    d.need(count.every((each) => each > 0) && sizeOf(shape) <= d.sizes.limit);
    const result = make(shape, ([b = 0, i = 0, j = 0, o = 0]) => {
      const terms = range(height).flatMap((r) =>
        range(width).flatMap((c) => {
          const [p, q] = [i + padding[0] - r * stride[0], j + padding[1] - c * stride[1]];
          const reached = p >= 0 && p < size[0] && q >= 0 && q < size[1];
          return reached ? range(inputs).map((k) => [get(x, [b, r, c, k]), get(weight, [k, o, p, q])] as const) : [];
        }),
      );
      const total = n.dot(
        terms.map(([value]) => value),
        terms.map(([, factor]) => factor),
      );
      return bias ? n.add(total, get(bias, [o])) : total;
    });
    const options = { stride: pair(d, stride), padding: pair(d, padding), outputPadding: pair(d, outputPadding) };
    d.call('convTranspose2d', [x, weight, bias, options], result);
  },
};

/** `(x − ⟨x⟩) / √(⟨(x − ⟨x⟩)²⟩ + ε) · weight + bias` of columns (Ioffe and Szegedy 2015), with their statistics. */
const batchNorm: Row = {
  op: 'batchNorm',
  draw: (d) => {
    const x = d.float((slot) => slot.shape.length > 0 && !slot.shape.includes(0));
    const width = x.shape.at(-1) as number;
    const weight = d.int(3) > 0 ? d.like([width]) : undefined;
    const bias = d.int(3) > 0 ? d.like([width]) : undefined;
    const eps = d.pick([1, 0.125]);
    const columns = range(width).map((j) => x.nodes.filter((_, i) => i % width === j));
    const means = columns.map((column) => n.scale(n.sum(column), 1 / column.length));
    const off = columns.map((column, j) => column.map((each) => n.sub(each, means[j] as n.Node)));
    const variances = off.map((column) => n.scale(n.dot(column, column), 1 / column.length));
    const deviations = variances.map((variance) => n.sqrt(n.shift(variance, eps)));
    const nodes = x.nodes.map((_, i) => {
      const j = i % width;
      const y = n.div(off[j]?.[Math.floor(i / width)] as n.Node, deviations[j] as n.Node);
      const scaled = weight ? n.mul(y, get(weight, [j])) : y;
      return bias ? n.add(scaled, get(bias, [j])) : scaled;
    });
    const results = [
      { shape: x.shape, nodes },
      { shape: [width], nodes: means },
      { shape: [width], nodes: variances },
    ];
    d.calls('batchNorm', [x, { ...(weight ? { weight } : {}), ...(bias ? { bias } : {}), eps }], results, ['output', 'mean', 'variance']);
  },
};

export const images: Row[] = [crop, maxPool2d, avgPool2d, gridSample, affineGrid, conv2d, convTranspose2d, batchNorm];
