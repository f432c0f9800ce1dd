import { usersByKind } from "./chaos-client-kinds.js";
import type { PlannedChat } from "./load-protocol.js";
import type { Random } from "./random.js";

/** What kind of conversations a run has. */
export interface ChatShape {
  clients: number;
  /** Chats that take guests in and send them away all the time. */
  guestChats?: number;
  /** Slow readers share one busy chat with long messages. */
  slowReaders?: number;
}

export type ChatDraft = Omit<PlannedChat, "id" | "number">;

const LARGEST_SMALL = 30;
const LARGE_CHAT = 120;
const TEXT_LENGTH = 60;
const LONG_TEXT = 4_900;
const GUESTS = 4;
const HOSTS = 8;
/** The first members of a chat with a pulse, who make it. */
export const TALKERS = 4;
/** Messages a second that fill what lies between a node and a client who does not read. */
const PULSE = 60;

/** The users of a run. */
export function planUsers(clients: number): string[] {
  return Array.from({ length: clients }, (_, place) => `u${String(place + 1).padStart(4, "0")}`);
}

/** Those who read slowly: of each kind of client in turn, the first users. */
export function slowUsers(users: readonly string[], count: number): string[] {
  const kinds = Object.values(usersByKind(users));
  const turns = Array.from({ length: Math.ceil(count / kinds.length) }, (_, turn) => turn);
  return turns.flatMap((turn) => kinds.flatMap((kind) => kind[turn] ?? [])).slice(0, count);
}

/** Chats of 2 to 30 people, many small and few big ones, everybody in about five; and one of more than a hundred. */
export function planChats(shape: ChatShape, random: Random): ChatDraft[] {
  const users = planUsers(shape.clients);
  const chat = (members: string[], more: Partial<ChatDraft> = {}): ChatDraft => ({
    members,
    guests: [],
    pulse: 0,
    textLength: TEXT_LENGTH,
    ...more,
  });
  const chats = Array.from({ length: Math.ceil(shape.clients / 2) }, () => {
    const size = 2 + Math.floor(random.next() ** 2 * (LARGEST_SMALL - 1));
    return chat(random.sample(users, size));
  });
  chats.push(chat(random.sample(users, LARGE_CHAT)));
  for (let more = shape.guestChats ?? 0; more > 0; more--) {
    const guests = random.sample(users, GUESTS);
    const others = users.filter((user) => !guests.includes(user));
    chats.push(chat(random.sample(others, HOSTS), { guests }));
  }
  const slow = slowUsers(users, shape.slowReaders ?? 0);
  if (slow.length > 0) {
    const quick = users.filter((user) => !slow.includes(user));
    const talkers = random.sample(quick, TALKERS);
    chats.push(chat([...talkers, ...slow], { pulse: PULSE, textLength: LONG_TEXT }));
  }
  return chats;
}
