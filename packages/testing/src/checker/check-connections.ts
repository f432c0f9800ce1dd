import type { Finding } from "./finding.js";
import type { Received, ShownMessage } from "./history-entry.js";
import type { ConnectionLife, HistoryIndex } from "./history-index.js";
import { NO_PLACE } from "./place-messages.js";

/** Each connection shows each message at most once and in the order of its chat, and its changes in theirs. */
export function checkConnections(index: HistoryIndex): Finding[] {
  return [
    ...index.connections.flatMap((life) => connectionFaults(life)),
    ...index.received.flatMap((entry) => placeFaults(index, entry)),
    ...sendOrderFaults(index),
  ];
}

interface ChatProgress {
  last: number;
  shown: Set<number>;
  revs: Map<string, number>;
}

function connectionFaults(life: ConnectionLife): Finding[] {
  const findings: Finding[] = [];
  const chats = new Map<string, ChatProgress>();
  for (const { chat, message, event } of life.live) {
    if (message === undefined) continue;
    const progress = chats.get(chat) ?? { last: 0, shown: new Set(), revs: new Map() };
    chats.set(chat, progress);
    const fault =
      event === "new_message" ? newMessageFault(progress, message) : updateFault(progress, message);
    if (fault !== undefined) {
      findings.push({ ...fault, chat, user: life.user, conn: life.conn, seq: message.seq });
    }
  }
  return findings;
}

type Fault = Pick<Finding, "kind" | "detail">;

function newMessageFault(progress: ChatProgress, { id, seq, rev }: ShownMessage): Fault | undefined {
  const { last, shown, revs } = progress;
  const again = shown.has(seq);
  const late = seq < last;
  shown.add(seq);
  revs.set(id, Math.max(rev, revs.get(id) ?? 0));
  progress.last = Math.max(last, seq);
  if (again) return { kind: "doubled", detail: `number ${seq} was shown again` };
  if (late) return { kind: "disordered", detail: `number ${seq} was shown after number ${last}` };
  return undefined;
}

function updateFault({ revs }: ChatProgress, { id, rev }: ShownMessage): Fault | undefined {
  const before = revs.get(id) ?? 0;
  revs.set(id, Math.max(rev, before));
  if (rev === before) return { kind: "doubled", detail: `revision ${rev} of ${id} was shown again` };
  if (rev > before) return undefined;
  return { kind: "disordered", detail: `revision ${rev} of ${id} was shown after revision ${before}` };
}

/** The same number is the same message for everybody. */
function placeFaults(index: HistoryIndex, entry: Received): Finding[] {
  const { chat, user, conn, message } = entry;
  if (message === undefined) return [];
  const stored = index.chats.get(chat);
  const place = stored?.byId.get(message.id);
  // One that is not stored at all is another breach.
  if (place === undefined || place.seq === message.seq) return [];
  const detail = `${message.id} is number ${place.seq} and was shown as number ${message.seq}`;
  return [{ kind: "disordered", chat, user, conn, seq: message.seq, detail }];
}

/** What one connection sends is numbered in the order in which it was sent. Retries take the place that they find. */
function sendOrderFaults(index: HistoryIndex): Finding[] {
  const findings: Finding[] = [];
  const latest = new Map<string, { seq: number; key: string }>();
  for (const { invoke, outcome } of index.operations) {
    const { f, key, conn, chat, user } = invoke;
    if (f !== "send" || key === undefined || conn === undefined || outcome?.type !== "ok") continue;
    if ((index.sends.get(key)?.attempts.length ?? 0) > 1 || outcome.message === undefined) continue;
    const { seq } = outcome.message;
    if (seq === NO_PLACE) continue;
    const before = latest.get(`${conn} ${chat}`);
    if (before !== undefined && before.seq > seq) {
      const detail = `${key} was sent after ${before.key} and has a lower number than its ${before.seq}`;
      findings.push({ kind: "disordered", chat, user, conn, seq, detail });
    }
    latest.set(`${conn} ${chat}`, { seq, key });
  }
  return findings;
}
