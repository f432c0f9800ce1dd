/** How many live connections a node counts. */
export async function countConnections(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^parley_connections\{.*\} (\d+)$/m.exec(text)?.[1]);
}
