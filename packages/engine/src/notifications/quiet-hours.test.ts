import { describe, expect, it, test } from "vitest";
import { isTimeZone, quietUntil } from "./quiet-hours.js";

const clock = (text: string) => {
  const [hours, minutes] = text.split(":").map(Number);
  return (hours ?? 0) * 60 + (minutes ?? 0);
};

/** A moment, the quiet hours, and the moment at which they end; null: it is not quiet. All moments in UTC. */
const CASES: Array<[title: string, zone: string, hours: string, now: string, until: string | null]> = [
  ["before they begin", "Asia/Tokyo", "22:00-07:00", "2026-03-01T12:59:00Z", null],
  ["the minute they begin", "Asia/Tokyo", "22:00-07:00", "2026-03-01T13:00:00Z", "2026-03-01T22:00:00Z"],
  ["after midnight", "Asia/Tokyo", "22:00-07:00", "2026-03-01T20:30:45Z", "2026-03-01T22:00:00Z"],
  ["the minute they end", "Asia/Tokyo", "22:00-07:00", "2026-03-01T22:00:00Z", null],
  ["within one day", "Asia/Tokyo", "13:00-14:30", "2026-03-01T04:00:00Z", "2026-03-01T05:30:00Z"],
  ["from midnight", "Asia/Tokyo", "00:00-06:00", "2026-02-28T15:00:00Z", "2026-02-28T21:00:00Z"],
  ["to midnight", "Asia/Tokyo", "20:00-00:00", "2026-03-01T14:59:00Z", "2026-03-01T15:00:00Z"],
  ["over the year's end", "Asia/Tokyo", "22:00-07:00", "2026-12-31T14:00:00Z", "2026-12-31T22:00:00Z"],
  ["in winter", "Europe/Paris", "22:00-07:00", "2026-01-10T22:00:00Z", "2026-01-11T06:00:00Z"],
  ["in summer", "Europe/Paris", "22:00-07:00", "2026-07-10T22:00:00Z", "2026-07-11T05:00:00Z"],
  // Clocks go from 02:00 to 03:00 on 29 March at 01:00Z.
  ["into summer time", "Europe/Paris", "22:00-07:00", "2026-03-28T22:00:00Z", "2026-03-29T05:00:00Z"],
  [
    "to a time that is skipped",
    "Europe/Paris",
    "22:00-02:30",
    "2026-03-28T22:00:00Z",
    "2026-03-29T01:00:00Z",
  ],
  [
    "to the hour that is skipped",
    "Europe/Paris",
    "22:00-02:00",
    "2026-03-28T22:00:00Z",
    "2026-03-29T01:00:00Z",
  ],
  // And back from 03:00 to 02:00 on 25 October at 01:00Z.
  ["into winter time", "Europe/Paris", "22:00-07:00", "2026-10-24T21:00:00Z", "2026-10-25T06:00:00Z"],
  [
    "to a time that comes twice",
    "Europe/Paris",
    "22:00-02:30",
    "2026-10-24T21:00:00Z",
    "2026-10-25T00:30:00Z",
  ],
  ["and its second coming", "Europe/Paris", "22:00-02:30", "2026-10-25T01:10:00Z", "2026-10-25T01:30:00Z"],
  // New York: forward on 8 March at 07:00Z, back on 1 November at 06:00Z.
  ["into summer time", "America/New_York", "23:00-06:30", "2026-03-08T05:00:00Z", "2026-03-08T10:30:00Z"],
  ["to a skipped time", "America/New_York", "23:00-02:15", "2026-03-08T05:00:00Z", "2026-03-08T07:00:00Z"],
  ["into winter time", "America/New_York", "23:00-06:30", "2026-11-01T04:00:00Z", "2026-11-01T11:30:00Z"],
  [
    "to a time that comes twice",
    "America/New_York",
    "23:00-01:30",
    "2026-11-01T04:00:00Z",
    "2026-11-01T05:30:00Z",
  ],
  ["an ordinary day", "America/New_York", "22:00-07:00", "2026-06-01T16:00:00Z", null],
  ["by half hours", "Asia/Kolkata", "22:00-07:00", "2026-06-01T16:30:00Z", "2026-06-02T01:30:00Z"],
];

describe("quiet hours", () => {
  test.each(CASES)("%s, %s %s", (...[, timeZone, hours, now, until]) => {
    const [from = "", to = ""] = hours.split("-");
    const end = quietUntil(new Date(now), { from: clock(from), to: clock(to), timeZone });
    expect(end?.toISOString() ?? null).toBe(until === null ? null : new Date(until).toISOString());
  });

  it("end when they say, seen from every minute of a year's nights with a change", () => {
    const quiet = { from: clock("22:00"), to: clock("07:00"), timeZone: "Europe/Paris" };
    for (const night of ["2026-03-28", "2026-10-24"]) {
      const ends = new Set<string>();
      for (let minute = 0; minute < 600; minute += 7) {
        const now = new Date(Date.parse(`${night}T21:05:00Z`) + minute * 60_000);
        const end = quietUntil(now, quiet);
        if (end !== null) ends.add(end.toISOString());
      }
      expect(ends.size).toBe(1);
    }
  });

  it("know time zones by their names", () => {
    expect(["Asia/Tokyo", "Europe/Paris", "UTC"].every(isTimeZone)).toBe(true);
    expect(["Asia/Atlantis", "", "x\u0000"].some(isTimeZone)).toBe(false);
  });
});
