import { formatSeconds } from "./numbers.js";

const dated = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const near = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

const DAY_MS = 86_400_000;

export interface TimeProps {
  /** ISO 8601; null for never. */
  at: string | null | undefined;
  /** Instead of a time that is not there. */
  none?: string;
  /** How long ago, or in how long, instead of when. */
  isRelative?: boolean;
}

/** A moment in the time of this browser, with UTC on hover. */
export function Time({ at, none = "never", isRelative = false }: TimeProps) {
  if (at === null || at === undefined) return <span className="quiet">{none}</span>;
  const moment = new Date(at);
  const text = isRelative ? agoOf(moment) : localWords(moment);
  return (
    <time
      dateTime={at}
      title={`${moment
        .toISOString()
        .replace("T", " ")
        .replace(/\.\d+Z/, "")} UTC`}
    >
      {text}
    </time>
  );
}

/** The same in a sentence. */
export function momentWords(at: string): string {
  return localWords(new Date(at));
}

function localWords(moment: Date): string {
  const isToday =
    Math.abs(Date.now() - moment.getTime()) < DAY_MS && moment.getDate() === new Date().getDate();
  return isToday ? near.format(moment) : dated.format(moment);
}

function agoOf(moment: Date): string {
  const seconds = Math.round((Date.now() - moment.getTime()) / 1000);
  if (Math.abs(seconds) < 3) return "just now";
  return seconds > 0 ? `${formatSeconds(seconds)} ago` : `in ${formatSeconds(-seconds)}`;
}
