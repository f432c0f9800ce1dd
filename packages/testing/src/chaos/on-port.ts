/** The same address at another port of this machine, without a path. */
export function onPort(url: string, port: number): string {
  return `${new URL(url).protocol}//127.0.0.1:${port}`;
}
