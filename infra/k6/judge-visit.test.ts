import { describe, expect, test } from "vitest";
import { isUpToDate, judgeVisit } from "./judge-visit.js";
import { createVisitLog } from "./visit-log.js";

interface Message {
  position: number;
  text: string;
}

const NOTHING = { lost: [], doubled: [], disordered: [] };

const message = (position: number, text = `m${position}`): Message => ({ position, text });

const messages = (...positions: number[]) => positions.map((position) => message(position));

/** A visit that began behind message 2, sent m4 and m6, and saw everything. */
function goodVisit({ shown = messages(3, 4, 5, 6) }: { shown?: Message[] } = {}) {
  const log = createVisitLog();
  log.connected();
  log.liveFrom(2);
  for (const text of ["m4", "m6"]) {
    log.sent(text);
    log.acknowledged(text);
  }
  for (const one of shown) log.shown(one);
  return log;
}

const judge = (log: ReturnType<typeof goodVisit>, stored = messages(3, 4, 5, 6), isGapless = true) =>
  judgeVisit(log, { stored, isGapless });

test("finds nothing in a good visit", () => {
  expect(judge(goodVisit())).toEqual(NOTHING);
});

test("owes nothing behind what was stored when it was judged", () => {
  expect(judge(goodVisit({ shown: messages(3, 4, 5, 6, 7, 8) }))).toEqual(NOTHING);
});

test("owes what was shown first and everything behind it, also before the connection was ready", () => {
  expect(judge(goodVisit({ shown: messages(2, 3, 4, 5, 6) }))).toEqual(NOTHING);
});

describe("lost", () => {
  test.each([
    ["first", [4, 5, 6], 3],
    ["middle", [3, 4, 6], 5],
    ["last", [3, 4, 5], 6],
  ])("the %s message was not shown", (_which, shown, missing) => {
    const { lost, ...others } = judge(goodVisit({ shown: messages(...shown) }));
    expect(lost).toEqual([`${missing} "m${missing}" was not shown`]);
    expect(others).toEqual({ doubled: [], disordered: [] });
  });

  test("an acknowledged message is not stored", () => {
    const { lost } = judge(goodVisit({ shown: messages(3, 4, 5) }), messages(3, 4, 5));
    expect(lost).toEqual(['"m6" was acknowledged and is not stored']);
  });

  test("a message that was not acknowledged may be stored or not", () => {
    const log = goodVisit();
    log.sent("m7");
    expect(judge(log)).toEqual(NOTHING);
    expect(judge(goodVisit({ shown: messages(3, 4, 5, 6, 7) }), messages(3, 4, 5, 6, 7))).toEqual(NOTHING);
  });
});

describe("doubled", () => {
  test("a message was shown twice on one connection, at once or later", () => {
    for (const shown of [
      [3, 4, 4, 5, 6],
      [3, 4, 5, 6, 4],
    ]) {
      const { doubled, ...others } = judge(goodVisit({ shown: messages(...shown) }));
      expect(doubled).toEqual(['4 "m4" was shown twice']);
      expect(others).toEqual({ lost: [], disordered: [] });
    }
  });

  test("a message is stored twice", () => {
    const twice = [...messages(3, 4, 5, 6), message(7, "m4")];
    const { doubled } = judge(goodVisit({ shown: twice }), twice);
    expect(doubled).toEqual(['"m4" is stored twice, the second time at 7']);
  });
});

describe("disordered", () => {
  test("a message was shown behind a newer one", () => {
    const { disordered, ...others } = judge(goodVisit({ shown: messages(3, 5, 4, 6) }));
    expect(disordered).toEqual(['4 "m4" was shown behind 5']);
    expect(others).toEqual({ lost: [], doubled: [] });
  });

  test("a position comes again, or does not grow, in what is stored", () => {
    for (const [positions, said] of [
      [[3, 4, 4, 5], "4 is stored behind 4"],
      [[3, 5, 4, 6], "4 is stored behind 5"],
    ] as const) {
      const stored = positions.map((position, place) => message(position, `stored ${place}`));
      expect(judge(goodVisit({ shown: [] }), stored, false).disordered).toContain(said);
    }
  });

  test("a number is another message for somebody", () => {
    const shown = [message(3), message(4), message(5, "something else"), message(6)];
    expect(judge(goodVisit({ shown })).disordered).toEqual(['5 "something else" is stored as "m5"']);
  });

  test("the numbers have a hole, where they must not", () => {
    const holed = messages(3, 4, 6, 7);
    const log = goodVisit({ shown: holed });
    expect(judge(log, holed).disordered).toEqual(["6 is stored right behind 4"]);
    expect(judge(log, holed, false)).toEqual(NOTHING);
  });

  test("the first number behind what was there has a hole before it", () => {
    const late = messages(4, 5, 6);
    expect(judge(goodVisit({ shown: late }), late).disordered).toEqual(["4 is stored right behind 2"]);
  });

  test("what one connection sent is stored in another order", () => {
    const swapped = [message(3), message(4, "m6"), message(5), message(6, "m4")];
    const log = goodVisit({ shown: swapped });
    expect(judge(log, swapped).disordered).toEqual(['"m6" is stored before what was sent before it']);
    log.unsure("m4");
    expect(judge(log, swapped)).toEqual(NOTHING);
  });
});

describe("a visit of two connections", () => {
  /** Was shown 3 and 4, was cut off, learnt `caughtUp`, and was there again behind 6. */
  function twoConnections({ caughtUp = messages(5, 6), shown = messages(7, 8) }) {
    const log = goodVisit({ shown: messages(3, 4) });
    log.cut();
    log.connected();
    log.liveFrom(6);
    log.caughtUp.push(...caughtUp);
    for (const one of shown) log.shown(one);
    return log;
  }
  const stored = messages(3, 4, 5, 6, 7, 8);

  test("is owed live what came while it was there, and by catching up the rest", () => {
    expect(judge(twoConnections({}), stored)).toEqual(NOTHING);
  });

  test("may be shown on the second connection what the first was shown", () => {
    expect(judge(twoConnections({ shown: messages(4, 5, 6, 7, 8) }), stored)).toEqual(NOTHING);
  });

  test("loses what neither connection showed and catching up did not bring", () => {
    const { lost } = judge(twoConnections({ caughtUp: messages(6) }), stored);
    expect(lost).toEqual(['5 "m5" was never known']);
  });

  test("loses what the second connection was there for, whatever catching up brought", () => {
    const { lost } = judge(twoConnections({ caughtUp: messages(5, 6, 7), shown: messages(8) }), stored);
    expect(lost).toEqual(['7 "m7" was not shown']);
  });

  test("loses what the first connection was shown past", () => {
    const log = twoConnections({ caughtUp: messages(4, 5, 6) });
    log.views[0]?.shown.splice(0, 2, message(3), message(5));
    expect(judge(log, stored).lost).toEqual(['4 "m4" was not shown']);
  });
});

describe("a connection is up to date", () => {
  const view = (liveFrom: number, ...shown: number[]) => ({
    liveFrom,
    isCut: false,
    shown: messages(...shown),
  });

  test("when it was shown the last message", () => {
    expect(isUpToDate(view(2, 3, 4), 5)).toBe(false);
    expect(isUpToDate(view(2, 3, 4, 5), 5)).toBe(true);
  });

  test("when there was nothing behind what was stored as it came", () => {
    expect(isUpToDate(view(5), 5)).toBe(true);
    expect(isUpToDate(view(5), 6)).toBe(false);
  });

  test("and not because the last one was stored by then, when it has been shown what came before that", () => {
    expect(isUpToDate(view(6, 2, 3, 4), 6)).toBe(false);
    expect(isUpToDate(view(6, 2, 3, 4, 5, 6), 6)).toBe(true);
  });
});

test("a log knows the newest message that was shown or caught up", () => {
  const log = createVisitLog();
  expect(log.newest()).toBe(0);
  log.connected();
  log.liveFrom(2);
  expect(log.newest()).toBe(2);
  log.shown(message(4));
  log.caughtUp.push(message(9));
  expect(log.newest()).toBe(9);
});
