import { ERROR_KINDS, type ErrorKind, type Message, type ParleyError } from "@parley/contracts";
import { type Dialect, type ErrorAnswer, type SocketClient, tokenOf } from "@parley/dialects";
import { listMessages } from "@parley/engine";

const told = (refusal: ParleyError): ErrorAnswer => ({
  status: refusal.status,
  body: { toy_error: refusal.code },
});
const kinds = Object.keys(ERROR_KINDS) as ErrorKind[];

/** The smallest whole contract: shows what a dialect takes, and lets tests look at what all dialects share. */
export const toyDialect: Dialect = {
  name: "toy",
  basePaths: ["/toy"],
  identify: (facts, proofs) => proofs.bearer(tokenOf(facts)),
  routes: [
    {
      method: "get",
      path: "/toy/chats/:number",
      handle: async ({ engine, identity }, { params }) => {
        const { id } = await engine.chatFacts.readByNumber(Number(params.number));
        const page = await listMessages(engine, {
          actor: identity,
          chatId: id,
          limit: 50,
          position: { page: 1 },
        });
        return { status: 200, body: page.messages.map(shape) };
      },
    },
    {
      method: "post",
      path: "/toy/echo",
      handle: async (_caller, { body }) => ({ status: 201, body }),
    },
  ],
  errors: Object.fromEntries(kinds.map((kind) => [kind, told])) as Dialect["errors"],
  socket: {
    path: "/toy/ws",
    idleMs: 60_000,
    greet: ({ identity }) => [{ type: "hello", user: identity.userId }],
    frames: {
      say: async (client, { chat, text, key }) => {
        const chatId = await chatOf(client, chat);
        const draft = { content: String(text), type: "text", clientId: String(key) } as const;
        const { message } = await client.ports.send({ actor: client.identity, chatId, draft });
        return [{ type: "stored", ...shape(message) }];
      },
      typing: async (client, { chat, on }) => {
        await client.typing({ chatId: await chatOf(client, chat), isTyping: on === true });
        return [];
      },
      open: async (client, { chat }) => {
        await client.open(await chatOf(client, chat));
        return [];
      },
      break: async () => {
        throw new TypeError("a bug of the toy");
      },
    },
    error: ({ code, retryAfterMs }, fields) => ({
      type: "oops",
      code,
      key: fields?.key,
      retry_after_ms: retryAfterMs,
    }),
    outbound: {
      changes: {
        "message.created": ({ body }) => [{ type: "said", ...shape(body.message) }],
      },
      signals: {
        "typing.changed": async ({ engine, chatId, body }) => {
          const { number } = await engine.chatFacts.read(chatId ?? "");
          return [{ type: "typing", chat: number, user: body.userId, on: body.action === "start" }];
        },
      },
    },
  },
};

async function chatOf({ engine }: SocketClient, chat: unknown): Promise<string> {
  return (await engine.chatFacts.readByNumber(Number(chat))).id;
}

function shape({ number, seq, senderId, content }: Message) {
  return { id: number, seq, from: senderId, text: content };
}
