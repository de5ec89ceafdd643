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
  const sound = before && before.lost?.() === undefined;
  if (sound && !differs(options)) return;
  const wanted = { ...loaded, ...options };
  if (options.build !== undefined || options.module || options.bytes) {
    for (const name of ['module', 'bytes'] as const) if (!options[name]) delete wanted[name]; // one build's, or one of the two
  }
  const next = await wasmBackend(wanted);
  loaded = wanted;
  activate(next, before && callOf(options));
  before?.close?.();
}

const rules: { readonly [Name in keyof WasmOptions]-?: readonly [rule: string, holds: (value: unknown) => boolean] } = {
  build: ['deterministic or relaxed', (value) => value === 'deterministic' || value === 'relaxed'],
  module: ['a WebAssembly.Module', (value) => typeof value === 'object'],
  bytes: ['a buffer', (value) => typeof value === 'object'],
  maximumBytes: ['a number', (value) => typeof value === 'number'],
  threads: ['a number', (value) => typeof value === 'number'],
  worker: ['a URL', (value) => typeof value === 'string' || value instanceof URL],
  grain: ['a number from 0', (value) => typeof value === 'number' && value >= 0],
};

const shown = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : String(value));

/** The options that are given, names and kinds checked. */
function checked(options: WasmOptions): WasmOptions {
  if (typeof options !== 'object' || options === null) throw new TypeError(`init: options must be an object, got ${shown(options)}`);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    if (!Object.hasOwn(rules, name)) throw new TypeError(`init: options must be among ${Object.keys(rules).join(', ')}, got ${name}`);
    const [rule, holds] = rules[name as keyof WasmOptions];
    if (!holds(value)) throw new TypeError(`init: ${name} must be ${rule}, got ${shown(value)}`);
  }
  return Object.fromEntries(given);
}

/** What the package does when an option is not named. A module or bytes are the same program wherever they come from. */
const usual = { build: 'deterministic', maximumBytes: 2 ** 32, threads: 1, grain: 12_000 } as const;

function differs(options: WasmOptions): boolean {
  const names = Object.keys(usual) as (keyof typeof usual)[];
  return names.some((name) => options[name] !== undefined && options[name] !== (loaded[name] ?? usual[name]));
}

function sameOptions(a: WasmOptions, b: WasmOptions): boolean {
  const names = Object.keys({ ...a, ...b }) as (keyof WasmOptions)[];
  return names.every((name) => a?.[name] === b?.[name]);
}

/** The call for messages: numbers and names of builds, not modules. */
function callOf(options: WasmOptions): string {
  const parts = Object.entries(options).map(([name, value]) => (typeof value === 'object' ? name : `${name}: ${shown(value)}`));
  return parts.length > 0 ? `init({ ${parts.join(', ')} })` : 'init()';
}
