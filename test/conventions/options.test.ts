// Options may be given as undefined: `{ key: maybe }` stands for no key, also where `exactOptionalPropertyTypes` is on.
import { expect, it } from 'vitest';
import { files, read } from './source.ts';

/** Optional fields of interfaces of options that refuse it. */
const strict = (text: string) =>
  [...text.matchAll(/^export interface (\w*(?:Options|Sizes|Parts))\b[^{]*\{\n([\s\S]*?)^\}/gm)].flatMap(([, name, body = '']) =>
    [...body.matchAll(/^ {2}(?:readonly )?(\w+)\?: ([^{}\n]+);$/gm)]
      .filter(([, , type = '']) => !type.includes('undefined'))
      .map(([, field]) => `${name}.${field}`),
  );

it('every optional field of options takes undefined', () => {
  expect(strict('export interface SomeOptions {\n  a?: number;\n  b?: number | undefined;\n}')).toEqual(['SomeOptions.a']);
  expect(files('src', '.ts').flatMap((path) => strict(read(path)))).toEqual([]);
});
