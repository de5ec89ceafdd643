// Stories beside what a model did at each sentence: attention of hops, gates of entities.

import { expectNames, expectOptions, isFlag, isList, isSize, isText, maybe, shown } from '../tensor/check.ts';
import { type AlignmentPanel, alignmentsSvg } from './svg.ts';
import { alignmentText } from './text.ts';
import { isTheme, type Theme } from './theme.ts';

/** A story that was read, with a question perhaps. */
export interface StoryLook {
  /** One text a sentence. */
  sentences: readonly string[];
  /** What was asked, without the question mark: drawn above the story. */
  question?: string | undefined;
  /** What was answered. */
  answer?: string | undefined;
  /** The sentences from which the answer follows, from 0: marked with a star. */
  supports?: readonly number[] | undefined;
}

/** How much of each sentence each hop read. */
export interface HopsLook extends StoryLook {
  /** `[hops, S]`, or more places of which the first S are the sentences. */
  weights: readonly ArrayLike<number>[];
}

/** How much each sentence changed each entity. */
export interface GatesLook extends StoryLook {
  /** `[S, slots]`. */
  gates: readonly ArrayLike<number>[];
  /** A name for each slot. Default numbers from 1. */
  entities?: readonly string[] | undefined;
}

const story = { sentences: 0, question: 0, answer: 0, supports: 0 };

function panel(
  op: string,
  look: StoryLook,
  columns: readonly string[],
  cell: (s: number, column: number) => number | undefined,
): AlignmentPanel {
  const { sentences, question, answer, supports = [] } = look;
  isList(op, 'sentences', sentences);
  for (const sentence of sentences) isText(op, 'each sentence', sentence);
  const weights = sentences.map((_, s) =>
    columns.map((_, i) => {
      const value = cell(s, i);
      if (value === undefined) throw new RangeError(`${op}: every sentence must have a number for each column, got none for sentence ${s}`);
      return value;
    }),
  );
  const rows = sentences.map((sentence, s) => (supports.includes(s) ? `* ${sentence}` : sentence));
  const title = [question === undefined ? '' : `${question}?`, answer ?? ''].filter(Boolean).join(' ');
  return { weights, rows, columns, title };
}

function hopsPanel(op: string, look: HopsLook): AlignmentPanel {
  expectNames(op, look, { ...story, weights: 0 }, 'a story');
  isList(op, 'weights', look.weights);
  const hops = look.weights.map((_, k) => `hop ${k + 1}`);
  return panel(op, look, hops, (s, k) => look.weights[k]?.[s]);
}

function gatesPanel(op: string, look: GatesLook): AlignmentPanel {
  expectNames(op, look, { ...story, gates: 0, entities: 0 }, 'a story');
  isList(op, 'gates', look.gates);
  const slots = look.gates[0]?.length ?? 0;
  const entities = look.entities ?? Array.from({ length: slots }, (_, i) => String(i + 1));
  if (entities.length !== slots) throw new RangeError(`${op}: entities must be ${slots} names, got ${entities.length}`);
  return panel(op, look, entities, (s, i) => look.gates[s]?.[i]);
}

/** Options of pictures of stories. */
export interface StoriesOptions {
  /** Stories per row. Default: as square as possible. */
  columns?: number | undefined;
  /** Colours for a light or a dark page, or those of the system. Default `auto`. */
  theme?: Theme | undefined;
}

const rules = { columns: /* @__PURE__ */ maybe(isSize), theme: isTheme };
const inTerminal = { color: /* @__PURE__ */ maybe(isFlag) };

const listed = <Look>(op: string, looks: Look | readonly Look[]): readonly Look[] => {
  const list = (Array.isArray(looks) ? looks : [looks]) as readonly Look[];
  if (list.length === 0) throw new RangeError(`${op}: looks must be stories, got ${shown(looks)}`);
  return list;
};

/** Draws stories as an SVG: sentences down the side, hops along the top, as dark as what the hop read of the sentence. */
export function hopsSvg(looks: HopsLook | readonly HopsLook[], options: StoriesOptions = {}): string {
  expectOptions('hopsSvg', options, rules);
  return alignmentsSvg(
    listed('hopsSvg', looks).map((look) => hopsPanel('hopsSvg', look)),
    options,
  );
}

/** Draws stories as an SVG: sentences down the side, entities along the top, as dark as the sentence's gate to the entity. */
export function gatesSvg(looks: GatesLook | readonly GatesLook[], options: StoriesOptions = {}): string {
  expectOptions('gatesSvg', options, rules);
  return alignmentsSvg(
    listed('gatesSvg', looks).map((look) => gatesPanel('gatesSvg', look)),
    options,
  );
}

/** {@link alignmentText} of one panel below its title. */
function text({ title, ...shown }: AlignmentPanel, options: { color?: boolean | undefined }): string {
  const { weights, rows, columns } = shown;
  return `${title ? `${title}\n` : ''}${alignmentText(weights, { rows, columns, ...options })}`;
}

/** {@link hopsSvg} of one story for a terminal. */
export function hopsText(look: HopsLook, options: { color?: boolean | undefined } = {}): string {
  expectOptions('hopsText', options, inTerminal);
  return text(hopsPanel('hopsText', look), options);
}

/** {@link gatesSvg} of one story for a terminal. */
export function gatesText(look: GatesLook, options: { color?: boolean | undefined } = {}): string {
  expectOptions('gatesText', options, inTerminal);
  return text(gatesPanel('gatesText', look), options);
}
