import { buildConnector } from "undici";
import { createGuardedLookup, type Resolve } from "./guarded-lookup.js";
import type { PostRequest, PostResult } from "./post-push.js";
import { type ConnectionContext, createPushConnection, type PushConnection } from "./push-connection.js";

export interface ConnectionsContext extends Omit<ConnectionContext, "connect"> {
  resolve: Resolve;
  /** Whether the host may have any address, because the operator named it. */
  anyAddress: boolean;
  /** Certificates to trust instead of the system's. */
  ca?: string | undefined;
}

/** The connections to one origin: as many as there are pushes under way at once, which its lanes limit. */
export interface PushConnections {
  post(request: PostRequest): Promise<PostResult>;
  close(): void;
}

export function createPushConnections(context: ConnectionsContext): PushConnections {
  const { anyAddress, resolve, ca } = context;
  const connect = buildConnector({
    lookup: createGuardedLookup({ anyAddress, resolve }),
    // The exchange limits the time.
    timeout: 0,
    ...(ca === undefined ? {} : { ca }),
  });
  const all = new Set<PushConnection>();
  // The connections used last stay warm, and the rest can run out.
  const idle: PushConnection[] = [];
  const open = () => {
    const connection = createPushConnection({ ...context, connect });
    all.add(connection);
    return connection;
  };
  return {
    post: async (request) => {
      const connection = idle.pop() ?? open();
      const result = await connection.post(request);
      idle.push(connection);
      return result;
    },
    close: () => {
      for (const connection of all) connection.close();
    },
  };
}
