import { z } from "zod";
import type { Operation } from "./operation.js";

const settings = z
  .object({
    private_reading: z.boolean().meta({
      description:
        "Others do not learn how far I have read; what I send still shows that I was there. What I read in private stays private when this is turned off, until I read on.",
    }),
  })
  .meta({ id: "Settings" });

const tag = "Settings";

export const settingsOperations = {
  getSettings: {
    method: "get",
    path: "/v1/settings",
    tag,
    summary: "What I have set for myself",
    status: 200,
    result: settings,
  },
  changeSettings: {
    method: "put",
    path: "/v1/settings",
    tag,
    summary: "Change some of my settings; those that are left out stay",
    body: settings.partial().meta({ id: "SettingsChange" }),
    status: 200,
    result: settings,
  },
} as const satisfies Record<string, Operation>;
