import type { MessageShape } from "@parley/contracts";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type GatewayPerson, gatewayCaller } from "../gateway-person.js";
import { connectNative } from "../native-client.js";
import { connectRaw, type RawClient } from "../raw-client.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { TEST_GATEWAY_SECRET } from "../test-token.js";
import { until } from "../until.js";

/** What the guide to the gateway-based chat names, in its order, over two nodes. */

let cluster: TestCluster;
let posts = 0;

beforeAll(async () => {
  cluster = await startTestCluster();
});

afterAll(() => cluster.stop());

interface Room {
  id: number;
  name: string;
  post_id: number;
  chat_url: string;
  owner: string;
  online_count: number;
  created_at: string;
}

const USER: GatewayPerson = {
  userId: "1",
  nickname: "사용자명",
  email: "user@example.com",
  picture: "/media/profile.jpg",
};
const OTHER: GatewayPerson = { userId: "2", nickname: "다른 사람", email: "other@example.com" };

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
const ROOM = {
  id: expect.any(Number),
  name: "채팅방 이름",
  post_id: expect.any(Number),
  chat_url: expect.any(String),
  owner: "user@example.com",
  online_count: 0,
  created_at: TIME,
};

const by = (person: GatewayPerson, node: 0 | 1 = 0) => gatewayCaller(cluster.urls[node], person);

async function newRoom(person = USER): Promise<Room> {
  const body = { name: "채팅방 이름", post_id: ++posts };
  const answer = await by(person).call<Room>("/chat/v1/create-room/", body);
  expect(answer.status).toBe(201);
  return answer.body;
}

/** Connects, and waits until the connection is part of the live audience. */
async function enter(person: GatewayPerson, room: number, node: 0 | 1 = 0): Promise<RawClient> {
  const client = await by(person, node).enter(room);
  onTestFinished(() => client.close());
  await client.ask({ type: "?" }, ({ type }) => type === "error");
  return client;
}

const isMessage = ({ type }: Record<string, unknown>) => type === "chat.message";
const chatMessage = (message: string) => ({ type: "chat.message", message });

async function isOnline(room: number, count: number): Promise<void> {
  const path = `/chat/v1/room/${room}/`;
  await until(
    async () => (await by(OTHER, 1).call<Room>(path)).body.online_count === count,
    `${count} in the room`,
  );
}

describe("채팅방 API", () => {
  it("채팅방 목록 조회: GET /chat/v1/rooms/", async () => {
    const rooms = [await newRoom(), await newRoom(OTHER)];
    const { status, body } = await by(OTHER, 1).call<Room[]>("/chat/v1/rooms/");
    expect(status).toBe(200);
    const host = new URL(cluster.urls[1]).host;
    expect(body.slice(0, 2)).toEqual([
      { ...ROOM, ...rooms[1], owner: "other@example.com", chat_url: `${host}/ws/chat/${rooms[1]?.id}/chat/` },
      { ...ROOM, ...rooms[0], chat_url: `${host}/ws/chat/${rooms[0]?.id}/chat/` },
    ]);
    const older = await by(OTHER).call<Room[]>(`/chat/v1/rooms?limit=1&before=${rooms[1]?.id}`);
    expect(older.body.map(({ id }) => id)).toEqual([rooms[0]?.id]);
  });

  it("채팅방 생성: POST /chat/v1/create-room/", async () => {
    const body = { name: "채팅방 이름", post_id: ++posts };
    const made = await by(USER).call<Room>("/chat/v1/create-room/", body);
    expect(made.status).toBe(201);
    const host = new URL(cluster.urls[0]).host;
    const chatUrl = `${host}/ws/chat/${made.body.id}/chat/`;
    expect(made.body).toEqual({ ...ROOM, post_id: body.post_id, chat_url: chatUrl });
    const again = await by(OTHER).call<Room>("/chat/v1/create-room/", { ...body, name: "다른 이름" });
    expect(again).toMatchObject({ status: 200, body: made.body });
  });

  it("채팅방 상세 조회: GET /chat/v1/room/{room_id}/", async () => {
    const { id } = await newRoom();
    for (let number = 1; number <= 52; number++) {
      await by(number % 2 ? USER : OTHER).call("/chat/v1/message/", { message: `${number}`, room: id });
    }
    const { status, body } = await by({ userId: "3" }, 1).call<
      Room & { chat_messages: Array<{ message: string }> }
    >(`/chat/v1/room/${id}/`);
    expect(status).toBe(200);
    const { chat_messages: messages, ...room } = body;
    expect(room).toEqual({ ...ROOM, id });
    expect(messages.map(({ message }) => message)).toEqual(
      Array.from({ length: 50 }, (_, index) => `${index + 3}`),
    );
    expect(messages[0]).toEqual({
      id: expect.any(Number),
      sender: "user@example.com",
      room: id,
      message: "3",
      created_at: TIME,
      nickname: "사용자명",
      profile_picture_url: "/media/profile.jpg",
    });
    expect(messages.at(-1)).toMatchObject({ sender: "other@example.com", profile_picture_url: "" });
  });
});

describe("메시지 API", () => {
  it("메시지 생성: POST /chat/v1/message/", async () => {
    const { id } = await newRoom();
    const heard = await enter(OTHER, id, 1);
    const sent = await by(USER).call("/chat/v1/message/", { message: "안녕하세요!", room: id });
    expect(sent.status).toBe(201);
    expect(sent.body).toEqual({
      id: expect.any(Number),
      sender: "user@example.com",
      room: id,
      message: "안녕하세요!",
      created_at: TIME,
    });
    const { id: number, created_at } = sent.body;
    expect(await heard.hear(isMessage)).toMatchObject({ id: number, message: "안녕하세요!", created_at });
  });
});

describe("WebSocket API", () => {
  it("연결 · 쿼리 파라미터: user_id, nickname, email, profile_url", async () => {
    const { id } = await newRoom();
    const url = `${cluster.urls[0]}/ws/chat/${id}/chat`;
    const proof = { headers: { "X-Gateway-Secret": TEST_GATEWAY_SECRET } };
    const query = "user_id=7&nickname=%EB%B3%84&email=seven%40example.com&profile_url=%2Fmedia%2F7.jpg";
    const client = await connectRaw(`${url}/?${query}`, proof);
    onTestFinished(() => client.close());
    expect(await client.ask(chatMessage("나"), isMessage)).toMatchObject({
      sender: "seven@example.com",
      nickname: "별",
      profile_picture_url: "/media/7.jpg",
    });
    // profile_url is optional, the last slash, too.
    const bare = await connectRaw(`${url}?user_id=8&nickname=n&email=e%40example.com`, proof);
    onTestFinished(() => bare.close());
    expect(await bare.ask(chatMessage("나도"), ({ message }) => message === "나도")).toMatchObject({
      profile_picture_url: "",
    });
    for (const [missing, rest] of [
      ["user_id", "nickname=n&email=e%40example.com"],
      ["nickname", "user_id=8&email=e%40example.com"],
      ["email", "user_id=8&nickname=n"],
    ]) {
      await expect(connectRaw(`${url}/?${rest}`, proof)).rejects.toMatchObject({
        status: 400,
        body: { [String(missing)]: [expect.any(String)] },
      });
    }
  });

  it("메시지 형식: 클라이언트 → 서버, 서버 → 클라이언트, to everyone in the room and in one order", async () => {
    const { id } = await newRoom();
    const [user, other] = [await enter(USER, id), await enter(OTHER, id, 1)];
    user.send(chatMessage("안녕하세요!"));
    const frame = {
      type: "chat.message",
      message: "안녕하세요!",
      sender: "user@example.com",
      nickname: "사용자명",
      profile_picture_url: "/media/profile.jpg",
      id: expect.any(Number),
      created_at: TIME,
    };
    for (const client of [user, other]) expect(await client.hear(isMessage)).toEqual(frame);
    for (let turn = 0; turn < 20; turn++) {
      user.send(chatMessage(`user ${turn}`));
      other.send(chatMessage(`other ${turn}`));
    }
    const told = (client: RawClient) => client.heard.filter(isMessage);
    for (const client of [user, other]) await until(() => told(client).length === 41, "all is heard");
    expect(told(user)).toEqual(told(other));
    const own = told(other).filter(
      ({ sender, message }) => sender === USER.email && message !== "안녕하세요!",
    );
    expect(own.map(({ message }) => message)).toEqual(
      Array.from({ length: 20 }, (_, turn) => `user ${turn}`),
    );
  });

  it("사용자 입장 알림 · 사용자 퇴장 알림: of the first connection anywhere, and of the last", async () => {
    const { id } = await newRoom();
    const user = await enter(USER, id);
    const joined = { type: "chat.user.join", username: "사용자명" };
    // Everyone in the room is told, the newcomer included.
    expect(await user.hear(({ type }) => type === "chat.user.join")).toEqual(joined);
    await isOnline(id, 1);
    const first = await enter(OTHER, id, 1);
    const visits = (client: RawClient) =>
      client.heard.filter(({ type }) => type === "chat.user.join" || type === "chat.user.leave");
    await until(() => visits(user).length === 2, "the other's coming is told");
    await isOnline(id, 2);
    const second = await enter(OTHER, id, 0);
    await isOnline(id, 2);
    first.close();
    await first.closed;
    // Somebody who comes later is told of after everything that the second connection and the end of the first could have told.
    const third = await enter({ userId: "3", nickname: "셋" }, id, 1);
    await until(() => visits(user).length === 3, "the third's coming is told");
    third.close();
    await until(() => visits(user).length === 4, "the third's going is told");
    second.close();
    await until(() => visits(user).length === 5, "the other's going is told");
    expect(visits(user)).toEqual([
      joined,
      { type: "chat.user.join", username: "다른 사람" },
      { type: "chat.user.join", username: "셋" },
      { type: "chat.user.leave", username: "셋" },
      { type: "chat.user.leave", username: "다른 사람" },
    ]);
    await isOnline(id, 1);
  });
});

describe("주의사항", () => {
  it("채팅방 존재: 존재하지 않는 채팅방에 연결하면 연결이 거부됨", async () => {
    for (const room of ["999999999", "0", "-1", "abc", "1e3"]) {
      const entering = by(USER).enter(room);
      await expect(entering).rejects.toMatchObject({
        status: 404,
        body: { detail: "There is no such room." },
      });
    }
  });

  it("게이트웨이 필수: nobody else is let in", async () => {
    const { id } = await newRoom();
    const query = "user_id=1&nickname=n&email=e%40example.com";
    await expect(connectRaw(`${cluster.urls[0]}/ws/chat/${id}/chat/?${query}`)).rejects.toMatchObject({
      status: 401,
      body: { detail: expect.any(String) },
    });
    const response = await fetch(`${cluster.urls[0]}/chat/v1/rooms/`, {
      headers: { "X-User-Id": "1", "X-Nickname": "n", "X-Email": "e@example.com" },
    });
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ detail: expect.any(String) });
  });
});

describe("rooms and people of other contracts", () => {
  it("share messages, order, and who comes and goes", async () => {
    const { id } = await newRoom({ userId: "10", nickname: "주인" });
    const native = await connectNative(cluster.urls[1], { userId: "10" });
    onTestFinished(() => native.close());
    const rest = restClient(cluster.urls[1], { userId: "10" });
    const { body } = await rest.request<{ chats: Array<{ id: string; type: string; name: string }> }>(
      "GET",
      "/v1/chat/my-chats",
    );
    expect(body.chats).toMatchObject([{ type: "group", name: "채팅방 이름" }]);
    const chatId = String(body.chats[0]?.id);
    const guest = await enter(OTHER, id);
    expect(
      await native.hear("member_added", ({ userId }: { userId: string }) => userId === "2"),
    ).toMatchObject({ chatId });
    expect(await native.hear("user_joined")).toMatchObject({ chatId, userId: "2", role: "user" });
    await native.ask("join_chat", { chatId });
    expect(await guest.hear(({ username }) => username === "주인")).toMatchObject({ type: "chat.user.join" });
    guest.send(chatMessage("from the room"));
    await native.hear("new_message");
    await native.ask("send_message", { chatId, message: { content: "from the group" } });
    expect(await guest.hear(({ message }) => message === "from the group")).toMatchObject({
      sender: "10@example.com",
      nickname: "주인",
    });
    // Its client can't say what it has received.
    await native.hear<{ userId: string; deliveredSeq: number }>(
      "messages_delivered",
      ({ userId, deliveredSeq }) => userId === "2" && deliveredSeq === 2,
    );
    const picture = { type: "image", content: "", attachment_url: "https://example.com/cat.png" };
    await native.ask("send_message", { chatId, message: picture });
    await guest.hear(({ message }) => message === "https://example.com/cat.png");
    expect(native.messages(chatId).map(({ seq }: MessageShape) => seq)).toEqual([1, 2, 3]);
    guest.close();
    expect(await native.hear("user_left")).toMatchObject({ chatId, userId: "2" });
  });
});
