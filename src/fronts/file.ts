import { METADATA } from '../io/header.ts';
import { fromInt8, toInt8 } from '../io/int8.ts';
import { fill, OpenFile } from '../io/into.ts';
import type { FileSource } from '../io/source.ts';
import { saveTensors, tensorsOf } from '../io/tensors.ts';
import { withTypes } from '../io/types.ts';
import type { Module } from '../nn/module.ts';
import { expectOptions, isOneOf, maybe, type Rules, ruleOf, shown } from '../tensor/check.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Precision, SaveReport } from './quality.ts';

/** The form of the settings in a file. A reader of another form refuses it. */
const FORM = '1';

/** Options of a front's `save`. */
export interface SaveOptions {
  /**
   * How weights are written: `float32`, exact, by default; `float16` and `bfloat16` halve the file, `int8` quarters it (`toInt8`).
   */
  weights?: Precision | undefined;
  /** Is told what the file loses, unless it is exact. Default: a line on the console. */
  onMeasured?: ((report: SaveReport) => void) | undefined;
}

const saveRules: Rules<SaveOptions> = {
  weights: /* @__PURE__ */ maybe(/* @__PURE__ */ isOneOf('float32', 'float16', 'bfloat16', 'int8')),
  onMeasured: /* @__PURE__ */ maybe(/* @__PURE__ */ ruleOf('a function', (value) => typeof value === 'function')),
};

/** A front as one safetensors file: the model's tensors under their paths, and everything else as JSON in the metadata. */
export function fileOf(kind: string, model: Module, settings: object, options: SaveOptions): Uint8Array<ArrayBuffer> {
  expectOptions(kind, options, saveRules);
  const { weights = 'float32' } = options;
  const state = model.stateDict();
  const tensors =
    weights === 'int8' ? toInt8(state) : weights === 'float32' ? state : withTypes(state, weights === 'float16' ? 'F16' : 'BF16');
  const lean = weights === 'int8' ? { weights } : {};
  return saveTensors(tensors, { metadata: { front: kind, form: FORM, settings: JSON.stringify(settings), ...lean } });
}

/** Fills a model with the weights of a file that has them in eight bits. */
async function fillWithInt8(model: Module, file: OpenFile): Promise<void> {
  const found = new Map<string, Tensor>();
  const target: Parameters<OpenFile['read']>[1] = (name, layout) => {
    const sink = tensorsOf(name, layout);
    const take = () => {
      found.set(name, sink.take());
      return null;
    };
    return { ...sink, take };
  };
  await file.read(new Set(file.tensors.map(([name]) => name)), target, true);
  model.loadStateDict(fromInt8(found));
}

/** Opens a front's file, checks the settings, makes the front from them, and fills its model. Whatever is wrong with the file, nothing is left open. */
export async function frontOf<Settings extends object, F extends { readonly model: Module }>(
  kind: string,
  source: FileSource,
  settingsRules: Rules<Settings>,
  make: (settings: Settings) => F,
): Promise<F> {
  const file = await OpenFile.of(source, {});
  try {
    const { front, form, settings, weights } = file.facts.metadata;
    if (front !== kind || form !== FORM || settings === undefined) {
      throw new TypeError(
        `${kind}: file must be one that save() of a ${kind} gave, got ${front === undefined ? `no front in ${METADATA}` : `${front} of form ${form}`}`,
      );
    }
    const known = parsed(kind, settings) as Settings;
    expectOptions(`${kind} file`, known, settingsRules);
    const made = make(known);
    if (weights === 'int8') await fillWithInt8(made.model, file);
    else await fill(made.model, [file], {}, true);
    return made;
  } finally {
    await file.close();
  }
}

function parsed(kind: string, settings: string): object {
  let value: unknown;
  try {
    value = JSON.parse(settings);
  } catch {
    value = undefined;
  }
  if (Object.prototype.toString.call(value) === '[object Object]') return value as object;
  throw new TypeError(`${kind}: settings of the file must be a JSON object, got ${shown(value)}`);
}
