import { type KelisimBody, type KelisimPerson, kelisimPerson } from "../kelisim-person.js";
import type { RawClient, RawFrame } from "../raw-client.js";
import type { TestCluster } from "../test-cluster.js";

/** People of the Kelisim contract for the tests of one file, on both nodes of a cluster. */
export interface KelisimCast {
  /** Somebody whom no other test knows, on the first or the second node. */
  someone(node: 0 | 1, who?: { name?: string; role?: string }): KelisimPerson;
  /** The same person on the other node. */
  onNode(node: 0 | 1, person: KelisimPerson): KelisimPerson;
  /** A live connection, which `leave` closes. */
  online(person: KelisimPerson): Promise<RawClient>;
  leave(): void;
}

export function kelisimCast(cluster: () => TestCluster): KelisimCast {
  let ids = 100;
  const open: RawClient[] = [];
  return {
    someone: (node, who = {}) => kelisimPerson({ url: cluster().urls[node], id: ++ids, ...who }),
    onNode: (node, { id, name }) => kelisimPerson({ url: cluster().urls[node], id, name }),
    online: async (person) => {
      const client = await person.connect();
      open.push(client);
      return client;
    },
    leave: () => {
      for (const client of open.splice(0)) client.close();
    },
  };
}

/** A group of people, by its number; the first one owns it. */
export async function newGroup(owner: KelisimPerson, ...others: KelisimPerson[]): Promise<number> {
  const participant_ids = others.map(({ id }) => id);
  const { body } = await owner.ask("POST", "/api/chats", { name: "团队", type: "group", participant_ids });
  return body.id;
}

/** Sends over REST, and hands out the answer. */
export async function say(
  person: KelisimPerson,
  chat: number,
  message: string | { content?: string; temp_id?: string; type?: string; file_id?: number },
): Promise<KelisimBody> {
  const sent = typeof message === "string" ? { content: message } : message;
  const { status, body } = await person.ask("POST", `/api/chats/${chat}/messages`, sent);
  if (status !== 201) throw new Error(`the message was refused: ${status} ${JSON.stringify(body)}`);
  return body;
}

/** Tells frames of a type, with these fields. */
export const frameOf =
  (type: string, fields: RawFrame = {}) =>
  (frame: RawFrame): boolean =>
    frame.type === type && Object.entries(fields).every(([key, value]) => frame[key] === value);

/** Tells the frame of a new message. */
export const messageFrame = (content: string) => (frame: RawFrame) =>
  frame.type === "new_message" && (frame.message as RawFrame).content === content;
