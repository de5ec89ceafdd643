// Whether a result meets what the case asks for. Pure, tested in test/bench/.
import type { Target } from './case.ts';
import type { Result } from './measure.ts';

/** One condition in words, and whether it holds; `null` where this run cannot tell. */
export interface Verdict {
  wanted: string;
  met: boolean | null;
}

const times = new Set(['ms', 'µs', 'KB']);

/** How many times as fast as `other` a result is. */
export function speedup(result: Pick<Result, 'unit' | 'value'>, other: number): number {
  return times.has(result.unit) ? other / result.value : result.value / other;
}

/** Every condition of a target, given all results of the run and the names of the peers that count. */
export function verdicts(result: Result, target: Target, all: readonly Result[], counted: ReadonlySet<string>): Verdict[] {
  const said: Verdict[] = [];
  const say = (wanted: string, met: boolean | null) => said.push({ wanted, met });
  const { fraction, most, peers, like } = target;
  if (fraction !== undefined) say(`≥ ${fraction} of the limit`, result.fraction === null ? null : result.fraction >= fraction);
  if (most !== undefined) say(`≤ ${most} ${result.unit}`, result.value <= most);
  if (peers !== undefined) {
    const others = Object.entries(result.peers).filter(([name]) => counted.has(name));
    const met = others.length ? others.every(([, value]) => speedup(result, value) >= peers) : null;
    say(`≥ ${peers} × the fastest peer`, met);
  }
  if (like) {
    const [name, share] = like;
    const other = all.find((r) => r.family === result.family && r.case === name);
    say(`≥ ${share.toFixed(2)} of the rate of ${name}`, other ? speedup(result, other.value) >= share : null);
  }
  return said;
}
