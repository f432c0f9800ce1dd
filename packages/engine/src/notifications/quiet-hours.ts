/** The time of day at which somebody wants to be left alone, in minutes since their midnight; over midnight when `from` is later. */
export interface QuietHours {
  from: number;
  to: number;
  /** IANA name. */
  timeZone: string;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
const DAY_MS = DAY_MINUTES * MINUTE_MS;

/**
 * When the quiet hours that the moment falls into end; null when it falls into none. What counts is what the clock on their wall
 * shows, also in the nights when it is set forward or back.
 */
export function quietUntil(now: Date, quiet: QuietHours): Date | null {
  const clock = clockOf(quiet.timeZone);
  if (!isQuiet(clock(now.getTime()).minutes, quiet)) return null;
  const wall = clock(now.getTime());
  const day = wall.minutes < quiet.to ? wall.midnight : wall.midnight + DAY_MS;
  return new Date(firstAt(clock, { wallMs: day + quiet.to * MINUTE_MS, now: now.getTime(), quiet }));
}

/** Whether this machine knows the time zone. */
export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

function isQuiet(minutes: number, { from, to }: QuietHours): boolean {
  return from < to ? minutes >= from && minutes < to : minutes >= from || minutes < to;
}

/** What a clock on the wall shows at a moment: its midnight written as if it were UTC, and the minutes since. */
interface Wall {
  midnight: number;
  minutes: number;
}

type Clock = (ms: number) => Wall;

/** The first moment from now at which the wall shows a time; when it is skipped there, the moment at which it is skipped. */
function firstAt(clock: Clock, input: { wallMs: number; now: number; quiet: QuietHours }): number {
  const { wallMs, now, quiet } = input;
  // The time zone's distance from UTC on either side of a change, if there is one that day.
  const distances = [-DAY_MS, DAY_MS].map((ms) => {
    const { midnight, minutes } = clock(wallMs + ms);
    return midnight + minutes * MINUTE_MS - (wallMs + ms);
  });
  const moments = distances.map((distance) => wallMs - distance).sort((left, right) => left - right);
  const shown = moments.find((ms) => ms > now && wallOf(clock(ms)) === wallMs);
  if (shown !== undefined) return shown;
  const [before = wallMs, behind = wallMs] = moments;
  let [low, high] = [before, behind];
  while (high - low > MINUTE_MS) {
    const middle = low + Math.floor((high - low) / 2 / MINUTE_MS) * MINUTE_MS;
    if (isQuiet(clock(middle).minutes, quiet)) low = middle;
    else high = middle;
  }
  return high;
}

function wallOf({ midnight, minutes }: Wall): number {
  return midnight + minutes * MINUTE_MS;
}

function clockOf(timeZone: string): Clock {
  const format = formatOf(timeZone);
  return (ms) => {
    const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    const at = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
    return {
      midnight: Date.UTC(at("year"), at("month") - 1, at("day")),
      minutes: at("hour") * 60 + at("minute"),
    };
  };
}

/** Making a format takes a hundred times as long as using it. There are about 600 time zones, some under several names. */
const formats = new Map<string, Intl.DateTimeFormat>();
const MOST_FORMATS = 1_000;

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-u-ca-gregory-nu-latn", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  if (formats.size >= MOST_FORMATS) formats.clear();
  formats.set(timeZone, format);
  return format;
}
