// The options of memories that are written, and of the models that have one.
import * as saccade from '../../src/all.ts';
import { type Made, made, never, positive } from './made.ts';

const counted = [...never, -1, 2.5];
const machine = { input: 3, output: 2, cells: 5, width: 4, hidden: 6, layers: 1, reads: 1, writes: 1, reach: 1 };

export const ofMachines: Record<string, Made> = {
  MemoryHeads: made(
    saccade.MemoryHeads,
    { input: 3, width: 4, reads: 1, writes: 1, reach: 1 },
    { numbers: { reads: counted, writes: counted, reach: counted } },
  ),
  NeuralTuringMachine: made(
    saccade.NeuralTuringMachine,
    { ...machine, controller: 'lstm', start: 'even', contents: 'learned' },
    { numbers: { reach: counted } },
  ),
  TapeMachine: made(
    saccade.TapeMachine,
    { symbols: 5, hidden: 4, reach: 1, back: true, cells: 6, direct: false, slowdown: 0.5 },
    { numbers: { reach: counted, cells: counted, slowdown: positive } },
  ),
  RecurrentBaseline: made(saccade.RecurrentBaseline, { input: 3, hidden: 4 }),
};
