import { writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import path from "node:path";

/** Loaded into a process that is profiled: SIGPWR begins, and the next one writes `<pid>.cpuprofile` to the folder in `PARLEY_PROFILE_DIR`. */
const folder = process.env.PARLEY_PROFILE_DIR;
const SAMPLING_US = 500;

if (folder !== undefined) {
  const session = new Session();
  session.connect();
  let running = false;
  process.on("SIGPWR", async () => {
    running = !running;
    if (running) {
      await session.post("Profiler.enable");
      await session.post("Profiler.setSamplingInterval", { interval: SAMPLING_US });
      await session.post("Profiler.start");
      return;
    }
    const { profile } = await session.post("Profiler.stop");
    writeFileSync(path.join(folder, `${process.pid}.cpuprofile`), JSON.stringify(profile));
  });
}
