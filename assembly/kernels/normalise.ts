// Filled by its family.
export function normalisePlaceholder(out: usize): void {}
