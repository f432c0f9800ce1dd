/** Loaded into a process whose memory is measured: collects its garbage when it is asked to. */
process.on("SIGUSR2", () => globalThis.gc?.());
