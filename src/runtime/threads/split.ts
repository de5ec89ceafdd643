import { parameters } from '../generated/parameters.ts';
import { type Scratched, type ScratchLengths, scratchOf } from '../scratch.ts';
import { type Kernel, ruleOf } from './rules.ts';
import { type Axis, addressesOf, isRoom, resultsOf } from './signature.ts';

/** Pieces of each thread's share at most: what one that is late leaves to others is a part of its share. */
const PIECES = 4;

/** An axis with its names as places in the argument list. */
export interface Cut {
  along: number;
  /** Place of the argument that units are counted from; −1 where it is 0 throughout. */
  from: number;
  multiple: number;
  least: number;
  alone: readonly number[];
  steps: readonly { at: number; constant: number; factors: readonly number[] }[];
  counters: readonly number[];
}

/** A rule with its names as places in the argument list. */
export interface Plan {
  cost: { ns: number; factors: readonly number[] };
  cuts: readonly Cut[];
  longest: boolean;
  pieces: number;
  /** Place of the scratch address, −1 where there is none. */
  scratch: number;
  scratchSize: (args: readonly number[]) => number;
  /** It changes what it reads. */
  once: boolean;
  /** Place of the factor of what `out` holds before, −1 where there is none. */
  beta: number;
  /** How many of the first arguments may be addresses, and addresses of results. */
  addresses: number;
  results: number;
}

function cutOf(places: ReadonlyMap<string, number>, axis: Axis<string>): Cut {
  const place = (name: string) => places.get(name) as number;
  const { along, from, steps = {}, counters = [], multiple = 1, least = multiple, alone = [] } = axis;
  return {
    along: place(along),
    from: from === undefined ? -1 : place(from),
    multiple,
    least,
    alone: alone.map(place),
    counters: counters.map(place),
    steps: Object.entries(steps).map(([name, amount]) => {
      const factors = [amount].flat();
      return {
        at: place(name),
        constant: factors.reduce<number>((product, factor) => (typeof factor === 'number' ? product * factor : product), 1),
        factors: factors.filter((factor): factor is string => typeof factor === 'string').map(place),
      };
    }),
  };
}

/** Elements of scratch for a call's arguments. The object is made once: calls are many. */
function sizer(kernel: Kernel): Plan['scratchSize'] {
  const lengths: Record<string, number> = {};
  return (args) => {
    parameters[kernel].forEach((name, i) => {
      lengths[name] = args[i] as number;
    });
    return scratchOf(kernel as Scratched, lengths as ScratchLengths<Scratched>);
  };
}

/** The plan of a kernel; `undefined` where it is not cut. */
export function planOf(kernel: Kernel): Plan | undefined {
  const rule = ruleOf(kernel);
  if (!rule) return undefined;
  const names: readonly string[] = parameters[kernel];
  const places = new Map(names.map((name, i) => [name, i]));
  const [ns, ...factors] = rule.cost;
  return {
    cost: { ns, factors: factors.map((name) => places.get(name) as number) },
    cuts: rule.axes.map((axis) => cutOf(places, axis)),
    longest: rule.longest ?? false,
    pieces: rule.pieces ?? PIECES,
    scratch: names.findIndex(isRoom),
    scratchSize: sizer(kernel),
    once: rule.once ?? false,
    beta: places.get('beta') ?? -1,
    addresses: addressesOf(names),
    results: Math.min(resultsOf(names), addressesOf(names)),
  };
}

/** Whether a call that was begun may be made again: it reads nothing that it writes. */
export function repeatable({ once, beta, addresses, results }: Plan, args: readonly number[]): boolean {
  if (once || (beta >= 0 && args[beta] !== 0)) return false;
  const inputs = args.slice(results, addresses);
  return !args.slice(0, results).some((at) => at !== 0 && inputs.includes(at));
}

const ELEMENT = 4;

/** Turns a call's arguments into those of its units `from` to `to`, in place. */
export function narrow(cut: Cut, args: number[], from: number, to: number): void {
  for (const { at, constant, factors } of cut.steps) {
    const address = args[at] as number;
    if (address === 0) continue;
    let step = constant;
    for (const factor of factors) step *= args[factor] as number;
    args[at] = address + from * step * ELEMENT;
  }
  for (const at of cut.counters) args[at] = (args[at] as number) + from;
  if (cut.from < 0) {
    args[cut.along] = to - from;
    return;
  }
  const start = args[cut.from] as number;
  args[cut.from] = start + from;
  args[cut.along] = start + to;
}

/** Units that a cut counts. */
export function unitsOf({ along, from }: Cut, args: readonly number[]): number {
  return (args[along] as number) - (from < 0 ? 0 : (args[from] as number));
}
