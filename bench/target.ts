// Whether a result meets the targets of its case. Pure, tested in test/bench/.
import type { Target } from './case.ts';
import type { Result } from './measure.ts';

/** One condition in words, and whether it holds; `null` if this run cannot decide. */
export interface Verdict {
  wanted: string;
  met: boolean | null;
}

/** The configuration of a run. */
export interface Setting {
  threads: number;
  build: 'deterministic' | 'relaxed';
  /** The peers that count: those that are not native. */
  counted: ReadonlySet<string>;
}

/** The name of the deterministic build on one thread, as a contender in other runs. */
export const PLAIN = 'deterministic, one thread';

const lessIsMore = new Set(['ms', 'µs', 'KB', 'MB']);

/** The factor by which a result is faster than `other`. */
export function speedup(result: Pick<Result, 'unit' | 'value'>, other: number): number {
  return lessIsMore.has(result.unit) ? other / result.value : result.value / other;
}

/** Every condition of a target that the run can decide, given all its results. */
export function verdicts(result: Result, target: Target, all: readonly Result[], setting: Setting): Verdict[] {
  const { threads, build, counted } = setting;
  if (threads > 1 || build === 'relaxed') {
    const plain = result.peers[PLAIN];
    const least = build === 'relaxed' ? (threads === 1 ? target.relaxed : undefined) : threads === 2 ? target.twoThreads : undefined;
    if (plain === undefined || least === undefined) return [];
    return [{ wanted: `≥ ${least} × ${PLAIN}`, met: speedup(result, plain) >= least }];
  }
  const said: Verdict[] = [];
  const say = (wanted: string, met: boolean | null) => said.push({ wanted, met });
  const { fraction, most, peers, beside = {}, like } = target;
  if (fraction !== undefined) say(`≥ ${fraction} of the limit`, result.fraction === null ? null : result.fraction >= fraction);
  if (most !== undefined) say(`≤ ${most} ${result.unit}`, result.value <= most);
  if (peers !== undefined) {
    const others = Object.entries(result.peers).filter(([name]) => counted.has(name));
    const met = others.length ? others.every(([, value]) => speedup(result, value) >= peers) : null;
    say(`≥ ${peers} × the fastest peer`, met);
  }
  for (const [name, least] of Object.entries(beside)) {
    const other = result.peers[name];
    say(`≥ ${least} × ${name}`, other === undefined ? null : speedup(result, other) >= least);
  }
  if (like) {
    const [name, share] = like;
    const other = all.find((r) => r.family === result.family && r.case === name);
    say(`≥ ${share.toFixed(2)} of the rate of ${name}`, other ? speedup(result, other.value) >= share : null);
  }
  return said;
}
