import { fill, type OpenFile, type Progress } from '../io/into.ts';
import type { Names } from '../io/reading.ts';
import type { FileEntry } from '../io/safetensors.ts';
import type { Module } from '../nn/module.ts';
import { StateMap } from '../nn/state-map.ts';
import { anything, expectOptions, isFlag, isFunction, maybe, type Rules, ruleOf, shown } from '../tensor/check.ts';
import { key } from '../tensor/random.ts';
import { Config, type ConfigSource } from './config.ts';
import { families, type PretrainedModel } from './families.ts';
import { expectAll, type Family, type FileShapes } from './family.ts';
import { type Found, foundIn, jsonOf, openedFiles, type PretrainedFiles } from './files.ts';
import { Pretrained } from './pretrained.ts';

/** How {@link loadPretrained} loads. */
export interface LoadPretrainedOptions<M extends Module = PretrainedModel> {
  /** What `config.json` says: an object, or its text. Default: the `config.json` among the files. */
  config?: ConfigSource | undefined;
  /** The family, where the config does not say it or says another. Default: by `model_type`, else by the names in the files. */
  family?: Family<M> | undefined;
  /** Is told how many bytes have come of how many, some megabytes at a time. */
  progress?: Progress | undefined;
  /** Tensors of the files that belong to no model, by name. Default none: what is left over is an error. */
  skip?: Names | undefined;
  /** Whether the checksums of files that have them are compared. Default true. */
  checksum?: boolean | undefined;
}

const rules: Rules<LoadPretrainedOptions<Module>> = {
  config: anything,
  family: /* @__PURE__ */ maybe(
    /* @__PURE__ */ ruleOf('a Family', (value) => typeof (value as Partial<Family> | null)?.plan === 'function'),
  ),
  progress: /* @__PURE__ */ maybe(isFunction),
  skip: anything,
  checksum: /* @__PURE__ */ maybe(isFlag),
};

/**
 * Loads a model that others trained, from their files as they are: `await loadPretrained(await fetch(url), { config })` in a page,
 * `await loadPretrained('models/gpt2')` in Node. F32, F16 and BF16 become float32. The files are read as they come and written straight into the model, whose
 * memory is all that it takes. Nothing is fetched: the caller brings the files.
 *
 * What the config asks for and the family does not have, a name that is missing and one that is left over are errors that name it.
 */
export async function loadPretrained<M extends Module = PretrainedModel>(
  files: PretrainedFiles,
  options: LoadPretrainedOptions<M> = {},
): Promise<Pretrained<M>> {
  expectOptions('loadPretrained', options, rules as Rules<LoadPretrainedOptions<M>>);
  const { config: given, family: wanted, progress, ...rest } = options;
  const found = await foundIn(files);
  const config = configOf(given === undefined ? found.config : ((await jsonOf(given)) as ConfigSource), found);
  const opened = await openedFiles(found, rest);
  try {
    const shapes: FileShapes = new Map(opened.flatMap(({ tensors }) => tensors.map(([name, { shape }]) => [name, shape])));
    const family = wanted ?? (familyOf(config, shapes) as unknown as Family<M>);
    return await filled(family, config.for(family.name), shapes, found, opened, progress);
  } finally {
    for (const file of opened) await file.close();
  }
}

function configOf(source: ConfigSource | undefined, { weights }: Found): Config {
  if (source !== undefined) return new Config(source);
  throw new TypeError(
    `loadPretrained: config must be given, or config.json among the files, got ${weights.map(([name]) => name).join(', ')}`,
  );
}

/** The family that the config names, or else the names of the files. */
function familyOf(config: Config, shapes: FileShapes): Family<PretrainedModel> {
  const type = config.find('model_type');
  const names = new Set(shapes.keys());
  const family = families.find(({ types, recognises }) => (type === undefined ? recognises(names) : types.includes(type as string)));
  if (family) return family;
  const known = families.flatMap(({ types }) => types).join(', ');
  const got = type === undefined ? `names such as ${[...names].slice(0, 3).join(', ')}` : shown(type);
  throw new RangeError(`loadPretrained: model_type of the config must be one of ${known}, or family be given, got ${got}`);
}

async function filled<M extends Module>(
  family: Family<M>,
  config: Config,
  shapes: FileShapes,
  { weights, index }: Found,
  opened: readonly OpenFile[],
  progress: Progress | undefined,
): Promise<Pretrained<M>> {
  const plan = family.plan(config, shapes);
  const model = plan.make(key(0));
  const first = new StateMap(plan.map);
  const kept = new Map<string, FileEntry>();
  try {
    expectAll(family.name, shapes, first.namesOf(model.stateDict()));
    await fill(model, opened, { map: first, staged: false, kept }, false, progress);
  } catch (error) {
    for (const x of model.stateDict().values()) x.storage.free(); // it may be gigabytes, and nobody has it
    throw error;
  }
  const map = new StateMap(plan.loaded?.(model) ?? plan.map);
  const facts = opened.map((file, i) => ({ name: weights[i]?.[0] as string, ...file.facts, names: file.tensors.map(([name]) => name) }));
  return new Pretrained({ model, family: family.name, config: config.values, map, files: facts, kept, index });
}
