import { parseArgs } from "node:util";
import { externalId, SYSTEM_USER_ID } from "@parley/contracts";
import { signToken, type TokenRequest } from "./auth/sign-token.js";

const USAGE = "Usage: npm run -s token -- --user <id> [--role <role>] [--name <name>] [--expires 12h]";

/** Prints a token for one person, signed with the server's own JWT_SECRET. */
function main(): void {
  try {
    const request = readRequest(process.argv.slice(2));
    console.log(signToken(readKey(process.env), request));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    process.exitCode = 1;
  }
}

function readRequest(args: string[]): TokenRequest {
  const { values } = parseArgs({
    args,
    options: {
      user: { type: "string" },
      role: { type: "string", default: "user" },
      name: { type: "string" },
      expires: { type: "string", default: "12h" },
    },
  });
  const { user, role, name, expires } = values;
  if (user === undefined) throw new Error("--user is missing: say whose token it shall be.");
  if (!externalId.safeParse(user).success)
    throw new Error("--user must be a user id without spaces at its ends.");
  if (user === SYSTEM_USER_ID && role !== SYSTEM_USER_ID)
    throw new Error(
      `--user must not be ${SYSTEM_USER_ID} without --role ${SYSTEM_USER_ID}: messages of the chat itself stand under it.`,
    );
  if (!externalId.safeParse(role).success)
    throw new Error("--role must be a role such as user, shopper, admin or system.");
  if (!/^[1-9]\d{0,6}[smhd]$/.test(expires))
    throw new Error("--expires must be a time such as 30s, 15m, 12h or 7d.");
  return { userId: user, role, name, expires };
}

function readKey(env: NodeJS.ProcessEnv) {
  const secret = env.JWT_SECRET;
  if (!secret) throw new Error("JWT_SECRET is missing: set the secret that the server checks tokens with.");
  return {
    secret,
    userIdClaim: env.JWT_USER_ID_CLAIM || "sub",
    issuer: env.JWT_ISSUER || undefined,
    audience: env.JWT_AUDIENCE || undefined,
  };
}

main();
