/** Names of channels in Redis besides the one on which the API nodes tell each other what they committed. */
export interface BusChannels {
  /** Where processes without sockets (the worker) hand in what all nodes are to deliver. */
  batches: string;
  /** Where a node sends itself a word, to know whether the bus works. */
  probe(node: string): string;
}

/**
 * The channels of a cluster of Parley. All are sharded, and their hash tag is the name of the bus's own channel: in a cluster of Redis they are
 * wherever that is, so that a probe that comes back says something of the bus.
 */
export function busChannels(prefix: string): BusChannels {
  // As the adapter of Socket.IO names it, which has one per namespace.
  const bus = `${prefix}#/chat#`;
  return { batches: `{${bus}}:batches`, probe: (node) => `{${bus}}:probe:${node}` };
}
