import { callServer } from "../../calls/call-server.js";
import { ActButton } from "../../parts/act-button.js";
import type { CampaignProgress } from "./campaign.js";

export interface CampaignActsProps {
  campaign: CampaignProgress;
  onActed: () => void;
}

/** What can be done with a campaign at its stage. */
export function CampaignActs({ campaign, onActed }: CampaignActsProps) {
  const { state, batch_id, total, sent } = campaign;
  const params = { id: batch_id };
  const act = (work: () => Promise<unknown>, words: string) => async () => {
    await work();
    onActed();
    return words;
  };
  if (state === "done" || state === "cancelled") return null;
  return (
    <>
      {state === "paused" ? (
        <ActButton
          label="Resume"
          isMain
          act={act(
            () => callServer("POST /v1/notifications/batch/{id}/resume", { params }),
            "The campaign goes on.",
          )}
        />
      ) : (
        <ActButton
          label="Pause"
          act={act(
            () => callServer("POST /v1/notifications/batch/{id}/pause", { params }),
            "The campaign is paused.",
          )}
        />
      )}
      <ActButton
        label="Cancel the campaign"
        isGrave
        confirm={{
          title: "Cancel the campaign?",
          text: `${sent} of ${total} recipients have it already, and that can't be called back. The others will not get it. A cancelled campaign can't be resumed.`,
        }}
        act={act(
          () => callServer("POST /v1/notifications/batch/{id}/cancel", { params }),
          "The campaign is cancelled.",
        )}
      />
    </>
  );
}
