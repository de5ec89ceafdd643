declare module '*.csv?raw' {
  const text: string;
  export default text;
}

/** What the chart uses of it. */
declare module 'd3-shape' {
  interface Line<T> {
    (points: readonly T[]): string | null;
    defined(is: (point: T) => boolean): Line<T>;
    digits(count: number): Line<T>;
  }
  interface Area<T> {
    (points: readonly T[]): string | null;
    digits(count: number): Area<T>;
  }
  export function line<T>(x: (point: T) => number, y: (point: T) => number): Line<T>;
  export function area<T>(x: (point: T, i: number) => number, low: (point: T) => number, high: (point: T) => number): Area<T>;
}
