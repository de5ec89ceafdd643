/** A key of the counter-based generator: the same key always draws the same numbers. Two 32-bit words. */
export interface Key {
  /** The upper 32 bits. */
  readonly hi: number;
  /** The lower 32 bits. */
  readonly lo: number;
}
