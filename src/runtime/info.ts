import { type Backend, backend } from './backend.ts';
import { version } from './generated/kernels.ts';
import { whyNoThreads } from './threads/host.ts';

/** What runs, and why. */
export interface Info {
  /** Version of the package. */
  version: string;
  /** The build that runs. */
  build: Backend['build'];
  /** Whether multiply-add rounds once: never in the deterministic build; in the relaxed build it depends on the engine. */
  fused: boolean;
  /** Threads that share the work, including the calling one. */
  threads: number;
  /** The memory of the kernels. */
  memory: {
    /** Whether threads share it. */
    shared: boolean;
    /** Current size in bytes. */
    reserved: number;
    /** Maximum size in bytes. */
    maximum: number;
  };
  /** The reasons, one sentence each. */
  why: { build: string; threads: string };
}

/** Whether `x · y + z` rounds twice: (1 + 2⁻¹²)² − (1 + 2⁻¹¹) is 2⁻²⁴ when rounded once and 0 when rounded twice. */
function fuses({ kernels, heap, view, build }: Backend): boolean {
  if (build !== 'relaxed') return false;
  const at = heap.allocate(64);
  const factor = 1 + 2 ** -12;
  view(at, 4, 'float32').fill(factor);
  kernels.affine(at, at, 4, factor, -(1 + 2 ** -11));
  const rest = view(at, 1, 'float32')[0];
  heap.free(at, 64);
  return rest !== 0;
}

function whyBuild(build: Backend['build'], fused: boolean): string {
  if (build === 'deterministic') return 'the default: the same bits on every engine';
  if (build === 'reference') return 'float64 on the host, to check the kernels against';
  return `asked for: multiply-add ${fused ? 'is' : 'would be'} fused where the engine does, and this one ${fused ? 'does' : 'does not'}`;
}

function whyThreads({ threads = 1, lost }: Backend): string {
  const gone = lost?.();
  if (gone !== undefined) return `${threads} asked for; the workers are gone: ${gone || 'another init took their place'}`;
  if (threads > 1) return `asked for: ${threads - 1} beside the calling thread`;
  const none = whyNoThreads();
  return none ? `one: this is ${none}` : 'the default: one; init({ threads }) asks for more';
}

/** Reports the build, threads and memory in use, and why. */
export function info(): Info {
  const active = backend();
  const { build, threads = 1, maximum, heap, lost } = active;
  const { reserved } = heap.report();
  const fused = fuses(active);
  return {
    version,
    build,
    fused,
    threads: lost?.() === undefined ? threads : 1,
    memory: { shared: threads > 1, reserved, maximum: maximum === undefined ? reserved : maximum * 65_536 },
    why: { build: whyBuild(build, fused), threads: whyThreads(active) },
  };
}
