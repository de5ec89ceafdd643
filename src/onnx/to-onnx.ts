import { expectNames, type Names, shown } from '../tensor/check.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { opsets } from './model.ts';
import { axesOf, type OnnxOptions } from './options.ts';
import { type Program, programOf } from './program.ts';
import { type OnnxInput, runAt, told } from './run.ts';
import { type Axes, runs as lengthsOfRuns } from './size.ts';
import { write } from './write.ts';

const names: Names<OnnxOptions> = { inputs: 1, outputs: 1, module: 1, weights: 1, opset: 1, sizes: 1, ops: 1, name: 1 };

/**
 * The ONNX file of what `fn` computes, for inputs of any length along their named axes:
 * `toOnnx(({ tokens }) => model.forward(tokens), { inputs: { tokens: { shape: ['batch', 'time'], dtype: 'int32', below: 256 } }, module: model })`.
 *
 * `fn` gives tensors, alone, in lists or by name. It is traced at four sizes. Each number that differs between the runs is explained by the axes (`time`, `batch·time + 1`) and read from the
 * inputs' shapes by the graph; one that nothing explains is an error that names op and attribute. `fn` is synchronous and looks at no elements; what
 * it draws, or what has no form in ONNX, is an error that names the op.
 */
export function toOnnx<const Inputs extends Readonly<Record<string, OnnxInput>>>(
  fn: (inputs: { readonly [Name in keyof Inputs]: Tensor }) => object,
  options: OnnxOptions<Inputs>,
): Uint8Array {
  if (typeof fn !== 'function') throw new TypeError(`toOnnx: fn must be a function, got ${shown(fn)}`);
  expectNames('toOnnx', options, names);
  const { opset = 17 } = options;
  if (!opsets.includes(opset)) throw new RangeError(`toOnnx: opset must be among ${opsets.join(', ')}, got ${shown(opset)}`);
  return write(traced(fn as (inputs: Record<string, Tensor>) => unknown, options).program, options, opset);
}

/** The lengths of all axes in each run. */
export function sizesOf(axes: readonly string[], given: Readonly<Record<string, readonly number[]>> = {}): Axes[] {
  const [first = []] = lengthsOfRuns;
  if (axes.length === 0) return [{}];
  const unused = lengthsOfRuns.filter((lengths) => !axes.some((axis) => String(given[axis]) === String(lengths)));
  const all = axes.map((axis): [string, readonly number[]] => {
    const lengths = given[axis] ?? unused.shift();
    if (!lengths) throw new RangeError(`toOnnx: sizes must be given of more than ${lengthsOfRuns.length} axes, got none of ${axis}`);
    const fits = lengths.length === first.length && new Set(lengths).size === lengths.length;
    if (!fits || !lengths.every((length) => Number.isSafeInteger(length) && length > 1)) {
      throw new RangeError(`toOnnx: sizes.${axis} must be ${first.length} different whole numbers from 2, got ${shown([...lengths])}`);
    }
    return [axis, lengths];
  });
  return first.map((_, run) => Object.fromEntries(all.map(([axis, lengths]) => [axis, lengths[run] as number])));
}

/** The program that `fn` is, and the lengths that it was traced at. */
export function traced(
  fn: (inputs: Record<string, Tensor>) => unknown,
  { inputs, sizes }: Pick<OnnxOptions, 'inputs' | 'sizes'>,
): { program: Program; axes: readonly Axes[] } {
  const axes = sizesOf([...axesOf(inputs).keys()], sizes);
  const runs = axes.map((lengths) => {
    try {
      return runAt(fn, inputs, lengths);
    } catch (cause) {
      if (!(cause instanceof Error) || cause.message.startsWith('toOnnx: ')) throw cause;
      throw new Error(`toOnnx: fn failed at ${told(lengths)}; ${cause.message} (other lengths are tried with sizes)`, { cause });
    }
  });
  return { program: programOf(runs, Object.keys(inputs)), axes };
}
