import { createPushOrigin, type OriginContext, type OriginTarget, type PushOrigin } from "./push-origin.js";

export interface PushOrigins {
  /** The origin with its state; undefined when as many as may be remembered are all in use. */
  of(target: OriginTarget): PushOrigin | undefined;
  all(): PushOrigin[];
}

/** The origins that this process has pushed to lately. In open mode subscriptions name them, so their number is bounded. */
export function createPushOrigins(context: OriginContext): PushOrigins {
  const origins = new Map<string, PushOrigin>();
  const makeRoom = () => {
    if (origins.size < context.limits.origins) return true;
    const unused = [...origins.values()].filter((origin) => !origin.isInUse());
    // Rather forget that a service is to be left alone than refuse all that is new.
    const least = unused.find((origin) => origin.blocked() === undefined) ?? unused[0];
    if (!least) return false;
    origins.delete(least.origin);
    least.close();
    return true;
  };
  return {
    of: (target) => {
      const known = origins.get(target.origin);
      const origin = known ?? (makeRoom() ? createPushOrigin(context, target) : undefined);
      if (!origin) return;
      // Set anew, so that the ones not asked for longest come first.
      origins.delete(target.origin);
      origins.set(target.origin, origin);
      return origin;
    },
    all: () => [...origins.values()],
  };
}
