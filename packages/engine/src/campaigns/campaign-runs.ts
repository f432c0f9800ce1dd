/**
 * Of the notifications `n`: whether they may be decided and pushed, as those of a paused or cancelled campaign may not. Every statement
 * that selects notifications for that must have it: a pause changes the campaign and none of its notifications, and holds from its commit on.
 */
export const CAMPAIGN_RUNS =
  "(n.campaign_id IS NULL OR EXISTS (SELECT FROM campaigns run WHERE run.id = n.campaign_id AND run.state = 'running'))";

/** What the notification `n` says when it is of a campaign, as `CampaignContent`; else null. */
export const CAMPAIGN_CONTENT = `(SELECT coalesce(
    (SELECT v -> 'notification' FROM jsonb_array_elements(said.variants) v WHERE v ->> 'name' = n.variant), said.notification)
  FROM campaigns said WHERE said.id = n.campaign_id)`;
