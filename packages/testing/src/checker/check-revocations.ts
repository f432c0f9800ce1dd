import type { Finding } from "./finding.js";
import type { HistoryIndex } from "./history-index.js";
import type { Operation } from "./operation.js";

/** Nothing reaches a user, and nothing is done for them, from a while after their access was revoked until they are let in again. */
export function checkRevocations(index: HistoryIndex): Finding[] {
  return index.operations.flatMap((operation) => {
    const { invoke, outcome } = operation;
    if (invoke.f !== "revoke" || invoke.about === undefined || outcome?.type !== "ok") return [];
    const from = outcome.at + (invoke.boundMs ?? 0);
    const until = admittedAt(index, { user: invoke.about, after: outcome.at });
    const span = { user: invoke.about, revokedAt: outcome.at, from, until };
    return [...shownAfter(index, span), ...doneAfter(index, span)];
  });
}

interface Span {
  user: string;
  revokedAt: number;
  from: number;
  until: number;
}

function admittedAt({ operations }: HistoryIndex, { user, after }: { user: string; after: number }): number {
  const fresh = operations.filter(({ invoke }) => invoke.f === "admit" && invoke.about === user);
  return Math.min(...fresh.map(({ invoke }) => invoke.at).filter((at) => at > after));
}

function shownAfter({ received }: HistoryIndex, { user, revokedAt, from, until }: Span): Finding[] {
  return received.flatMap((entry): Finding[] => {
    if (entry.user !== user || entry.at <= from || entry.at >= until) return [];
    const { chat, conn, message } = entry;
    const detail = `${user} was shown ${entry.event} ${Math.round(entry.at - revokedAt)} ms after the revocation`;
    return [{ kind: "unrevoked", chat, user, conn, ...(message ? { seq: message.seq } : {}), detail }];
  });
}

function doneAfter({ operations }: HistoryIndex, { user, revokedAt, from, until }: Span): Finding[] {
  return operations.flatMap(({ invoke, outcome }: Operation): Finding[] => {
    const own = invoke.user === user && invoke.f !== "revoke" && invoke.f !== "admit";
    if (!own || outcome?.type !== "ok" || outcome.at <= from || outcome.at >= until) return [];
    const late = Math.round(outcome.at - revokedAt);
    const detail = `a ${invoke.f} of ${user} was answered with yes ${late} ms after the revocation`;
    return [{ kind: "unrevoked", chat: invoke.chat, user, detail }];
  });
}
