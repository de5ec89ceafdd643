// How far programs go: how often each op is called, lies on the way of a gradient, and of a gradient of a gradient.
import { type Program, type Slot, type Step, slotsIn } from './program.ts';

/** What a step is made of, and what it makes. */
function ends(step: Step): { op: string; from: readonly Slot[]; to: readonly Slot[] } {
  if (step.kind === 'call') return { op: step.op, from: slotsIn(step.args), to: step.outs };
  if (step.kind === 'block') return { op: step.block, from: step.inputs, to: [step.out] };
  if (step.kind === 'grad') return { op: 'grad', from: [step.y], to: step.outs };
  return { op: step.kind === 'optimise' ? 'optimiser' : step.kind, from: [], to: [] };
}

/** The steps that a tensor depends on, those behind a gradient apart. */
function behind(y: Slot, makers: ReadonlyMap<Slot, Step>): { first: Set<Step>; second: Set<Step> } {
  const [first, second] = [new Set<Step>(), new Set<Step>()];
  const visit = (x: Slot, into: Set<Step>): void => {
    const step = makers.get(x);
    if (!step || into.has(step) || !x.needs) return;
    into.add(step);
    for (const from of ends(step).from) visit(from, step.kind === 'grad' ? second : into);
  };
  visit(y, first);
  return { first, second };
}

/** How often an op came up, lay on the way of a gradient, and of a gradient of a gradient. */
export interface Count {
  calls: number;
  first: number;
  second: number;
}

/** Counts by op, over programs as they come. */
export class Reach {
  readonly counts = new Map<string, Count>();

  private count(step: Step, what: keyof Count): void {
    const { op } = ends(step);
    const entry = this.counts.get(op) ?? { calls: 0, first: 0, second: 0 };
    entry[what]++;
    this.counts.set(op, entry);
  }

  add({ rounds }: Program): void {
    const steps = rounds.flat();
    const makers = new Map(steps.flatMap((step) => ends(step).to.map((slot) => [slot, step] as const)));
    const all = { first: new Set<Step>(), second: new Set<Step>() };
    for (const step of steps) {
      this.count(step, 'calls');
      if (step.kind !== 'backward' && step.kind !== 'grad') continue;
      const { first, second } = behind(step.y, makers);
      for (const each of first) all.first.add(each);
      for (const each of second) all.second.add(each);
    }
    for (const step of all.first) this.count(step, 'first');
    for (const step of all.second) this.count(step, 'second');
  }
}
