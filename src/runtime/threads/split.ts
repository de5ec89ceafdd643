import { parameters } from '../generated/parameters.ts';
import { type Scratched, type ScratchLengths, scratchOf } from '../scratch.ts';
import { type Kernel, ruleOf } from './rules.ts';
import { type Axis, addressesOf, isRoom, resultsOf } from './signature.ts';

/** Maximal number of pieces per thread's share, so that a late thread leaves only part of its share to others. */
const PIECES = 4;

/** An axis whose names are resolved to argument positions. */
export interface Cut {
  along: number;
  /** Position of the argument from which units are counted; −1 if they count from 0. */
  from: number;
  multiple: number;
  least: number;
  alone: readonly number[];
  steps: readonly { at: number; constant: number; factors: readonly number[] }[];
  counters: readonly number[];
}

/** A rule whose names are resolved to argument positions. */
export interface Plan {
  cost: { ns: number; factors: readonly number[] };
  cuts: readonly Cut[];
  longest: boolean;
  pieces: number;
  /** Position of the scratch address, −1 without one. */
  scratch: number;
  scratchSize: (args: readonly number[]) => number;
  /** Whether it changes what it reads. */
  once: boolean;
  /** Position of the factor of the old `out`, −1 without one. */
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

/** Elements of scratch for a call's arguments. The object is reused, since calls are many. */
function sizer(kernel: Kernel): Plan['scratchSize'] {
  const lengths: Record<string, number> = {};
  return (args) => {
    parameters[kernel].forEach((name, i) => {
      lengths[name] = args[i] as number;
    });
    return scratchOf(kernel as Scratched, lengths as ScratchLengths<Scratched>);
  };
}

/** The plan of a kernel; `undefined` if it is not cut. */
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

/** Whether an interrupted call may be repeated: it reads nothing that it writes. */
export function repeatable({ once, beta, addresses, results }: Plan, args: readonly number[]): boolean {
  if (once || (beta >= 0 && args[beta] !== 0)) return false;
  const inputs = args.slice(results, addresses);
  return !args.slice(0, results).some((at) => at !== 0 && inputs.includes(at));
}

const ELEMENT = 4;

/** Changes a call's arguments in place into those of its units `from` to `to`. */
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

/** The number of units of a cut. */
export function unitsOf({ along, from }: Cut, args: readonly number[]): number {
  return (args[along] as number) - (from < 0 ? 0 : (args[from] as number));
}
