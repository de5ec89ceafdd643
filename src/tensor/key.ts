/** A key of the counter-based generator: the same key always draws the same numbers. Two 32-bit words. */
export interface Key {
  readonly hi: number;
  readonly lo: number;
}
