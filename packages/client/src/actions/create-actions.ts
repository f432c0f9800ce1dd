import type { Chats } from "../chats/chats.js";
import type { ClientEvents } from "../client-events.js";
import type { ClientParts } from "../client-parts.js";
import type { Connection } from "../connection/connection.js";
import type { Emitter } from "../emitter.js";
import type { Ask } from "../wire/commands.js";
import { DeliveryMarker } from "./delivery-marker.js";
import { createNaps } from "./naps.js";
import { createPatientAsk } from "./patient-ask.js";
import { ReadMarker } from "./read-marker.js";
import { Typing } from "./typing.js";
import { createUpload, type Upload } from "./uploads.js";
import { Viewing } from "./viewing.js";

/** What the user does besides writing. */
export interface Actions {
  typing: Typing;
  marker: ReadMarker;
  deliveries: DeliveryMarker;
  viewing: Viewing;
  /** Asks with patience; for what may be done twice. */
  ask: Ask;
  upload: Upload;
  close(): void;
}

export interface ActionsParts extends Pick<ClientParts, "clock" | "random" | "rest"> {
  events: Emitter<ClientEvents>;
  chats: Chats;
  connection: Connection;
}

const PATIENCE_MS = 15_000;

export function createActions(parts: ActionsParts): Actions {
  const { events, chats, connection } = parts;
  const naps = createNaps(parts.clock);
  const link = () => connection.link;
  const ask = () => link()?.ask;
  const asking = { ...parts, ask };
  const { marker, deliveries } = createMarkers(asking);
  const viewing = new Viewing({
    ask,
    shownTo: (chatId) => chats.book.chats.get(chatId)?.timeline.run?.to,
    take: (messages) => chats.takeMessages(messages),
    onTrouble: (error) => events.emit("trouble", { doing: "opening a chat", error }),
  });
  const renew = () => connection.renew();
  return {
    typing: new Typing(asking),
    marker,
    deliveries,
    viewing,
    upload: createUpload({ ...parts, naps }),
    ask: createPatientAsk({ ...parts, naps, link, renew, patienceMs: PATIENCE_MS }),
    close: () => {
      marker.close();
      deliveries.close();
      naps.close();
    },
  };
}

/** How far I have read, and how far messages have got. What is being told as read need not be told as delivered. */
function createMarkers(parts: ActionsParts & { ask(): Ask | undefined }) {
  const { events, chats } = parts;
  const marker: ReadMarker = new ReadMarker({
    ...parts,
    messageIdAt: (chatId, seq) => chats.book.chats.get(chatId)?.timeline.known.get(seq)?.id,
    onMarked: (marked) => {
      if (marked.rev !== undefined) chats.reported(marked);
      // Read in private, it is delivered for the others all the same.
      else deliveries.changed(marked.chatId);
    },
    onTrouble: (error) => events.emit("trouble", { doing: "marking as read", error }),
  });
  const deliveries: DeliveryMarker = new DeliveryMarker({
    ...parts,
    unreported: (chatId) => {
      const seq = chats.unreported(chatId);
      return seq === undefined || seq <= (marker.pending(chatId) ?? 0) ? undefined : seq;
    },
    onMarked: (marked) => chats.reported(marked),
    onTrouble: (error) => events.emit("trouble", { doing: "marking as delivered", error }),
  });
  return { marker, deliveries };
}
