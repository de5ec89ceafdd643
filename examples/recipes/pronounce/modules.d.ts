/** What is used of it; it is installed only where the list of exceptions is built. */
declare module 'popular-english-words' {
  export const words: { getAll(): string[] };
}
