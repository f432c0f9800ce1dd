import { ParleyError } from "@parley/contracts";
import { rememberUser } from "@parley/engine";
import type { CommandHandler } from "./command-context.js";

export const sessionReauthenticate: CommandHandler<"reauthenticate"> = async (context, { token }) => {
  const { connection, authenticator, engine } = context;
  const identity = await authenticator.authenticate(token);
  if (identity.userId !== connection.userId) {
    throw new ParleyError("forbidden", { message: "The fresh token belongs to another user; connect anew." });
  }
  connection.renew(identity);
  void rememberUser(engine, identity);
  return { expiresAt: new Date((identity.expiresAt ?? 0) * 1_000).toISOString() };
};
