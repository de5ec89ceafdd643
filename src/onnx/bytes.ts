// Protocol buffers as they are written: fields of numbers, texts, bytes and messages (protobuf.dev, "Encoding").

const [VARINT, BLOCK, FOUR] = [0, 2, 5];

/** Seven bits a byte, the lowest first; below 0 as 64 bits. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return bytes;
}

/** A message, field by field, in pieces that are joined once at the end: weights are not copied at each level. */
export class Message {
  private readonly pieces: Uint8Array[] = [];
  private length = 0;

  private put(...pieces: readonly Uint8Array[]): this {
    this.pieces.push(...pieces);
    for (const piece of pieces) this.length += piece.length;
    return this;
  }

  int(field: number, value: number): this {
    return this.put(Uint8Array.from([...varint(field * 8 + VARINT), ...varint(value)]));
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.put(Uint8Array.from(varint(field * 8 + FOUR)), bytes);
  }

  bytes(field: number, value: Uint8Array): this {
    return this.put(Uint8Array.from([...varint(field * 8 + BLOCK), ...varint(value.length)]), value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: Message): this {
    return this.put(Uint8Array.from([...varint(field * 8 + BLOCK), ...varint(value.length)]), ...value.pieces);
  }

  joined(): Uint8Array {
    const all = new Uint8Array(this.length);
    let at = 0;
    for (const piece of this.pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }
}
