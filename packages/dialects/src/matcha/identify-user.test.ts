import { type Identity, ParleyError } from "@parley/contracts";
import { expect, it } from "vitest";
import type { CallFacts, Proofs } from "../call-facts.js";
import { identifyUser } from "./identify-user.js";

const REST = "/api/v1/chat/conversations";
const SOCKET = "/api/v1/chat/ws";

/** Believes the token `<user id>!`. */
const proofs: Proofs = {
  bearer: async (token) => {
    const userId = /^(.+)!$/.exec(token ?? "")?.[1];
    if (userId === undefined) throw new ParleyError("token_invalid");
    return { userId, role: "user" };
  },
  gateway: async () => {
    throw new Error("no gateway is asked on this contract");
  },
};

function ask(path: string, given: { token?: string; query?: string; user?: string }): Promise<Identity> {
  const headers: Record<string, string | undefined> = {
    authorization: given.token === undefined ? undefined : `Bearer ${given.token}`,
    "x-user-id": given.user,
  };
  const facts: CallFacts = {
    method: "GET",
    path,
    header: (name) => headers[name],
    query: (name) => (name === "token" ? given.query : undefined),
  };
  return identifyUser(facts, proofs);
}

it("believes a token with the same user in X-User-ID", async () => {
  const seven = { userId: "7", role: "user" };
  expect(await ask(REST, { token: "7!", user: "7" })).toEqual(seven);
  expect(await ask(SOCKET, { token: "7!", user: "7" })).toEqual(seven);
});

it("does without the header where browsers connect with the token in the query, and there only", async () => {
  expect(await ask(SOCKET, { query: "7!" })).toMatchObject({ userId: "7" });
  expect(await ask(`${SOCKET}/`, { query: "7!", user: "7" })).toMatchObject({ userId: "7" });
  await expect(ask(SOCKET, { query: "7!", user: "8" })).rejects.toMatchObject({ code: "token_invalid" });
  await expect(ask(SOCKET, { token: "7!" })).rejects.toMatchObject({ code: "token_invalid" });
  await expect(ask(REST, { query: "7!", user: "7" })).rejects.toMatchObject({ code: "token_missing" });
  await expect(ask(REST, { query: "7!" })).rejects.toMatchObject({ code: "token_missing" });
});

it("refuses everything else as unauthenticated", async () => {
  for (const path of [REST, SOCKET]) {
    for (const given of [
      {},
      { user: "7" },
      { token: "7!" },
      { token: "7!", user: "8" },
      { token: "7!", user: "07" },
      { token: "7!", user: "" },
      { token: "no", user: "7" },
    ]) {
      await expect(ask(path, given)).rejects.toMatchObject({ kind: "unauthenticated" });
    }
  }
});

it("says so when the token's user is no integer", async () => {
  for (const user of ["ann", "0", "-1", "1.5", "007", "99999999999999999999"]) {
    await expect(ask(REST, { token: `${user}!`, user })).rejects.toMatchObject({
      kind: "unauthenticated",
      message: expect.stringContaining("positive integers"),
    });
  }
});
