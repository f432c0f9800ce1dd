import { setTimeout as sleep } from "node:timers/promises";
import { announceInChat, type Engine, readArrival, readPositions, rememberUser } from "@parley/engine";
import type { Log, Presence, RoomPresence, Viewing } from "@parley/platform";
import type { FanOut } from "./fan-out.js";
import type { LiveConnection } from "./live-connection.js";
import type { LiveConnections } from "./live-connections.js";
import { PendingWork } from "./pending-work.js";
import type { Typing } from "./typing.js";
import { leaveChatView } from "./view-chat.js";

export interface ArrivalsOptions {
  engine: Engine;
  fanOut: FanOut;
  connections: LiveConnections;
  presence: Presence;
  visitors: RoomPresence;
  viewing: Viewing;
  typing: Typing;
  log: Log;
}

/** A Postgres that has just failed is left alone for as long. */
const ASK_AGAIN_MS = 1_000;

type Passing = Parameters<typeof announceInChat>[1];

/** Makes connections part of the live audience, and takes them out again with everything that they had begun. */
export class Arrivals {
  readonly #options: ArrivalsOptions;
  readonly #pending = new PendingWork();

  constructor(options: ArrivalsOptions) {
    this.#options = options;
  }

  /** From here on the connection counts, and hears of its chats once `arrive` is through. */
  open(connection: LiveConnection): void {
    this.#options.connections.add(connection);
  }

  /** Resolves when the client is live; or has been asked to come back, because its chats can't be read. */
  async arrive(connection: LiveConnection): Promise<void> {
    const { engine, fanOut, connections, presence, log } = this.#options;
    void rememberUser(engine, connection.identity);
    // First part of the live audience, then the positions: a commit in between is in one of the two.
    const user = fanOut.users.add(connection);
    try {
      const positions = await readPositions(engine, connection.userId);
      if (!connection.open) return;
      fanOut.follow(user, positions);
    } catch (error) {
      log.warn(
        { err: error, socketId: connection.id },
        "could not read a user's chats; the client is asked to come back",
      );
      connection.welcome(engine.clock());
      connection.end("unavailable");
      return;
    }
    presence.connected(connection);
    connection.welcome(engine.clock());
    if (connections.busState !== "ok") connection.tellBusState(connections.busState);
  }

  /**
   * Somebody was taken out of a chat: connections that are for this chat alone end, others have it open no more. While Postgres does not
   * say whether they are in it again, it is asked again. Never rejects.
   */
  async removed(member: { chatId: string; userId: string }): Promise<void> {
    const { engine, connections, log } = this.#options;
    const { chatId } = member;
    for (;;) {
      // Those of now: who opens the chat while Postgres is asked is judged anew.
      const having = this.#having(member);
      if (having.length === 0) return;
      try {
        // News may be late: who is in it again by now keeps what they have open.
        if ((await readArrival(engine, member)) !== null) return;
      } catch (error) {
        log.warn({ err: error, ...member }, "could not see whether somebody is in a chat; asking again");
        await sleep(ASK_AGAIN_MS, undefined, { ref: false });
        continue;
      }
      for (const connection of having.filter(({ id }) => connections.get(id) !== undefined)) {
        // At once: a client may take seconds to close.
        if (connection.viewing.delete(chatId)) this.#leaveView(connection, chatId);
        if (connection.onlyChat === chatId) connection.end("removed");
      }
      return;
    }
  }

  /** The connection is over. */
  depart(connection: LiveConnection): void {
    const { connections, fanOut, presence, typing } = this.#options;
    connections.remove(connection);
    fanOut.users.remove(connection);
    presence.disconnected(connection);
    const { actor } = connection;
    for (const chatId of typing.stopAll(connection.id)) this.endTyping({ actor, chatId });
    for (const chatId of connection.viewing) this.#leaveView(connection, chatId);
  }

  /** Somebody who typed went silent. */
  endTyping({ actor, chatId }: Omit<Passing, "body">): void {
    const at = new Date().toISOString();
    this.#announce({ actor, chatId, body: { name: "typing.changed", ...actor, action: "stop", at } });
  }

  /** Resolves when what was to be told has been handed on, or after a moment. */
  settle(): Promise<void> {
    return this.#pending.settle();
  }

  /** The user's connections that have the chat open, or are for it alone. */
  #having({ chatId, userId }: { chatId: string; userId: string }): LiveConnection[] {
    const { connections, fanOut } = this.#options;
    return [...(fanOut.users.get(userId)?.connections ?? [])]
      .map(({ id }) => connections.get(id))
      .filter((connection) => connection !== undefined)
      .filter(({ viewing, onlyChat }) => viewing.has(chatId) || onlyChat === chatId);
  }

  #leaveView(connection: LiveConnection, chatId: string): void {
    if (leaveChatView({ ...this.#options, connection }, chatId)) return;
    const { actor } = connection;
    const at = new Date().toISOString();
    this.#announce({ actor, chatId, body: { name: "viewer.left", ...actor, at } });
  }

  #announce(input: Passing): void {
    const { engine, log } = this.#options;
    // As the system: what somebody began (typing, looking on) also ends when they are no member any more.
    const actor = { userId: input.actor.userId, role: "system" };
    this.#pending.add(
      announceInChat(engine, { ...input, actor }).catch((error) =>
        log.warn({ err: error }, "could not tell passing news"),
      ),
    );
  }
}
