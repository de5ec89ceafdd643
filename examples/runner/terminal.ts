// What commands that train share: Ctrl-C saves, and what is under way is redrawn in place.
import logUpdate from 'log-update';

/** Milliseconds between lines where they cannot be redrawn. */
const EVERY = 20_000;

export const clock = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;

/** Does work that the terminal, or whoever started the process, can tell to stop. */
export async function stoppable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, stop); // more than once: npm passes on what the terminal has sent already
  try {
    return await work(controller.signal);
  } finally {
    logUpdate.done();
    for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, stop);
  }
}

/** Shows what is under way: `text` redrawn in place on a terminal, and elsewhere `line`, now and then or at once where it is `news`. */
export function liveView(): (text: string, line: string, news?: boolean) => void {
  let told = Number.NEGATIVE_INFINITY;
  return (text, line, news = false) => {
    if (process.stdout.isTTY) logUpdate(text);
    else if (news || performance.now() - told > EVERY) {
      console.log(line);
      told = performance.now();
    }
  };
}

/** Runs a command: what it throws becomes a line on the error stream, and code 1. */
export async function command(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
