/** Where slow pushes wait; shut until it is opened, so that a test decides when something goes on, and not a timer. */
export interface Gate {
  /** How many pushes wait. */
  readonly waiting: number;
  /** Lets through who waits and who comes later. */
  open(): void;
  /** Makes those who come from now on wait. */
  shut(): void;
  /** Lets through the `count` that have waited longest, and stays shut. */
  letThrough(count: number): void;
}

export interface Gates {
  /** The gate of that name; the first to ask makes it. */
  gate(name: string): Gate;
  /** Resolves when the gate lets the caller through: at once while it is open. */
  pass(name: string): Promise<void>;
}

interface GateState extends Gate {
  arrive(): Promise<void>;
}

/** Makes a set of gates without any gate in it. */
export function createGates(): Gates {
  const gates = new Map<string, GateState>();
  const find = (name: string) => {
    const gate = gates.get(name) ?? createGate();
    gates.set(name, gate);
    return gate;
  };
  return { gate: find, pass: (name) => find(name).arrive() };
}

function createGate(): GateState {
  const queue: Array<() => void> = [];
  let isOpen = false;
  const letThrough = (count: number) => {
    for (const pass of queue.splice(0, count)) pass();
  };
  return {
    get waiting() {
      return queue.length;
    },
    open: () => {
      isOpen = true;
      letThrough(queue.length);
    },
    shut: () => {
      isOpen = false;
    },
    letThrough,
    arrive: () =>
      new Promise((resolve) => {
        if (isOpen) resolve();
        else queue.push(resolve);
      }),
  };
}
