// Formulas. Doc comments and documents write them as code, in plain signs that read well in an editor: `vᵀ tanh(W q + U k + b)`. Here such
// code is told from other code, and said in TeX.

/** Signs that code does not have. */
const sign = /[·−×√ΣΠ∫∂‖∈≤≥←→∞⟨⟩∗′²³ⁿᵀᵏ⁻α-ωΑ-Ω₀-₉ₐ-ₜᵢⱼ]|\u0303|\u20d7|\w\^/u;
const functions = 'softplus softmax sigmoid argmax argmin tanh sign exp cos sin erf max min ln log'.split(' ');
/** Letters, numbers, functions of them, and what joins them: `W q`, `g / x`, `max(x, 0)`. */
const short = new RegExp(String.raw`^(?!\w+$)(?:(?:${functions.join('|')})\b|\b\d*[A-Za-z]\b|\d+|[ ()|,=<>+/])+$`);
/** A shape or a range, a function, a property, text. */
const code = /^\[[^=]*$|=>|→|[`'"{}\\]|\(\)|[a-z]\.[a-z]|--/u;

/** Whether a piece of code is a formula. @param {string} text */
export const isFormula = (text) => !code.test(text.replace(/_\{[^}]*\}/gu, '')) && (sign.test(text) || short.test(text));

/** @type {Record<string, string>} */
const raised = { ᵀ: '\\top ', ᵏ: 'k', ⁿ: 'n', ˣ: 'x', '⁻': '-', '²': '2', '³': '3' };
/** @type {Record<string, string>} */
const lowered = { ...Object.fromEntries([...'₀₁₂₃₄₅₆₇₈₉'].map((digit, i) => [digit, `${i}`])), '₊': '+', '₋': '-' };
for (const [small, letter] of ['ₐa', 'ᵢi', 'ⱼj', 'ₖk', 'ₙn', 'ₛs', 'ₜt'].map((pair) => [...pair])) lowered[small ?? ''] = letter ?? '';

/** Runs of small signs, as an exponent or an index. @param {string} text @param {Record<string, string>} signs @param {string} mark */
const scripts = (text, signs, mark) =>
  text.replace(new RegExp(`[${Object.keys(signs).join('')}]+`, 'gu'), (run) => `${mark}{${[...run].map((one) => signs[one]).join('')}}`);

/** The place behind the bracket that closes the one at `open`. @param {string} text @param {number} open */
function closing(text, open) {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === '(') depth++;
    if (text[i] === ')' && --depth === 0) return i + 1;
  }
  throw new RangeError(`formula: brackets must be closed, got ${text}`);
}

/** What reaches to a closing bracket, `^(…)` and `√(…)`: the brackets are not shown. @param {string} text @param {string} head @param {string} tex */
function reaching(text, head, tex) {
  let rest = text;
  for (let at = rest.indexOf(`${head}(`); at >= 0; at = rest.indexOf(`${head}(`)) {
    const open = at + head.length;
    const end = closing(rest, open);
    rest = `${rest.slice(0, at)}${tex}{${rest.slice(open + 1, end - 1)}}${rest.slice(end)}`;
  }
  return rest;
}

/** @type {[RegExp, string][]} what is left, sign by sign */
const plain = [
  [/(\p{L})\u0303/gu, '\\tilde{$1}'],
  [/(\p{L})\u20d7/gu, '\\overrightarrow{$1}'],
  [/(\p{L})\u20d6/gu, '\\overleftarrow{$1}'],
  [/√(\p{L}|\d)/gu, '\\sqrt{$1}'],
  [/\^([−-]?\w+)/gu, '^{$1}'],
  [/(\d)e-(\d+)/gu, '$1 \\cdot 10^{-$2}'],
  [/′/gu, "'"],
  [/·/gu, '\\cdot '],
  [/−/gu, '-'],
  [/∗/gu, '\\ast '],
  [/Σ/gu, '\\sum '],
  [/Π/gu, '\\prod '],
  [/∫/gu, '\\int '],
  [/…/gu, '\\dots '],
  [/%/gu, '\\%'],
];

/** Names of more than one letter stand upright; two in a row keep their space. @param {string} text */
const named = (text) =>
  text
    .replace(/(?<![\\\p{L}])([A-Za-z]{2,})(?= [A-Za-z]{2})/gu, '$1\\ ')
    .replace(/(?<![\\\p{L}])[A-Za-z]{2,}/gu, (word) => (functions.includes(word) ? `\\operatorname{${word}}` : `\\mathrm{${word}}`));

/** A formula as TeX. @param {string} text */
export function texOf(text) {
  let tex = named(text);
  for (const [from, to] of plain) tex = tex.replace(from, to);
  tex = reaching(reaching(tex, '√', '\\sqrt'), '^', '^');
  return scripts(scripts(tex, raised, '^'), lowered, '_');
}
