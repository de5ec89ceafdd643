import { describe, expect, it } from 'vitest';
import { levelled } from '../../docs/site/headings.mjs';

describe('the headings of the site', () => {
  it('say the level that they have among the others', () => {
    expect(levelled('<h1>a</h1><h4 class="x">b</h4><h5>c</h5><h4>d</h4><h2>e</h2><h3>f</h3>')).toBe(
      '<h1>a</h1><h4 aria-level="2" class="x">b</h4><h5 aria-level="3">c</h5><h4 aria-level="2">d</h4><h2>e</h2><h3>f</h3>',
    );
  });

  it('begin anew in the menu', () => {
    expect(levelled('<h1>a</h1><h2>b</h2><div class="col-sidebar"><h3>c</h3></div>')).toContain('<h3 aria-level="2">c');
  });

  it('are none of other tags', () => {
    expect(levelled('<h1>a</h1><header><hr>')).toBe('<h1>a</h1><header><hr>');
  });
});
