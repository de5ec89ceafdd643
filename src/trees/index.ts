/** Trees over sentences, and the strings of brackets that models write them with. @module */

export { type BracketReading, bracketed, bracketSymbols, treeFrom } from './brackets.ts';
export { type Dependencies, dependenciesOf, dependencyTree } from './dependencies.ts';
export { type ParseTree, type Span, spansOf, wordsOf } from './tree.ts';
