import { METADATA } from '../io/header.ts';
import { fill, OpenFile } from '../io/into.ts';
import type { FileSource } from '../io/source.ts';
import { saveTensors } from '../io/tensors.ts';
import type { Module } from '../nn/module.ts';
import { shown } from '../tensor/check.ts';

/** The form of the settings in a file. A reader of another form refuses it. */
const FORM = '1';

/** A front as one safetensors file: the model's tensors under their paths, and everything else as JSON in the metadata. */
export function fileOf(kind: string, model: Module, settings: object): Uint8Array<ArrayBuffer> {
  return saveTensors(model.stateDict(), { metadata: { front: kind, form: FORM, settings: JSON.stringify(settings) } });
}

/** Opens a front's file, makes the front from the settings, and fills its model. Whatever is wrong with the file, nothing is left open. */
export async function frontOf<F extends { readonly model: Module }>(
  kind: string,
  source: FileSource,
  make: (settings: Record<string, unknown>) => F,
): Promise<F> {
  const file = await OpenFile.of(source, {});
  try {
    const { front, form, settings } = file.facts.metadata;
    if (front !== kind || form !== FORM || settings === undefined) {
      throw new TypeError(
        `${kind}: file must be one that save() of a ${kind} gave, got ${front === undefined ? `no front in ${METADATA}` : `${front} of form ${form}`}`,
      );
    }
    const made = make(parsed(kind, settings));
    await fill(made.model, [file], {}, true);
    return made;
  } finally {
    await file.close();
  }
}

function parsed(kind: string, settings: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(settings);
  } catch {
    value = undefined;
  }
  if (Object.prototype.toString.call(value) === '[object Object]') return value as Record<string, unknown>;
  throw new TypeError(`${kind}: settings of the file must be a JSON object, got ${shown(value)}`);
}
