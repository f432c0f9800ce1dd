import { Counter, Rate, Trend } from "k6/metrics";

/** Everything that is counted; `thresholds-of.js` says what of it must be zero. */
export const metrics = {
  /** Acknowledged and not stored, or stored and not shown to a member who was there. */
  lost: new Counter("parley_lost"),
  /** Stored twice, or shown twice on one connection. */
  doubled: new Counter("parley_doubled"),
  /** Shown, numbered or stored in the wrong order. */
  disordered: new Counter("parley_disordered"),
  /** Sends that got no answer while their connection stood. */
  unanswered: new Counter("parley_unanswered"),
  /** Visits that ended with a fault before they could be judged. */
  unjudged: new Counter("parley_unjudged"),
  judged: new Counter("parley_judged"),
  sent: new Counter("parley_sent"),
  acknowledged: new Counter("parley_acknowledged"),
  received: new Counter("parley_received"),
  /** Learnt by asking after a reconnect. */
  caughtUp: new Counter("parley_caught_up"),
  /** Sends that were told to come again later, and did. */
  refused: new Counter("parley_refused"),
  /** Sends that may be stored or not, on contracts where asking again can't be told from saying it twice. */
  uncertain: new Counter("parley_uncertain"),
  reconnects: new Counter("parley_reconnects"),
  /** Connections, sends and requests that failed. */
  failed: new Rate("parley_failed"),
  ackMs: new Trend("parley_ack_ms", true),
  deliveryMs: new Trend("parley_delivery_ms", true),
  connectMs: new Trend("parley_connect_ms", true),
};
