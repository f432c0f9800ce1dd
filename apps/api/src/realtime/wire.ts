import type { Change, PrivateRead, Signal } from "@parley/contracts";

/** Encoded frames in their order; `later` where an encoder has to ask for a name or a number first. */
export type Frames = readonly string[] | { later: Promise<readonly string[]> };

/** What one piece of news is on the wire: the same for everyone, or (rarely) different by receiver. */
export type Outbound = { toAll: Frames } | { toEach: (userId: string) => Frames };

/** How one contract says what has happened. A wire says nothing (no frames) about what its contract has no word for. */
export interface Wire {
  change(change: Change): Outbound;
  signal(signal: Signal): Outbound;
  privateRead(read: PrivateRead): Outbound;
}

/** Encodes one piece of news once for each wire that has a receiver on this node. */
export class EncodedOnce {
  readonly #encode: (wire: Wire) => Outbound;
  #wire: Wire | undefined;
  #outbound: Outbound | undefined;
  #others: Map<Wire, Outbound> | undefined;

  constructor(encode: (wire: Wire) => Outbound) {
    this.#encode = encode;
  }

  for(receiver: { userId: string; wire: Wire }): Frames {
    const outbound = this.#on(receiver.wire);
    return "toAll" in outbound ? outbound.toAll : outbound.toEach(receiver.userId);
  }

  #on(wire: Wire): Outbound {
    // Nearly always all receivers share one wire.
    if (this.#wire === wire && this.#outbound !== undefined) return this.#outbound;
    const known = this.#others?.get(wire);
    if (known !== undefined) return known;
    const outbound = this.#encode(wire);
    if (this.#wire === undefined) {
      this.#wire = wire;
      this.#outbound = outbound;
    } else {
      this.#others ??= new Map();
      this.#others.set(wire, outbound);
    }
    return outbound;
  }
}
