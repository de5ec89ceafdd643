import type { View } from '../../../src/runtime/backend.ts';
import { Sha256 } from './sha256.ts';

/** A hash over results. All NaNs count as equal, since WebAssembly does not specify which NaN an operation gives. */
export class Digest {
  private readonly hash = new Sha256();

  /** Elements of a tensor, with their type. */
  elements(values: View): void {
    this.text(`${values.constructor.name} ${values.length}`);
    if (values instanceof Float64Array) throw new TypeError('digest: elements must be those of the float32 kernels, got float64');
    const words = new Int32Array(values.length);
    words.set(new Int32Array(values.buffer, values.byteOffset, values.length));
    if (values instanceof Float32Array) {
      for (let i = 0; i < words.length; i++) if (((words[i] as number) & 0x7fffffff) > 0x7f800000) words[i] = 0x7fc00000;
    }
    this.bytes(new Uint8Array(words.buffer));
  }

  /** Numbers of the host, with all 64 bits. */
  numbers(...values: number[]): void {
    const bytes = new DataView(new ArrayBuffer(8 * values.length));
    values.forEach((value, i) => {
      if (Number.isNaN(value)) bytes.setUint32(8 * i, 0x7ff80000);
      else bytes.setFloat64(8 * i, value);
    });
    this.bytes(new Uint8Array(bytes.buffer));
  }

  /** ASCII. */
  text(text: string): void {
    this.bytes(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  }

  bytes(bytes: Uint8Array): void {
    this.hash.update(bytes);
  }

  end(): string {
    return this.hash.digest();
  }
}
