import type { ReactNode } from "react";
import { callServer } from "../../calls/call-server.js";
import { ActButton } from "../../parts/act-button.js";
import { ActsNote } from "../../parts/acts-note.js";
import { Card } from "../../parts/card.js";
import type { ActProps, ChatDetail } from "./chat-detail.js";
import { RetentionButton } from "./retention-button.js";

export interface ChatActsProps {
  chat: ChatDetail;
  onActed: () => void;
}

/** What an operator can do with a chat. */
export function ChatActs({ chat, onActed }: ChatActsProps) {
  const acted = (words: string) => {
    onActed();
    return words;
  };
  return (
    <Card title="Actions" note={<ActsNote of={chat.id} limits={limitsOf(chat)} />}>
      <div className="acts">
        <StatusButton chat={chat} acted={acted} />
        <HoldButton chat={chat} acted={acted} />
        <RetentionButton chat={chat} acted={acted} />
        <ArchiveButtons chat={chat} acted={acted} />
      </div>
    </Card>
  );
}

function limitsOf({ held, archived_messages: archived }: ChatDetail): string | undefined {
  if (held) return "While the chat is held, nothing of it is archived or deleted.";
  return archived === 0 ? "Nothing is archived, so there is nothing to restore or delete." : undefined;
}

function StatusButton({ chat, acted }: ActProps) {
  const isOpen = chat.status === "active";
  const status = isOpen ? "closed" : "active";
  return (
    <ActButton
      label={isOpen ? "Close" : "Open"}
      confirm={{
        title: isOpen ? "Close this chat?" : "Open this chat?",
        text: isOpen
          ? "Its members read it as before, and nobody can write until it is opened again. They are told."
          : "Its members can write again. They are told.",
      }}
      act={async () => {
        await callServer("PUT /v1/chat/{id}/status", { params: { id: chat.id }, body: { status } });
        return acted(isOpen ? "The chat is closed." : "The chat is open.");
      }}
    />
  );
}

function HoldButton({ chat, acted }: ActProps) {
  const { held } = chat;
  return (
    <ActButton
      label={held ? "Lift the legal hold" : "Legal hold"}
      confirm={{
        title: held ? "Lift the legal hold?" : "Put this chat on legal hold?",
        text: held
          ? "From then on its messages are archived and deleted as those of other chats."
          : "While it is held, nothing of it is archived, and nothing is deleted by age or by hand.",
        reason: "needed",
      }}
      act={async ({ reason }) => {
        const body = { held: !held, reason };
        await callServer("PUT /v1/admin/chats/{chat_id}/hold", { params: { chat_id: chat.id }, body });
        return acted(held ? "The hold is lifted." : "The chat is on hold.");
      }}
    />
  );
}

function ArchiveButtons({ chat, acted }: ActProps): ReactNode {
  const params = { chat_id: chat.id };
  return (
    <>
      <ActButton
        label="Archive now"
        isDisabled={chat.held}
        confirm={{
          title: "Archive this chat's messages?",
          text: "All but the newest 200 leave the live tables. They are read as before, a little slower.",
        }}
        act={async () => {
          await callServer("POST /v1/admin/chats/{chat_id}/archive", { params, body: {} });
          return acted("The chat is being archived; the page Archive lists the run.");
        }}
      />
      <ActButton
        label="Restore"
        isDisabled={chat.archived_messages === 0}
        confirm={{
          title: "Bring the archived messages back?",
          text: "The chat is not archived again until its retention is changed.",
        }}
        act={async () => {
          await callServer("POST /v1/admin/chats/{chat_id}/restore", { params });
          return acted("The archived messages are being brought back.");
        }}
      />
      <ActButton
        label="Delete what is archived"
        isGrave
        isDisabled={chat.held || chat.archived_messages === 0}
        confirm={{
          title: "Delete the archived messages for good?",
          text: "Nobody can bring them back. What is not archived stays.",
          typed: chat.id,
        }}
        act={async () => {
          await callServer("POST /v1/admin/chats/{chat_id}/purge", { params, body: { confirm: chat.id } });
          return acted("The archived messages are being deleted.");
        }}
      />
    </>
  );
}
