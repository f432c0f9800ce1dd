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

export type ChatDraft = Omit<PlannedChat, "id">;

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
    // Guests speak the native contract, as the first users do: an SDK announces to newcomers only what they have not read.
    const guests = random.sample(users.slice(0, users.length / 2), GUESTS);
    const others = users.filter((user) => !guests.includes(user));
    chats.push(chat(random.sample(others, HOSTS), { guests }));
  }
  const slow = shape.slowReaders ?? 0;
  if (slow > 0) {
    const talkers = random.sample(users.slice(slow), TALKERS);
    chats.push(chat([...talkers, ...users.slice(0, slow)], { pulse: PULSE, textLength: LONG_TEXT }));
  }
  return chats;
}
