/** Pages load their own files and call their own server, and nobody frames them. */
const OWN_THINGS_ONLY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];

/** The Content-Security-Policy of a page of this server, with further directives. */
export function pagePolicy(...further: readonly string[]): string {
  return [...OWN_THINGS_ONLY, ...further].join("; ");
}
