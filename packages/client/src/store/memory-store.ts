import type { Store, StoreMember } from "./store.js";

/** Keeps things as long as the process lives. Clients that are given the same one share it as tabs do. */
export function memoryStore(): Store {
  const values = new Map<string, unknown>();
  const members: StoreMember[] = [];

  const crown = () => {
    const first = members[0];
    if (first !== undefined) queueMicrotask(() => members[0] === first && first.lead(true));
  };

  return {
    load: async () => structuredClone([...values]),
    save: async (changes) => {
      for (const [key, value] of structuredClone(changes)) {
        if (value === undefined) values.delete(key);
        else values.set(key, value);
      }
    },
    join: (member) => {
      members.push(member);
      if (members[0] === member) crown();
      return {
        tell: (note) => {
          for (const other of members) {
            if (other === member) continue;
            const copy = structuredClone(note);
            queueMicrotask(() => members.includes(other) && other.hear(copy));
          }
        },
        leave: () => {
          const led = members[0] === member;
          members.splice(members.indexOf(member), 1);
          if (led) crown();
        },
      };
    },
  };
}
