import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { AbstractConnector, Redis } from "ioredis";
import type { ClusterAddress } from "../redis-address.js";

type Place = ClusterAddress["seeds"][number];
/** Slots, and the master that has them. */
interface SlotRange {
  first: number;
  last: number;
  master: Place;
}

const PATIENCE_MS = 1000;
const DISCONNECT_MS = 2000;

/** Makes what connects a client of one server to the server of a cluster that has a slot, whichever that is each time. */
export function slotConnector(address: ClusterAddress, slot: number): new () => AbstractConnector {
  const { seeds, ...credentials } = address;
  let known: Place[] = [];

  const askFor = async (place: Place): Promise<Place | undefined> => {
    const ranges = await askSlots({ ...place, ...credentials });
    if (ranges.length > 0) known = ranges.map(({ master }) => master);
    return ranges.find(({ first, last }) => first <= slot && slot <= last)?.master;
  };

  /** Where nobody knows, any server: it says where the slot is, or that nobody has it. */
  const findOwner = async (): Promise<Place> => {
    const asked = shuffled([...known, ...seeds]);
    for (const place of asked) {
      const owner = await askFor(place).catch(() => undefined);
      if (owner !== undefined) return owner;
    }
    return asked[0] ?? { host: "127.0.0.1", port: 6379 };
  };

  return class SlotConnector extends AbstractConnector {
    constructor() {
      super(DISCONNECT_MS);
    }

    /** A server that has become a replica is the wrong one. */
    override check(info: { role?: string }): boolean {
      return info.role !== "slave";
    }

    override async connect(): Promise<Socket> {
      this.connecting = true;
      const owner = await findOwner();
      if (!this.connecting) throw new Error("Connection is closed.");
      const stream = credentials.tls ? connectTls({ ...credentials.tls, ...owner }) : connectTcp(owner);
      stream.once("error", (error) => {
        this.firstError = error;
      });
      this.stream = stream;
      return stream;
    }
  };
}

async function askSlots(place: Place & Omit<ClusterAddress, "seeds">): Promise<SlotRange[]> {
  const redis = new Redis({
    ...place,
    connectTimeout: PATIENCE_MS,
    commandTimeout: PATIENCE_MS,
    lazyConnect: true,
    retryStrategy: () => null,
  });
  redis.on("error", () => undefined);
  try {
    const ranges = await redis.cluster("SLOTS");
    return ranges.flatMap(([first, last, master]) => {
      if (master === undefined) return [];
      // A server that does not know its own address leaves it out.
      const [host, port] = master;
      return [{ first, last, master: { host: host || place.host, port } }];
    });
  } finally {
    redis.disconnect();
  }
}

function shuffled(places: readonly Place[]): Place[] {
  return places
    .map((place) => ({ place, turn: Math.random() }))
    .sort((one, other) => one.turn - other.turn)
    .map(({ place }) => place);
}
