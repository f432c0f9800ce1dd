import { DISCONNECT_REASONS } from "../disconnect-reasons.js";
import { LIMITS } from "../limits.js";

/** How to connect, and what holds for every event. */
export function channelDescription(): string {
  return `${RULES}\n\n## When the server ends a connection\n\n${disconnectTable()}`;
}

const RULES = `Everything live goes over one Socket.IO namespace, \`/chat\`.

## Connecting

\`\`\`js
const socket = io("https://chat.example.com/chat", { auth: { token }, transports: ["websocket"] });
\`\`\`

The token is the same bearer JWT as for REST; an \`Authorization\` header serves as well. A refused connection is a
\`connect_error\` whose \`data.code\` is an error code. When the server sends \`connected\`, the socket receives
\`new_message\` for all chats of its user; \`join_chat\` is needed only for history and to be seen as present in the chat.

## Answers

Every command takes an optional acknowledgement: \`{ok: true, …}\` with the result, or \`{ok: false, error}\`. A positive
one means stored. Without a callback, a failure arrives as an \`error\` event. A name that is no command fails with
\`unknown_event\`.

## Both spellings

The server writes the names of an event in camelCase (\`chatId\`, \`messageIds\`) and those inside a message object in
snake_case (\`client_id\`, \`reply_to\`). From clients it takes both spellings everywhere.

## Order and gaps

Messages of a chat arrive once and in the order of \`seq\`. After an absence, \`sync\` with the last cursor brings every
change since; so does \`GET /v1/sync\`. A frame may have at most ${LIMITS.frameBytes.toLocaleString("en-US")} bytes.

## Tokens that expire

When the token of a live socket expires, the server sends \`token_expiring\`; \`reauthenticate\` with a fresh token of the
same user keeps the connection.`;

/** Every reason, and whether to come back, as a Markdown table. */
function disconnectTable(): string {
  const rows = Object.entries(DISCONNECT_REASONS).map(
    ([reason, { code, reconnect, message }]) => `| \`${reason}\` | ${code} | ${reconnect} | ${message} |`,
  );
  return ["| reason | code | reconnect | meaning |", "|---|---|---|---|", ...rows].join("\n");
}
