import { activate, backend, hasBackend } from './backend.ts';
import { type WasmOptions, wasmBackend } from './wasm.ts';

/** An `init` under way. */
interface Flight {
  readonly options: WasmOptions;
  readonly landed: Promise<void>;
}

let flight: Flight | undefined;

/** What the backend in use was loaded with. */
let loaded: WasmOptions = {};

/**
 * Loads the kernels; everything else is synchronous after it. A second call does nothing, unless an option that it names is another than
 * before: then a new backend takes the old one's place, with what is not named as it was, and the tensors of the old one are refused from
 * there on. Calls meanwhile wait for the one under way; one that fails leaves all as it was.
 *
 * `init({ build: 'relaxed' })` uses fused multiply-add where the engine has it: faster, and no longer the same bits everywhere.
 * `init({ threads: 4 })` shares large calls out to three workers beside the calling thread, with the same bits; where there can be no
 * threads it throws and says why. Workers of the backend before it end.
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
    // Whoever called it was told.
  }
  await start(options);
}

async function start(given: WasmOptions): Promise<void> {
  const options = checked(given);
  const before = hasBackend() ? backend() : undefined;
  const sound = before && (options.threads === undefined || before.lost?.() === undefined); // one thread is left, and every tensor
  if (sound && !differs(options)) return;
  const { module: _, bytes: __, ...rest } = loaded; // one build's, and one or the other
  const wanted = { ...((options.build ?? options.module ?? options.bytes) ? rest : loaded), ...options };
  const next = await wasmBackend(wanted);
  loaded = wanted;
  activate(next, before && callOf(options));
  before?.close?.();
}

/** What an option's value is to be; a number is at least 0. */
const kinds: { readonly [Name in keyof WasmOptions]-?: string } = {
  build: 'deterministic or relaxed',
  module: 'an object',
  bytes: 'an object',
  maximumBytes: 'a number from 0',
  threads: 'a number from 0',
  worker: 'a string or URL',
  grain: 'a number from 0',
};

/** The options that are given, names and kinds checked. */
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

/** What the package does when an option is not named. A module or bytes are the same program wherever they come from. */
const usual: WasmOptions = { build: 'deterministic', maximumBytes: 2 ** 32, threads: 1, grain: 12_000 };

const differs = (options: WasmOptions): boolean =>
  (Object.keys(options) as (keyof WasmOptions)[]).some((name) => name in usual && options[name] !== (loaded[name] ?? usual[name]));

function sameOptions(a: WasmOptions, b: WasmOptions): boolean {
  const names = Object.keys({ ...a, ...b }) as (keyof WasmOptions)[];
  return names.every((name) => a?.[name] === b?.[name]);
}

/** The call for messages, with the names of the options. */
const callOf = (options: WasmOptions): string => `init({ ${Object.keys(options).join(', ')} })`;
