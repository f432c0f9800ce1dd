import { BlockList, isIP } from "node:net";

/** IPv4 ranges that are nobody's on the public internet: IANA's special-purpose registry, multicast, and what is reserved. */
const PRIVATE_IPV4 = [
  "0.0.0.0/8", // this network
  "10.0.0.0/8", // private
  "100.64.0.0/10", // shared by a carrier's customers; metadata of some clouds
  "127.0.0.0/8", // this machine
  "168.63.129.16/32", // public by number, but the host of every Azure machine
  "169.254.0.0/16", // link-local; metadata of most clouds
  "172.16.0.0/12", // private
  "192.0.0.0/24", // protocol assignments
  "192.0.2.0/24", // documentation
  "192.88.99.0/24", // 6to4 relays, withdrawn
  "192.168.0.0/16", // private
  "198.18.0.0/15", // benchmarks
  "198.51.100.0/24", // documentation
  "203.0.113.0/24", // documentation
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // reserved, and broadcast
];

/** Parts of 2000::/3 that lead elsewhere than they seem; whatever is outside 2000::/3 is not public anyway. */
const PRIVATE_IPV6 = [
  "2001::/23", // protocol assignments: Teredo, ORCHID, benchmarks
  "2001:db8::/32", // documentation
  "2002::/16", // 6to4: an IPv4 address in disguise
  "3fff::/20", // documentation
];

const MAPPED = "::ffff:0:0/96";
const NAT64 = "64:ff9b::/96";

const privateRanges = listOf([...PRIVATE_IPV4, ...PRIVATE_IPV6]);
const globalUnicast = listOf(["2000::/3"]);
const embedding = listOf([MAPPED, NAT64]);

/** Whether an address is one on the public internet. One that carries an IPv4 address (mapped, NAT64) is as public as that. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !privateRanges.check(address, "ipv4");
  // A zone (`fe80::1%eth0`) is only needed where an address is not public.
  if (family === 0 || address.includes("%")) return false;
  if (embedding.check(address, "ipv6")) return isPublicAddress(embeddedIpv4(address));
  return globalUnicast.check(address, "ipv6") && !privateRanges.check(address, "ipv6");
}

/** The last 32 bits. The URL parser writes every IPv6 address in hexadecimal, so the last two groups hold them. */
function embeddedIpv4(address: string): string {
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split(":");
  const [high = 0, low = 0] = groups.slice(-2).map((group) => Number.parseInt(group || "0", 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

function listOf(ranges: string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [net = "", prefix] = range.split("/");
    list.addSubnet(net, Number(prefix), isIP(net) === 6 ? "ipv6" : "ipv4");
  }
  return list;
}
