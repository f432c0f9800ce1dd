import { setTimeout as sleep } from "node:timers/promises";
import { changeMembership } from "./change-membership.js";
import type { ChatRoll } from "./chat-roll.js";
import type { PlannedChat } from "./load-protocol.js";
import type { Random } from "./random.js";
import type { Recorder } from "./recorder.js";
import type { UserTraffic } from "./user-traffic.js";

export interface GuestTrafficOptions {
  url: string;
  chat: PlannedChat;
  recorder: Recorder;
  roll: ChatRoll;
  random: Random;
  traffic: ReadonlyMap<string, UserTraffic>;
}

const SHORTEST_STAY_MS = 300;
const LONGEST_STAY_MS = 2_500;

/** Takes guests into one chat and out again. In the moment in which somebody is let in, they and others speak: nothing of that may be lost. */
export class GuestTraffic {
  readonly #options: GuestTrafficOptions;
  #working = false;
  #pending = 0;

  constructor(options: GuestTrafficOptions) {
    this.#options = options;
  }

  get pending(): number {
    return this.#pending;
  }

  begin(): void {
    this.#working = true;
    for (const guest of this.#options.chat.guests) {
      this.#pending++;
      void this.#comeAndGo(guest).finally(() => {
        this.#pending--;
      });
    }
  }

  rest(): void {
    this.#working = false;
  }

  async #comeAndGo(guest: string): Promise<void> {
    const { chat, roll, random } = this.#options;
    for (let inside = false; this.#working; inside = !inside) {
      await sleep(random.between(SHORTEST_STAY_MS, LONGEST_STAY_MS));
      if (inside) {
        roll.leave(chat.id, guest);
        // Half of them go, the others are sent away.
        await this.#change("leave", { guest, by: random.next() < 0.5 ? guest : (chat.members[0] ?? "") });
      } else {
        await this.#change("join", { guest, by: chat.members[0] ?? "" });
        roll.enter(chat.id, guest);
        this.#speak([guest, ...random.sample(chat.members, 2)]);
      }
    }
  }

  #speak(users: readonly string[]): void {
    for (const user of users) void this.#options.traffic.get(user)?.say(this.#options.chat);
  }

  async #change(f: "join" | "leave", { guest, by }: { guest: string; by: string }): Promise<void> {
    const { url, chat, recorder, traffic } = this.#options;
    const token = traffic.get(by)?.token ?? "";
    await changeMembership({ url, token, recorder }, { f, chat: chat.id, user: by, about: guest });
  }
}
