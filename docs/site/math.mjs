// The site shows formulas as MathML, made when it is built.
import temml from 'temml';
import { isFormula, texOf } from './formula.mjs';

/** Shows code that is a formula as one. @param {import('markdown-it').default} parser */
export function mathInCode(parser) {
  const before = parser.renderer.rules.code_inline;
  parser.renderer.rules.code_inline = (tokens, i, ...rest) => {
    const text = tokens[i]?.content ?? '';
    if (isFormula(text)) return temml.renderToString(texOf(text), { throwOnError: true, annotate: false });
    return before?.(tokens, i, ...rest) ?? '';
  };
}
