import { add, grad, scope, sum, type Tensor, tensor } from 'saccade';
import { type Case, drawn, parametersOf, resultOf, sizeOf, valuesOf } from '../case.ts';

const SIZE = 8;
/** Ops per scope, as in a step of training. */
const SHARED = 64;

/** Adds two 8-vectors `times` times in one scope; if they are parameters each sum is recorded. */
function adding(times: number, recorded: boolean): Case['setup'] {
  return () => {
    const shapes = [[SIZE], [SIZE]];
    const plain = () => shapes.map((shape, i) => tensor(drawn(sizeOf(shape), i + 1), { shape }));
    const [a, b] = (recorded ? parametersOf(shapes) : plain()) as [Tensor, Tensor];
    return () =>
      scope(() => {
        let y = add(a, b);
        for (let i = 1; i < times; i++) y = add(a, b);
        return y;
      });
  };
}

/** `a + b` of the drawn values. */
const sums = () => {
  const [a, b] = valuesOf([[SIZE], [SIZE]]) as [Float32Array, Float32Array];
  return Array.from(a, (value, i) => value + (b[i] as number));
};

const small = (name: string, times: number, recorded: boolean, most?: number): Case => ({
  name,
  unit: 'µs',
  work: times,
  setup: adding(times, recorded),
  proof: () => ({ got: resultOf(adding(times, recorded)), wanted: sums() }),
  tolerance: 1e-6,
  ...(most ? { target: { most } } : {}),
});

/** The gradient of the sum of `a + b` with respect to `a`: ones. */
const withGradient: Case['setup'] = () => {
  const [a, b] = parametersOf([[SIZE], [SIZE]]) as [Tensor, Tensor];
  return () => scope(() => grad(sum(add(a, b)), [a])[0] as Tensor);
};

export const smallOps: Case[] = [
  small('add of 8, no gradient', SHARED, false, 0.5),
  small('add of 8, recorded', SHARED, true, 1),
  small('scope of one add of 8, no gradient', 1, false),
  small('scope of one add of 8, recorded', 1, true),
  {
    name: 'add of 8, with its gradient',
    unit: 'µs',
    work: 1,
    setup: withGradient,
    proof: () => ({ got: resultOf(withGradient), wanted: new Array<number>(SIZE).fill(1) }),
    tolerance: 1e-6,
  },
];
