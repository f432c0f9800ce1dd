/**
 * Holds a visit's log against what is stored behind `log.since`, in the stored order. Returns sentences about what was
 * - lost: acknowledged and not stored, or stored and not shown on a connection that was there for it, nor caught up by one that came later;
 * - doubled: stored twice, or shown twice on one connection;
 * - disordered: shown behind something newer, numbered with a hole, in another order than one connection sent it, or as something else.
 * `isGapless` says that positions are 1, 2, 3, … in each chat.
 */
export function judgeVisit(log, { stored, isGapless }) {
  const truth = {
    stored,
    isGapless,
    since: log.since ?? 0,
    texts: new Map(stored.map(({ position, text }) => [position, text])),
    places: new Map(stored.map(({ text }, place) => [text, place])),
  };
  const lost = new Map();
  const findings = { doubled: [], disordered: [] };
  checkStored(truth, findings);
  checkSends(log, truth, { ...findings, lost });
  for (const view of log.views) checkView(view, truth, { ...findings, lost });
  checkKnown(log, truth, lost);
  return { lost: [...lost.values()], ...findings };
}

/**
 * Whether a connection was shown the newest message of those that are stored in the chat, at `last`, or is not owed it: earlier than that, nothing
 * can be said about what it was not shown.
 */
export function isUpToDate(view, last) {
  return last <= owedBehind(view) || view.shown.some(({ position }) => position >= last);
}

/** A connection that was there for one message is owed all that follow, also when they were stored before it was ready. */
function owedBehind({ liveFrom, shown }) {
  return shown.reduce(
    (first, { position }) => Math.min(first, position - 1),
    liveFrom ?? Number.POSITIVE_INFINITY,
  );
}

function checkStored({ stored, isGapless, since }, { doubled, disordered }) {
  const seen = new Set();
  let last = since;
  for (const { position, text } of stored) {
    if (seen.has(text)) doubled.push(`"${text}" is stored twice, the second time at ${position}`);
    seen.add(text);
    if (position <= last) disordered.push(`${position} is stored behind ${last}`);
    else if (isGapless && position !== last + 1)
      disordered.push(`${position} is stored right behind ${last}`);
    last = Math.max(last, position);
  }
}

function checkSends({ sends }, { places }, { lost, disordered }) {
  const lastPlaces = new Map();
  for (const { text, view, isAcknowledged, isUnsure } of sends.values()) {
    const place = places.get(text);
    if (place === undefined) {
      if (isAcknowledged) lost.set(text, `"${text}" was acknowledged and is not stored`);
      continue;
    }
    // What had no certain answer at first has the place of whichever try came through.
    if (isUnsure) continue;
    if (place < (lastPlaces.get(view) ?? -1))
      disordered.push(`"${text}" is stored before what was sent before it`);
    lastPlaces.set(view, place);
  }
}

function checkView(view, truth, { lost, doubled, disordered }) {
  const seen = new Set();
  let newest = Number.NEGATIVE_INFINITY;
  for (const { position, text } of view.shown) {
    if (seen.has(position)) doubled.push(`${position} "${text}" was shown twice`);
    else if (position < newest) disordered.push(`${position} "${text}" was shown behind ${newest}`);
    const truly = truth.texts.get(position);
    if (truly !== undefined && truly !== text)
      disordered.push(`${position} "${text}" is stored as "${truly}"`);
    seen.add(position);
    newest = Math.max(newest, position);
  }
  const first = owedBehind(view);
  for (const { position, text } of truth.stored) {
    const isOwed = position > first && (!view.isCut || position < newest);
    if (isOwed && !seen.has(position)) lost.set(text, `${position} "${text}" was not shown`);
  }
}

function checkKnown({ views, caughtUp }, { stored }, lost) {
  const known = new Set(
    [...views.flatMap(({ shown }) => shown), ...caughtUp].map(({ position }) => position),
  );
  for (const { position, text } of stored) {
    if (!known.has(position) && !lost.has(text)) lost.set(text, `${position} "${text}" was never known`);
  }
}
