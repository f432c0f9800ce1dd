/** As much of a transport as is needed to know it again. */
type Transport = object;

/** Transports of which it is not known yet who they are; more than this at one time are turned away. */
const STRANGERS = 1_000;
/** Of these from one address, so that nobody keeps the others out alone. */
const STRANGERS_OF_ADDRESS = 500;

/** Counts those who have come and not been let in yet, in all and by address. */
export class Doorstep {
  readonly #limits: { strangers: number; ofAddress: number };
  readonly #addresses = new Map<string, number>();
  readonly #strangers = new Map<Transport, string>();

  constructor(limits = { strangers: STRANGERS, ofAddress: STRANGERS_OF_ADDRESS }) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#strangers.size;
  }

  hasRoom(address: string): boolean {
    const { strangers, ofAddress } = this.#limits;
    return this.count < strangers && (this.#addresses.get(address) ?? 0) < ofAddress;
  }

  /** Takes a place until `leave`; false when there is none. */
  enter(transport: Transport, address: string): boolean {
    if (!this.hasRoom(address)) return false;
    this.#strangers.set(transport, address);
    this.#addresses.set(address, (this.#addresses.get(address) ?? 0) + 1);
    return true;
  }

  /** Gives the place back; nothing when there is none to give. */
  leave(transport: Transport): void {
    const address = this.#strangers.get(transport);
    if (address === undefined) return;
    this.#strangers.delete(transport);
    const others = (this.#addresses.get(address) ?? 0) - 1;
    if (others <= 0) this.#addresses.delete(address);
    else this.#addresses.set(address, others);
  }
}
