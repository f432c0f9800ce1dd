import { JOB_CATALOGUE, type JobName } from "@parley/contracts";
import { Histogram, type JobRun, type Metrics } from "@parley/platform";
import { JOBS } from "./jobs/catalogue.js";
import type { JobContext, JobHandler } from "./jobs/job.js";

/** Makes what the queue calls for each job: looks its handler up, checks its data and measures it. */
export function createJobRunner(context: JobContext, { registry }: Metrics): (run: JobRun) => Promise<void> {
  const duration = new Histogram({
    name: "parley_job_seconds",
    help: "Duration of the jobs that ran here",
    labelNames: ["job_name", "outcome"],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers: [registry],
  });
  return async ({ job, data }) => {
    // A newer node's job, or one that is no more: failing keeps it for a look, and the name stays out of the labels.
    if (!isKnown(job)) throw new Error(`This worker knows no job called ${job.slice(0, 100)}.`);
    const stop = duration.startTimer({ job_name: job });
    try {
      // The catalogue's shape and its handler belong together; the compiler can't see that across a union of names.
      await (JOBS[job] as JobHandler<JobName>)(context, JOB_CATALOGUE[job].parse(data) as never);
      stop({ outcome: "done" });
    } catch (error) {
      stop({ outcome: "failed" });
      throw error;
    }
  };
}

function isKnown(job: string): job is JobName {
  return Object.hasOwn(JOBS, job);
}
