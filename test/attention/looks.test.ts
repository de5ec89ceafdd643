import { describe, expect, it } from 'vitest';
import { FilterBank } from '../../src/attention/looks/filter-bank.ts';
import { GaussianGlimpse, Glimpse } from '../../src/attention/looks/glimpse.ts';
import { backward, grad } from '../../src/autograd/backward.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { reshape, sum } from '../../src/ops/index.ts';
import { withBackend } from '../../src/runtime/backend.ts';
import { referenceBackend } from '../../src/runtime/reference/index.ts';
import { full, tensor, zeros } from '../../src/tensor/create.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { list, real } from '../nn/row.ts';

/** An image whose pixel at row y and column x is 10 y + x. */
const counted = (height: number, width: number) =>
  tensor(
    Float64Array.from({ length: height * width }, (_, i) => 10 * Math.floor(i / width) + (i % width)),
    { shape: [1, height, width] },
  );

describe('Glimpse', () => {
  const read = (window: Glimpse, x: number, y: number, images = counted(6, 8)) => window.read(images, tensor([[x, y]]));

  it('sees whole pixels around a place of x and y, and says which', () => {
    const middle = read(new Glimpse({ size: 2 }), 0, 0);
    expect(list(middle.patches)).toEqual([23, 24, 33, 34]);
    expect(list(middle.boxes)).toEqual([3, 2, 2, 2]);
    // Half of the way to the right, where 1 is the border, and up by a quarter, which is rounded to the lower pixel.
    expect(list(read(new Glimpse({ size: 2 }), 0.5, -0.25).boxes)).toEqual([5, 1, 2, 2]);
    expect(list(read(new Glimpse({ size: 3 }), 0, 0).boxes)).toEqual([3, 2, 3, 3]); // half a pixel to the right
    expect(list(read(new Glimpse({ size: 2, reach: 1 }), 1, -1).boxes)).toEqual([4, 1, 2, 2]);
  });

  it('sees nothing outside', () => {
    const corner = read(new Glimpse({ size: 2 }), -1, 1);
    expect(list(corner.patches)).toEqual([0, 50, 0, 0]);
    expect(list(corner.boxes)).toEqual([-1, 5, 2, 2]);
  });

  it('averages wider scales, and keeps channels last', () => {
    const { patches, boxes } = read(new Glimpse({ size: 2, scales: 2 }), 0, 0);
    expect(patches.shape).toEqual([1, 2, 2, 2]);
    expect(list(patches).slice(4)).toEqual([17.5, 19.5, 37.5, 39.5]);
    expect(list(boxes)).toEqual([3, 2, 2, 2, 2, 1, 4, 4]);
    const colours = new Glimpse({ size: 2 }).read(reshape(counted(6, 8), [1, 6, 4, 2]), tensor([[0, 0]]));
    expect([colours.patches.shape, list(colours.patches)]).toEqual([
      [1, 1, 2, 2, 2],
      [22, 23, 24, 25, 32, 33, 34, 35],
    ]);
  });

  it('gives images their gradient, and the place none', () => {
    const [images, place] = [parameter(counted(6, 8)), parameter(tensor([[0, 0]]))];
    const { patches } = new Glimpse({ size: 2, scales: 2 }).read(images, place);
    const [g] = grad(sum(patches), [images]);
    expect(list(g as Tensor).filter((value) => value !== 0)).toEqual([
      ...new Array(5).fill(0.25),
      1.25,
      1.25,
      0.25,
      0.25,
      1.25,
      1.25,
      ...new Array(5).fill(0.25),
    ]);
    expect(patches.requiresGrad).toBe(true);
    expect(new Glimpse({ size: 2 }).read(counted(6, 8), place).patches.requiresGrad).toBe(false);
  });
});

describe('FilterBank', () => {
  const narrow = Math.log(0.01);

  it('writes a patch where it reads it', () => {
    const bank = new FilterBank({ size: 3 });
    const place = tensor([[0.2, -0.2, narrow, Math.log(0.5), 0.7]]);
    const patch = real([0], [3, 3], 4);
    const { images, boxes } = bank.write(patch, place, { height: 9, width: 9 });
    const seen = bank.read(images, place);
    list(seen.patches).forEach((value, i) => {
      expect(value).toBeCloseTo(list(patch)[i] as number, 2);
    });
    // Its middle is at 5 · 1.2 and 5 · 0.8, counted from 1: half a pixel less from the border; two pixels apart.
    list(boxes).forEach((value, i) => {
      expect(value).toBeCloseTo([6 - 0.5 - 3, 4 - 0.5 - 3, 6, 6][i] as number, 5);
    });
    expect(list(seen.boxes)).toEqual(list(boxes));
  });

  it('reads the whole image where all numbers are 0', () => {
    const bank = new FilterBank({ size: 4 });
    const { patches, boxes } = bank.read(counted(4, 4), tensor([[0, 0, narrow, 0, 0]]));
    list(patches).forEach((value, i) => {
      expect(value).toBeCloseTo(10 * Math.floor(i / 4) + (i % 4), 1);
    });
    list(boxes).forEach((value, i) => {
      expect(value).toBeCloseTo([0, 0, 4, 4][i] as number, 5);
    });
  });

  it('reads and writes channels alike, of images that are no squares', () => {
    const bank = new FilterBank({ size: 2 });
    const place = tensor([[0.3, -0.2, 0.1, -0.4, 0.2]]);
    const [a, b] = [real([0], [5, 4], 1), real([0], [5, 4], 2)];
    const both = tensor(Float64Array.from(list(a).flatMap((value, i) => [value, list(b)[i] as number])), { shape: [1, 5, 4, 2] });
    const [one, two, joined] = [bank.read(a, place), bank.read(b, place), bank.read(both, place)];
    expect(joined.patches.shape).toEqual([1, 1, 2, 2, 2]);
    expect(list(joined.patches)).toEqual(list(one.patches).flatMap((value, i) => [value, list(two.patches)[i] as number]));
    const written = bank.write(reshape(joined.patches, [1, 2, 2, 2]), place, { height: 5, width: 4 }).images;
    const alone = bank.write(reshape(one.patches, [1, 2, 2]), place, { height: 5, width: 4 }).images;
    expect(list(written).filter((_, i) => i % 2 === 0)).toEqual(list(alone));
  });

  it('has finite gradients at the border, and wherever its numbers are', () => {
    withBackend(referenceBackend(), () => {
      const bank = new FilterBank({ size: 3 });
      const image = real([0], [5, 5], 1);
      gradcheck((place, x) => bank.read(x, place).patches, [tensor([[-0.9, 0.95, -1, 0.2, 0.1]]), image]);
      gradcheck(
        (place, patch) => bank.write(patch, place, { height: 5, width: 5 }).images,
        [tensor([[0.9, -0.4, 0.3, -0.5, 0.1]]), real([0], [3, 3], 2)],
      );
    });
    for (const far of [50, -50]) {
      const place = parameter(full([1, 5], far));
      scope(() => backward(sum(new FilterBank({ size: 3 }).read(counted(5, 5), place).patches)));
      expect(list(place.grad as Tensor).every(Number.isFinite)).toBe(true);
    }
  });

  it('refuses patches of other sizes', () => {
    const bank = new FilterBank({ size: 3 });
    expect(() => bank.write(zeros([1, 2, 3]), zeros([1, 5]), { height: 5, width: 5 })).toThrow(
      'FilterBank: patch must be [B, 3, 3], or with channels last, got [1, 2, 3]',
    );
    expect(() => bank.write(zeros([1, 3, 3]), zeros([1, 4]), { height: 5, width: 5 })).toThrow(
      'FilterBank: place must be float32 [1, 5], got float32 [1, 4]',
    );
  });
});

describe('GaussianGlimpse', () => {
  it('sees what Glimpse sees, blurred, on any place', () => {
    const images = counted(12, 12);
    const [soft, hard] = [GaussianGlimpse, Glimpse].map((Kind) => new Kind({ size: 4, scales: 2 }).read(images, tensor([[0, 0]])));
    expect(list((soft as typeof hard as { boxes: Tensor }).boxes)).toEqual(list((hard as { boxes: Tensor }).boxes));
    // A ramp blurred by even filters is the ramp, but where they are cut by the border.
    list((soft as { patches: Tensor }).patches).forEach((value, i) => {
      expect(value).toBeCloseTo(list((hard as { patches: Tensor }).patches)[i] as number, 1);
    });
    const moved = new GaussianGlimpse({ size: 4 }).read(images, tensor([[0.05, 0]])); // 0.3 pixels to the right
    expect((list(moved.patches)[5] as number) - (list((soft as { patches: Tensor }).patches)[5] as number)).toBeCloseTo(0.3, 1);
    expect(list(moved.boxes)[0]).toBeCloseTo(4.3, 5);
    // With a reach, on an image that is no square: 1.5 and 1 pixels from its middle at 6 and 4.
    const reached = new GaussianGlimpse({ size: 4, scales: 2, reach: 3 }).read(counted(8, 12), tensor([[0.5, 1 / 3]]));
    expect(list(reached.boxes)).toEqual([5.5, 3, 4, 4, 3.5, 1, 8, 8]);
    expect(list(reached.patches)[5]).toBeCloseTo(46.5, 1); // the middle of row 4, between columns 6 and 7
  });

  it('gives the place its gradient', () => {
    withBackend(referenceBackend(), () => {
      gradcheck(
        (place, x) => new GaussianGlimpse({ size: 2, scales: 2, reach: 1.5 }).read(x, place).patches,
        [tensor([[0.3, -0.4]]), real([0], [5, 4], 1)],
      );
    });
  });
});
