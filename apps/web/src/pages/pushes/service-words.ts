export const SERVICE_NAMES: Readonly<Record<string, string>> = {
  fcm: "Google (Chrome, Edge, Android)",
  mozilla: "Mozilla (Firefox)",
  apple: "Apple (Safari, iOS)",
  windows: "Microsoft",
  other: "Others",
};

/** What a push service's answer most often means, and what to do. */
export function statusAdvice(status: number): string {
  if (status === 400)
    return "The request was not understood; compare VAPID_SUBJECT: it must be a mailto: or https: address.";
  if (status === 401 || status === 403)
    return "The VAPID key or subject was not believed; compare VAPID_PUBLIC_KEY, VAPID_PRIVATE_KEY and VAPID_SUBJECT on the worker.";
  if (status === 404 || status === 410) return "The device is gone: its person must subscribe again.";
  if (status === 413) return "The push was too long for the service.";
  if (status === 429) return "The service wants fewer pushes for a while; Parley waits and tries again.";
  return status >= 500 ? "The service has trouble; Parley waits and tries again." : "See the worker's log.";
}
