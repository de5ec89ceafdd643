import { expect, it } from 'vitest';
import { backend, withBackend } from '../../src/runtime/backend.ts';
import { tensor } from '../../src/tensor/create.ts';

it('what is no backend is refused, and the one in use stays in use', () => {
  const before = backend();
  for (const wrong of [undefined, null, 3, {}, Promise.resolve(before)]) {
    expect(() => withBackend(wrong as never, () => tensor([1]))).toThrow('withBackend: next must be a backend, as backend() and');
    expect(backend()).toBe(before);
  }
  expect(tensor([1]).item()).toBe(1);
});
