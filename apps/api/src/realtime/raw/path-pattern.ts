/** What a path says under a pattern such as `/ws/chat/:roomId/chat`; undefined when it is another path. */
export type PathPattern = (path: string) => Record<string, string> | undefined;

/** Makes the test of a path. A trailing slash makes no difference. */
export function pathPattern(pattern: string): PathPattern {
  const names = [...pattern.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);
  const expression = new RegExp(`^${pattern.replace(/:\w+/g, "([^/]+)").replace(/\/$/, "")}/?$`);
  return (path) => {
    const found = expression.exec(path);
    return found === null
      ? undefined
      : Object.fromEntries(names.map((name, index) => [name, decode(found[index + 1])]));
  };
}

function decode(text = ""): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Taken as it stands it names nothing.
    return text;
  }
}
