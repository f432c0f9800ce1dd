import type { CommandHandler } from "./command-context.js";

export const presenceSet: CommandHandler<"set_presence"> = async ({ connection, presence }, { status }) => {
  presence.setStatus(connection, status);
  return { status };
};
