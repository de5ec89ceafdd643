// Filled by its family.
export function optimisePlaceholder(out: usize): void {}
