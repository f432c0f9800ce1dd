import type { PlannedChat } from "./load-protocol.js";
import { TALKERS } from "./plan-chats.js";
import type { Random } from "./random.js";
import type { UserTraffic } from "./user-traffic.js";

export interface PulseTrafficOptions {
  chat: PlannedChat;
  random: Random;
  traffic: ReadonlyMap<string, UserTraffic>;
}

/** Lets the talkers of a chat say something at a steady pace. */
export class PulseTraffic {
  readonly #options: PulseTrafficOptions;
  #timer: NodeJS.Timeout | undefined;
  readonly pending = 0;

  constructor(options: PulseTrafficOptions) {
    this.#options = options;
  }

  begin(): void {
    const { chat, random, traffic } = this.#options;
    if (chat.pulse === 0) return;
    this.#timer = setInterval(() => {
      const talker = random.pick(chat.members.slice(0, TALKERS));
      void traffic.get(talker ?? "")?.say(chat);
    }, 1_000 / chat.pulse);
  }

  rest(): void {
    clearInterval(this.#timer);
  }
}
