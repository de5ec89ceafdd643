// Filled by its family.
export function randomPlaceholder(out: usize): void {}
