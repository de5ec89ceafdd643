// Shared parts of commands that train: Ctrl-C saves, and progress is redrawn in place.
import logUpdate from 'log-update';

/** Milliseconds between lines where redrawing is impossible. */
const EVERY = 20_000;

export const clock = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;

/** Runs work that the terminal, or the process's parent, can tell to stop. */
export async function stoppable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, stop); // several times, since npm passes on a signal that the terminal has sent already
  try {
    return await work(controller.signal);
  } finally {
    logUpdate.done();
    for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, stop);
  }
}

/** Shows progress: `text` redrawn in place on a terminal; elsewhere `line`, now and then or, if it is `news`, at once. */
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

/** Runs a command: an error becomes a line on the error stream, and exit code 1. */
export async function command(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
