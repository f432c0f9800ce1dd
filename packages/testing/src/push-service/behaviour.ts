/**
 * What the service does with a push instead of, or besides, accepting it. Plain data, so that it can be set from another process.
 *
 * A push is accepted (`received`, pending for its user agent) when the status is 2xx, or when `accepted` says so: "accepted, but the
 * answer is lost". A push that the protocol refuses is never accepted: where it would be, its refusal is answered.
 */
export type Behaviour = SettledBehaviour | CountingBehaviour;

/** What can be done with one request. */
export type SettledBehaviour =
  /** 201 with `Location` and `TTL`: what a service does that was told nothing. */
  | { kind: "accept" }
  /** `retryAfter` is sent as it is: seconds, or an HTTP date. */
  | { kind: "status"; status: number; retryAfter?: number | string; body?: string }
  /** Never answers. */
  | { kind: "hang"; accepted?: boolean }
  /** One byte every `everyMs` (10) for ever, of the header or of the body of a 201. */
  | { kind: "drip"; part: "head" | "body"; everyMs?: number; accepted?: boolean }
  /** Resets the TCP connection. */
  | { kind: "reset"; accepted?: boolean }
  | { kind: "redirect"; to: string; status?: 301 | 302 | 303 | 307 | 308 }
  /** A body of so many megabytes (2²⁰ bytes), or without end; the status is 201 unless it is given. */
  | { kind: "flood"; megabytes?: number; status?: number }
  /** Waits until the gate of that name is opened, then does `next`, or accepts, also if the sender has gone by then. */
  | { kind: "slow"; gate: string; next?: SettledBehaviour };

/** What depends on the requests before: counted from when it was set. */
export type CountingBehaviour =
  /** `first` so many times, then `rest`, or accepts; counted over the whole service or for each subscription. */
  | { kind: "times"; times: number; first: Behaviour; rest?: Behaviour; each?: "service" | "subscription" }
  /** `first` for every nth request, and for the others `rest`, or accepts. */
  | { kind: "every"; nth: number; first: Behaviour; rest?: Behaviour };

export type BehaviourKind = Behaviour["kind"];

/** Whether the user agent gets a push that is treated so. */
export function acceptsPush(behaviour: SettledBehaviour): boolean {
  switch (behaviour.kind) {
    case "accept":
      return true;
    case "status":
      return isSuccess(behaviour.status);
    case "flood":
      return isSuccess(behaviour.status ?? 201);
    case "drip":
      return behaviour.accepted ?? behaviour.part === "body";
    case "hang":
    case "reset":
      return behaviour.accepted ?? false;
    case "redirect":
    case "slow":
      return false;
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
