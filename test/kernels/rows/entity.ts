import type { Draw, KernelRow, Range } from '../row.ts';

const [B, N] = [3, 5];
const mask: Range = { role: 'in', dtype: 'bool', values: [1, 0, 0, 0, 1] };

interface Form {
  /** Elements between examples of results, beyond their own. */
  gap: number;
  masked: boolean;
  slots?: number;
  gates?: boolean;
  states?: boolean;
}

const forward = (width: number, d: Draw, { gap, masked, slots = N }: Form) => {
  const size = B * slots * width;
  const rows = (n: number) => d.inout(d.real(B * (n + gap)));
  return [
    ...[rows(slots * width), d.out(size), rows(slots), d.inout(d.real(B * slots)), d.inout(d.real(size))],
    ...[d.real(B * width, -1, 1), d.real(B * slots), d.real(B * width), d.real(slots * width), d.real(width), d.real(size, -1, 1)],
    ...[masked ? mask : 0, B, slots, width, slots * width + gap, slots + gap, masked ? 2 : 0],
  ];
};

/** From what no forward pass left, but within its bounds. */
const backward = (width: number, d: Draw, { gap, masked, slots = N, gates = true, states = true }: Form) => {
  const size = B * slots * width;
  return [
    ...[d.out(size), d.out(B * width), d.out(B * slots), d.out(B * width), d.out(B * width), d.inout(d.real(size))],
    ...[states ? d.real(B * (slots * width + gap)) : 0, gates ? d.real(B * (slots + gap)) : 0],
    ...[d.real(B * (slots + gap), 0, 1), d.real(B * slots, 0, 1), d.real(size), d.real(B * width), d.real(width)],
    ...[d.real(size, -1, 1), d.real(size, -1, 1), masked ? mask : 0],
    ...[B, slots, width, slots * width + gap, slots + gap, masked ? 2 : 0],
  ];
};

/** Divided by the length of up to a hundred numbers up to 12; a gate's argument is a sum of as many products. */
const tolerance = { absolute: 4e-5 };
/** Sums of up to a hundred products, the larger of which are some hundred, times numbers up to 9. */
const slopes = { absolute: 2e-3, relative: 1e-5 };
const dense = { gap: 0, masked: false };
const apart = { gap: 3, masked: true };

export const hearing: KernelRow[] = [
  { kernel: 'entityCell', args: (n, d) => forward(n, d, dense), tolerance, alias: [[0, 1]] },
  { kernel: 'entityCell', name: 'masked, apart', args: (n, d) => forward(n, d, apart), tolerance },
  { kernel: 'entityCell', name: 'entities', args: (n, d) => forward(6, d, { ...apart, slots: n }), tolerance },
  { kernel: 'entityCellBackward', args: (n, d) => backward(n, d, dense), tolerance: slopes, alias: [[0, 10]] },
  { kernel: 'entityCellBackward', name: 'masked, apart', args: (n, d) => backward(n, d, apart), tolerance: slopes },
  { kernel: 'entityCellBackward', name: 'entities', args: (n, d) => backward(6, d, { ...apart, slots: n }), tolerance: slopes },
  {
    kernel: 'entityCellBackward',
    name: 'of states alone',
    lengths: [3, 8],
    args: (n, d) => backward(n, d, { ...apart, gates: false }),
    tolerance: slopes,
  },
  {
    kernel: 'entityCellBackward',
    name: 'of gates alone',
    lengths: [3, 8],
    args: (n, d) => backward(n, d, { ...apart, states: false }),
    tolerance: slopes,
  },
];
