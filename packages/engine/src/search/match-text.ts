import { foldText, foldWithPlaces } from "./fold-text.js";
import type { SearchQuery, SearchTerm } from "./search-query.js";
import { isContinuous, nextBeginning } from "./text-terms.js";

/** A part of a text in UTF-16 units; `end` is the first one behind. */
export interface Highlight {
  start: number;
  end: number;
}

const MOST_HIGHLIGHTS = 50;

/** Whether a text has all that is wanted and nothing that is not. */
export function matchesText(content: string, { wanted, unwanted }: SearchQuery): boolean {
  const folded = foldText(content);
  return (
    wanted.every((term) => placeOf(folded, term, 0) !== -1) &&
    !unwanted.some((term) => placeOf(folded, term, 0) !== -1)
  );
}

/** Where the wanted words stand in a text, in order and without overlaps; at most 50 places. */
export function highlightText(content: string, { wanted }: SearchQuery): Highlight[] {
  const { text, starts, ends } = foldWithPlaces(content);
  const found: Highlight[] = [];
  for (const term of wanted) {
    for (let at = placeOf(text, term, 0); at !== -1 && found.length < MOST_HIGHLIGHTS * wanted.length; ) {
      const behind = term.isPrefix ? wordEnd(text, at + term.text.length) : at + term.text.length;
      found.push({ start: starts[at] ?? 0, end: ends[behind - 1] ?? 0 });
      at = placeOf(text, term, behind);
    }
  }
  return withoutOverlaps(found).slice(0, MOST_HIGHLIGHTS);
}

function withoutOverlaps(found: Highlight[]): Highlight[] {
  const merged: Highlight[] = [];
  for (const { start, end } of found.sort((left, right) => left.start - right.start)) {
    const last = merged.at(-1);
    if (last !== undefined && start < last.end) last.end = Math.max(last.end, end);
    else merged.push({ start, end });
  }
  return merged;
}

/** The first place from `from` on where the term stands as words of its own; -1: none. */
function placeOf(folded: string, { text, isPrefix }: SearchTerm, from: number): number {
  for (let at = folded.indexOf(text, from); at !== -1; at = folded.indexOf(text, nextBeginning(folded, at))) {
    if (isBoundary(folded, at) && (isPrefix || isBoundary(folded, at + text.length))) return at;
  }
  return -1;
}

/** A space, an end of the text, or a change to or within a script in which any part of a text is a word. */
function isBoundary(folded: string, at: number): boolean {
  if (at <= 0 || at >= folded.length) return true;
  const [before, behind] = [characterBefore(folded, at), characterAt(folded, at)];
  return before === " " || behind === " " || isContinuous(before) || isContinuous(behind);
}

function wordEnd(folded: string, from: number): number {
  let end = from;
  while (!isBoundary(folded, end)) end += characterAt(folded, end).length;
  return end;
}

function characterAt(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at) ?? 32);
}

function characterBefore(text: string, at: number): string {
  const isLow = /[\udc00-\udfff]/.test(text.charAt(at - 1));
  return isLow && at > 1 ? text.slice(at - 2, at) : text.charAt(at - 1);
}
