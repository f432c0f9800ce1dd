import { callServer } from "../../calls/call-server.js";
import { ActButton } from "../../parts/act-button.js";
import { ActsNote } from "../../parts/acts-note.js";
import { Card } from "../../parts/card.js";
import { momentWords } from "../../parts/time.js";
import { DutyButtons } from "./duty-buttons.js";
import type { UserActProps, UserDetail } from "./user-detail.js";

/** What an operator can do about a person. */
export function UserActs({ user, onActed }: { user: UserDetail; onActed: () => void }) {
  const acted = (words: string) => {
    onActed();
    return words;
  };
  return (
    <Card
      title="Actions"
      note={
        <ActsNote
          of={user.id}
          limits={user.held ? "Erasing is off while the person is on legal hold." : undefined}
        />
      }
    >
      <div className="acts">
        <BlockButton user={user} acted={acted} />
        <RevokeButton user={user} acted={acted} />
        <MuteButton user={user} acted={acted} />
        <DutyButtons user={user} acted={acted} />
      </div>
    </Card>
  );
}

function BlockButton({ user, acted }: UserActProps) {
  const params = { user_id: user.id };
  if (user.blocked)
    return (
      <ActButton
        label="Let in again"
        confirm={{ title: `Let ${user.id} in again?`, text: "A token that is still good works again." }}
        act={async () => {
          await callServer("DELETE /v1/admin/users/{user_id}/block", { params });
          return acted(`${user.id} may come in again.`);
        }}
      />
    );
  return (
    <ActButton
      label="Block"
      isGrave
      confirm={{
        title: `Block ${user.id}?`,
        text: "Whatever token they show, they are kept out. Their connections end within a second.",
      }}
      act={async () => {
        await callServer("PUT /v1/admin/users/{user_id}/block", { params });
        return acted(`${user.id} is blocked.`);
      }}
    />
  );
}

function RevokeButton({ user, acted }: UserActProps) {
  return (
    <ActButton
      label="Revoke tokens"
      confirm={{
        title: `Revoke the tokens of ${user.id}?`,
        text: "Every token issued so far is worthless, and their connections end. With a new token they come in again.",
      }}
      act={async () => {
        await callServer("POST /v1/admin/users/{user_id}/revoke", { params: { user_id: user.id } });
        return acted(`The tokens of ${user.id} are revoked.`);
      }}
    />
  );
}

function MuteButton({ user, acted }: UserActProps) {
  const params = { user_id: user.id };
  if (user.muted_until !== null)
    return (
      <ActButton
        label="Let write again"
        confirm={{
          title: `Let ${user.id} write again?`,
          text: "At once, before the time.",
          reason: "needed",
        }}
        act={async ({ reason }) => {
          await callServer("PUT /v1/admin/users/{user_id}/mute", { params, body: { until: null, reason } });
          return acted(`${user.id} may write again.`);
        }}
      />
    );
  return (
    <ActButton
      label="Mute"
      confirm={{
        title: `Mute ${user.id}?`,
        text: "They read as before, and what they send is refused until then, with the time.",
        asksUntil: true,
        reason: "needed",
      }}
      act={async ({ reason, until }) => {
        const body = { until, reason };
        const { muted_until } = await callServer("PUT /v1/admin/users/{user_id}/mute", { params, body });
        return acted(
          muted_until === null
            ? `${user.id} may write: that time has passed.`
            : `${user.id} may not write until ${momentWords(muted_until)}.`,
        );
      }}
    />
  );
}
