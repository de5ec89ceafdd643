// Every system call of a save fails in turn: the file is the old one or the new one, and nothing lies beside it.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadFile, saveFile, tensor } from 'saccade';
import { disk, restart, watchDisk } from '../io/disk.mjs';

/** @param {{ count: number, report: (line: string) => void }} options */
export async function saves({ count, report }) {
  const folder = await mkdtemp(join(tmpdir(), 'saccade-saves-'));
  const unwatch = watchDisk();
  /** @param {string} path */
  const held = async (path) => {
    const x = (await loadFile(path)).tensors.get('x');
    const value = x?.toArray()[0];
    x?.storage.free();
    return value;
  };
  let [failed, passed] = [0, 0];
  try {
    for (let round = 0; failed < count; round++) {
      // New files and replaced ones make different calls.
      const path = join(folder, `file-${round % 3}`);
      const fresh = round % 3 === 0;
      for (let k = 0; ; k++) {
        if (fresh) await rm(path, { force: true });
        restart();
        if (!fresh) await saveFile(path, [['x', tensor([round])]]);
        restart(k);
        const error = await saveFile(path, [['x', tensor([round + 0.5])], ['y', tensor(new Float32Array(10 * round))]]).catch((/** @type {Error} */ reason) => reason); // biome-ignore format: one line
        const reached = disk.calls.length > k;
        restart();
        if (error && !error.message.includes('EIO')) throw new Error(`saves: the injected error must come out, got ${error}`);
        const names = await readdir(folder);
        if (names.some((name) => name.endsWith('.tmp')))
          throw new Error(`saves: nothing may be left beside the file, got ${names} at call ${k}`);
        const there = names.includes(`file-${round % 3}`);
        const value = there ? await held(path) : undefined;
        const wanted = error ? (fresh ? undefined : round) : round + 0.5;
        if (value !== wanted) throw new Error(`saves: the file must hold ${wanted}, got ${value} at call ${k}`);
        if (!reached) break;
        failed++;
        if (!error) passed++;
      }
      if (round % 100 === 99) report(`${failed} calls failed`);
    }
    return `${failed} system calls failed in turn (${passed} of them after the rename, or of a change of owner): the old file or the new one each time, nothing beside it`;
  } finally {
    unwatch();
    await rm(folder, { recursive: true });
  }
}
