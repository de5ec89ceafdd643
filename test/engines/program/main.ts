// The identity program: everything the package computes, in one hash that must be equal in every engine.
import { info } from '../../../src/runtime/info.ts';
import { init } from '../../../src/runtime/init.ts';
import type { WasmOptions } from '../../../src/runtime/wasm.ts';
import { Digest } from './digest.ts';
import { languages } from './language.ts';
import { learn } from './learn.ts';
import { attention } from './mechanisms.ts';
import { muon } from './muon.ts';
import { ops } from './ops.ts';
import { translators } from './translator.ts';

/** The results of the program. */
export interface Result {
  /** Over all parts. */
  hash: string;
  /** The first 16 digits of each part's hash, to see where engines differ. */
  parts: Record<string, string>;
}

/** Runs everything; takes the options of `init`. */
export async function run(options: WasmOptions = {}): Promise<Result> {
  await init(options);
  const digests = new Map<string, Digest>();
  const part = (name: string) => {
    const digest = digests.get(name) ?? new Digest();
    digests.set(name, digest);
    return digest;
  };
  ops(part);
  attention(part);
  await learn(part);
  await muon(part);
  translators(part);
  languages(part);
  const { threads, why } = info();
  if (threads !== (options.threads ?? 1)) throw new Error(`program: threads must be ${options.threads} to the end, got ${why.threads}`);
  const whole = new Digest();
  const parts: Record<string, string> = {};
  for (const [name, digest] of digests) {
    const hash = digest.end();
    whole.text(`${name} ${hash}\n`);
    parts[name] = hash.slice(0, 16);
  }
  return { hash: whole.end(), parts };
}
