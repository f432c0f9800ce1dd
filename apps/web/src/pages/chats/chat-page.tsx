import { callServer } from "../../calls/call-server.js";
import { usePoll } from "../../calls/use-poll.js";
import { Page } from "../../layout/page.js";
import { Badge } from "../../parts/badge.js";
import { Card } from "../../parts/card.js";
import { Count } from "../../parts/count.js";
import { Fact } from "../../parts/fact.js";
import { Loaded } from "../../parts/loaded.js";
import { formatBytes, formatWhole } from "../../parts/numbers.js";
import { Time } from "../../parts/time.js";
import { Link } from "../../routing/link.js";
import { ChatActs } from "./chat-acts.js";
import type { ChatDetail } from "./chat-detail.js";
import { chatTitle, STATUS_TONE, STATUS_WORDS, TYPE_WORDS } from "./chat-words.js";
import { MemberTable } from "./member-table.js";

/** One chat: how it stands, who is in it, what can be done. */
export function ChatPage({ id }: { id: string }) {
  const ask = () => callServer("GET /v1/admin/chats/{chat_id}", { params: { chat_id: id } });
  const poll = usePoll(`chat ${id}`, ask);
  return (
    <Page title={poll.data ? chatTitle(poll.data) : "Chat"} lead={<Link to="/chats">All chats</Link>}>
      <Loaded poll={poll} what="The chat">
        {(chat) => (
          <>
            <ChatCard chat={chat} />
            <ChatActs chat={chat} onActed={poll.refresh} />
            <Card
              title={`Members (${chat.members})`}
              note={
                chat.members > chat.member_list.length ? `The first ${chat.member_list.length}.` : undefined
              }
            >
              <MemberTable members={chat.member_list} messages={chat.messages} />
            </Card>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function ChatCard({ chat }: { chat: ChatDetail }) {
  return (
    <Card
      title={
        <span className="badges">
          <Badge tone={STATUS_TONE[chat.status]}>{STATUS_WORDS[chat.status]}</Badge>
          {chat.held && <Badge tone="warn">On legal hold</Badge>}
        </span>
      }
    >
      <dl className="facts">
        <Fact label="Id">
          <span className="id">{chat.id}</span>
        </Fact>
        <Fact label="Type">{TYPE_WORDS[chat.type]}</Fact>
        <Fact label="Order">{chat.order_id ?? <span className="quiet">none</span>}</Fact>
        <Fact label="Messages, all told">
          <Count value={chat.messages} />
        </Fact>
        <Fact label="Archived">
          <Count value={chat.archived_messages} />
          {chat.archive.segments > 0 && (
            <span className="quiet">
              {" "}
              in {formatWhole(chat.archive.segments)} {chat.archive.segments === 1 ? "segment" : "segments"},{" "}
              {formatBytes(chat.archive.bytes)}
            </span>
          )}
        </Fact>
        <Fact label="Archived after">
          {chat.retention_days === null
            ? "as chats of its type"
            : chat.retention_days === 0
              ? "never"
              : `${chat.retention_days} days`}
        </Fact>
        <Fact label="Created">
          <Time at={chat.created_at} />
        </Fact>
        <Fact label="Latest message">
          <Time at={chat.last_message_at} />
        </Fact>
      </dl>
    </Card>
  );
}
