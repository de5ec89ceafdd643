// How a Neural Turing Machine starts where a task is slow to learn otherwise.
import type { Key, Tensor } from 'saccade';
import { NeuralTuringMachine, type NeuralTuringMachineOptions } from 'saccade/models';

/** What is added to the biases of what all heads say, and by what their weights are multiplied. */
export interface MachineStart {
  /** Of the strengths of looks by content: 0 spreads such a look over all cells. */
  strength?: number;
  /** Of the gates: above 0, heads rather look by content than stay where they were. */
  gate?: number;
  /** Of the shift by no cell: 0 spreads what was found over its neighbours. */
  stay?: number;
  /** Factor of the LSTMs' weights: larger ones keep more of the last inputs apart. */
  controller?: number;
  /** Factor of the weights that say what heads do. */
  heads?: number;
}

function scale(x: Tensor, factor: number): void {
  const values = x.view();
  values.set(Array.from(values, (value) => factor * value));
}

/** A machine that starts so. */
export function startedMachine(options: NeuralTuringMachineOptions, start: MachineStart = {}, from: Key): NeuralTuringMachine {
  const { strength = 0, gate = 0, stay = 0, controller = 1, heads: factor = 1 } = start;
  const machine = new NeuralTuringMachine(options, from);
  const { map, reads, writes, width, moves } = machine.heads;
  const heads = reads + writes;
  const bias = map.bias?.view();
  const raise = (i: number, by: number) => bias?.set([(bias[i] ?? 0) + by], i);
  for (let h = 0; h < heads; h++) {
    raise(heads * width + h, strength);
    raise(heads * (width + 1) + h, gate);
    raise(heads * (width + 2) + h * moves + (moves >> 1), stay);
  }
  scale(map.weight, factor);
  for (const { weight_ih, weight_hh } of machine.layers) for (const weight of [weight_ih, weight_hh]) scale(weight, controller);
  return machine;
}
