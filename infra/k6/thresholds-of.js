/** What a run must keep to. Correctness first: these are no limits that a busy machine may move. */
export function thresholdsOf(settings, contractNames) {
  return {
    parley_lost: ["count==0"],
    parley_doubled: ["count==0"],
    parley_disordered: ["count==0"],
    parley_unanswered: ["count==0"],
    parley_unjudged: [`count<=${settings.maxUnjudged}`],
    // A run that judged nothing, or heard nothing, has shown nothing.
    parley_judged: ["count>0"],
    ...Object.fromEntries(contractNames.map((name) => [`parley_received{contract:${name}}`, ["count>0"]])),
    parley_failed: [`rate<=${settings.maxFailureRate}`],
    http_req_failed: [`rate<=${settings.maxFailureRate}`],
    parley_ack_ms: [`p(95)<=${settings.maxAckMs}`],
    parley_delivery_ms: [`p(95)<=${settings.maxDeliveryMs}`],
    parley_connect_ms: [`p(95)<=${settings.maxConnectMs}`],
    http_req_duration: [`p(95)<=${settings.maxHttpMs}`],
  };
}
