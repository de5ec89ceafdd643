import type { Argument, Draw, KernelRow } from '../row.ts';

/** p, g and as many states as are wanted, each from [low, high). The scalars are exact in float32. */
const operands = (n: number, d: Draw, ...states: [low: number, high: number][]): Argument[] => [
  d.inout(d.real(n)),
  d.real(n),
  ...states.map(([low, high]) => d.inout(d.real(n, low, high))),
];

// A sum of two products near 3, rounded three times: 5 ulp of 3 where they cancel.
const tolerance = { relative: 5e-7, absolute: 1.2e-6 };

export const optimising: KernelRow[] = [
  {
    kernel: 'adam',
    args: (n, d) => [...operands(n, d, [-1, 1], [0.5, 2]), n, 0.25, 1.5, 0.875, 0.125, 0.96875, 0.03125, 2 ** -20, 1, 0.0625],
    tolerance,
  },
  {
    kernel: 'adam',
    name: 'decoupled decay',
    args: (n, d) => [...operands(n, d, [-1, 1], [0.5, 2]), n, 0.25, 1.5, 0.875, 0.125, 0.96875, 0.03125, 2 ** -20, 0.9375, 0],
    tolerance,
  },
  { kernel: 'sgd', args: (n, d) => [...operands(n, d), 0, n, 0.125, 0, 1, 0.0625, 0], tolerance },
  { kernel: 'sgd', name: 'momentum', args: (n, d) => [...operands(n, d, [-1, 1]), n, 0.125, 0.875, 0.75, 0.0625, 0], tolerance },
  { kernel: 'sgd', name: 'Nesterov', args: (n, d) => [...operands(n, d, [-1, 1]), n, 0.125, 0.875, 1, 0.0625, 1], tolerance },
  { kernel: 'rmsprop', args: (n, d) => [...operands(n, d, [0.5, 2]), 0, 0, n, 0.125, 0.96875, 0.03125, 2 ** -20, 0, 0.0625], tolerance },
  {
    kernel: 'rmsprop',
    name: 'centred with momentum',
    args: (n, d) => [...operands(n, d, [9, 12], [-1, 1], [-1, 1]), n, 0.125, 0.96875, 0.03125, 2 ** -20, 0.875, 0.0625],
    tolerance,
  },
  { kernel: 'adagrad', args: (n, d) => [...operands(n, d, [0.5, 2]), n, 0.125, 2 ** -20, 0.0625], tolerance },
  {
    kernel: 'adadelta',
    args: (n, d) => [...operands(n, d, [0.5, 2], [0.5, 2]), n, 0.5, 0.875, 0.125, 2 ** -20, 0.0625],
    tolerance,
  },
  { kernel: 'sumSquares', args: (n, d) => [d.out(1), d.real(n), n] },
];
