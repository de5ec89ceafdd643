import { activate, backend, hasBackend } from './backend.ts';
import { type WasmOptions, wasmBackend } from './wasm.ts';

/** The `init` in progress. */
interface Flight {
  readonly options: WasmOptions;
  readonly landed: Promise<void>;
}

let flight: Flight | undefined;

/** The options of the active backend. */
let loaded: WasmOptions = {};

/**
 * Loads the kernels; everything else is synchronous afterwards. A second call does nothing unless one of its options differs: then a new backend
 * replaces the old one, options that are not named stay as they were, and tensors of the old backend are refused. Concurrent calls wait for the
 * one in progress; a call that fails changes nothing.
 *
 * `init({ build: 'relaxed' })` uses fused multiply-add where the engine has it: faster, but the bits are no longer the same everywhere.
 * `init({ threads: 4 })` shares large calls between the calling thread and three workers, with the same bits; where threads are impossible it
 * throws and says why. The workers of the replaced backend end.
 */
export function init(options: WasmOptions = {}): Promise<void> {
  if (flight && sameOptions(flight.options, options)) return flight.landed;
  const landed = after(flight?.landed, options).finally(() => {
    if (flight?.landed === landed) flight = undefined;
  });
  flight = { options, landed };
  return landed;
}

async function after(before: Promise<void> | undefined, options: WasmOptions): Promise<void> {
  try {
    await before;
  } catch {
    // Its caller has received the error.
  }
  await start(options);
}

async function start(given: WasmOptions): Promise<void> {
  const options = checked(given);
  const before = hasBackend() ? backend() : undefined;
  const sound = before && (options.threads === undefined || before.lost?.() === undefined); // otherwise one thread goes on, with every tensor
  if (sound && !differs(options)) return;
  const { module: _, bytes: __, ...rest } = loaded; // they belong to one build and exclude each other
  const wanted = { ...((options.build ?? options.module ?? options.bytes) ? rest : loaded), ...options };
  const next = await wasmBackend(wanted);
  loaded = wanted;
  activate(next, before && callOf(options));
  before?.close?.();
}

/** The type of each option; numbers are at least 0. */
const kinds: { readonly [Name in keyof WasmOptions]-?: string } = {
  build: 'deterministic or relaxed',
  module: 'an object',
  bytes: 'an object',
  maximumBytes: 'a number from 0',
  threads: 'a number from 0',
  worker: 'a string or URL',
  grain: 'a number from 0',
};

/** The given options, with names and types checked. */
function checked(options: WasmOptions): WasmOptions {
  const given = Object.entries(options ?? {}).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    if (!Object.hasOwn(kinds, name)) throw new TypeError(`init: options must be among ${Object.keys(kinds).join(', ')}, got ${name}`);
    const kind = kinds[name as keyof WasmOptions];
    const own = name === 'build' ? value : value instanceof URL ? 'URL' : typeof value;
    if (!kind.split(' ').includes(own) || value < 0 || Number.isNaN(value))
      throw new TypeError(`init: ${name} must be ${kind}, got ${value}`);
  }
  return Object.fromEntries(given);
}

/** The defaults. A module or bytes contain the same program wherever they come from. */
const usual: WasmOptions = { build: 'deterministic', maximumBytes: 2 ** 32, threads: 1, grain: 12_000 };

const differs = (options: WasmOptions): boolean =>
  (Object.keys(options) as (keyof WasmOptions)[]).some((name) => name in usual && options[name] !== (loaded[name] ?? usual[name]));

function sameOptions(a: WasmOptions, b: WasmOptions): boolean {
  const names = Object.keys({ ...a, ...b }) as (keyof WasmOptions)[];
  return names.every((name) => a?.[name] === b?.[name]);
}

/** Formats the call for messages, with the names of its options. */
const callOf = (options: WasmOptions): string => `init({ ${Object.keys(options).join(', ')} })`;
