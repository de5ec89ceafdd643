// Everything besides WebAssembly that the package needs from a host and a bare shell may lack. The program's build replaces the globals by
// these in every engine, so that it needs only ECMAScript and WebAssembly.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base64 to one character per byte. */
export function atob(text: string): string {
  const values = new Map(Array.from(ALPHABET, (character, i) => [character, i]));
  let bytes = '';
  let bits = 0;
  for (const [i, character] of Array.from(text.replace(/=+$/, '')).entries()) {
    bits = (bits << 6) | (values.get(character) as number);
    if (i % 4 > 0) bytes += String.fromCharCode((bits >>> (6 - 2 * (i % 4))) & 255);
  }
  return bytes;
}

/** ASCII only, which is all that the program writes. */
export class TextEncoder {
  encode(text: string): Uint8Array {
    return Uint8Array.from(text, (character) => {
      if (character > '\x7f') throw new RangeError(`TextEncoder: text must be ASCII here, got ${JSON.stringify(character)}`);
      return character.charCodeAt(0);
    });
  }
}

/** ASCII only. */
export class TextDecoder {
  decode(bytes: Uint8Array | ArrayBuffer): string {
    return Array.from(new Uint8Array(bytes), (byte) => {
      if (byte > 0x7f) throw new RangeError(`TextDecoder: bytes must be ASCII here, got ${byte}`);
      return String.fromCharCode(byte);
    }).join('');
  }
}

/** The host's clock, or one that stands still: threads use it to sleep, and no result depends on it. */
export const performance = globalThis.performance ?? { now: () => 0 };
