import type { Receiver } from "../realtime/live-user.js";
import { nativeWire } from "../realtime/outbound.js";
import type { Frames } from "../realtime/wire.js";

/** A native connection without a socket: keeps what it is told. */
export class FanOutClient implements Receiver {
  readonly wire = nativeWire;
  /** Events in the order heard, as name and payload. */
  readonly heard: Array<[string, Record<string, unknown>]> = [];

  constructor(
    readonly id: string,
    readonly userId: string,
  ) {}

  receive(frames: Frames): void {
    if ("later" in frames) throw new Error("The native encoders never wait.");
    for (const frame of frames) this.heard.push(JSON.parse(frame.slice(frame.indexOf("["))));
  }

  /** The numbers of the messages heard, in the order heard. */
  get seqs(): number[] {
    return this.events("new_message").map((payload) => Number(payload.seq));
  }

  events(name: string): Array<Record<string, unknown>> {
    return this.heard.filter(([event]) => event === name).map(([, payload]) => payload);
  }
}
