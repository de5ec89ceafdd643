// What the site takes for a formula, and how it reads it. That each one is TeX, the site's build says (`npm run docs`).
import { describe, expect, it } from 'vitest';
import { isFormula, texOf } from '../../docs/site/formula.mjs';

describe('formulas in comments', () => {
  it.each([
    ['vᵀ tanh(W q + U k + b)', 'v^{\\top } \\operatorname{tanh}(W q + U k + b)'],
    ['e^(1 − r/c)', 'e^{1 - r/c}'],
    ['x / √(Σ x² + 1e-12)', 'x / \\sqrt{\\sum  x^{2} + 1 \\cdot 10^{-12}}'],
    ['yₖ₋₁', 'y_{k-1}'],
    ['(1 − ε) at index', '(1 - ε) \\mathrm{at}\\  \\mathrm{index}'],
    ['W h̃ + b', 'W \\tilde{h} + b'],
    ['2^−x', '2^{-x}'],
  ])('%s', (text, tex) => {
    expect(isFormula(text)).toBe(true);
    expect(texOf(text)).toBe(tex);
  });

  it.each(['W q', 'g / x', 'max(x, 0)', 'a < b', '2 g x'])('%s, of letters and known functions alone', (text) => {
    expect(isFormula(text)).toBe(true);
  });

  it.each([
    'x',
    '[B · H, …]',
    '[B, T + p − K + 1, O]',
    'add(x, y)',
    '() → v128',
    "init({ build: 'relaxed' })",
    'foldIn(key, t)',
    'in_proj_weight',
  ])('%s is code', (text) => {
    expect(isFormula(text)).toBe(false);
  });

  it('must close their brackets', () => {
    expect(() => texOf('e^(x + 1')).toThrow('formula: brackets must be closed, got e^(x + 1');
  });
});
