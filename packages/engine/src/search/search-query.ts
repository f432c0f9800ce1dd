import { LIMITS, ParleyError } from "@parley/contracts";
import { foldText } from "./fold-text.js";
import { isContinuous, LEAST_PREFIX } from "./text-terms.js";

/** A word or a phrase to look for, folded. */
export interface SearchTerm {
  text: string;
  /** Words that only begin like this are meant, too. */
  isPrefix: boolean;
}

/** What is looked for: all of the first, none of the second. */
export interface SearchQuery {
  wanted: SearchTerm[];
  unwanted: SearchTerm[];
}

const PART = /(?<minus>(?<!\S)-)?(?:"(?<phrase>[^"]*)"?|(?<word>[^\s"]+))/gu;

/**
 * Reads `words "a phrase" -unwanted wor`: all words, the last one as the beginning of a word, unless something stands behind it.
 * Refuses: invalid_input, where there is nothing to look for or too much.
 */
export function parseSearchQuery(text: string): SearchQuery {
  const query: SearchQuery = { wanted: [], unwanted: [] };
  for (const { index, 0: part, groups = {} } of text.matchAll(PART)) {
    const folded = foldText(groups.phrase ?? groups.word ?? "");
    if (folded === "") continue;
    const isLast = groups.word !== undefined && index + part.length === text.length;
    const isWanted = groups.minus === undefined;
    const isPrefix = isLast && isWanted && mayBePrefix(folded);
    (isWanted ? query.wanted : query.unwanted).push({ text: folded, isPrefix });
  }
  const { wanted, unwanted } = query;
  if (wanted.length === 0) throw invalid("must have a word to look for: letters or digits");
  if (wanted.length + unwanted.length > LIMITS.searchTerms)
    throw invalid(`must have at most ${LIMITS.searchTerms} words and phrases`);
  return query;
}

function mayBePrefix(folded: string): boolean {
  const letters = [...(folded.split(" ").at(-1) ?? "")];
  return letters.length >= LEAST_PREFIX && !isContinuous(letters.at(-1) ?? "");
}

function invalid(message: string): ParleyError {
  return new ParleyError("invalid_input", { errors: [{ path: "q", message }] });
}
