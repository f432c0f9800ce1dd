import { callServer } from "../../calls/call-server.js";
import { ActButton } from "../../parts/act-button.js";
import type { UserActProps } from "./user-detail.js";

/** What law may ask for: legal hold, export, erasure. */
export function DutyButtons({ user, acted }: UserActProps) {
  const { id, held } = user;
  const params = { user_id: id };
  return (
    <>
      <ActButton
        label={held ? "Lift the legal hold" : "Legal hold"}
        confirm={{
          title: held ? `Lift the legal hold of ${id}?` : `Put ${id} on legal hold?`,
          text: held
            ? "From then on they can be erased, and what they wrote is deleted as usual."
            : "While it lasts they can't be erased, and what they wrote is not purged.",
          reason: "needed",
        }}
        act={async ({ reason }) => {
          await callServer("PUT /v1/admin/users/{user_id}/hold", { params, body: { held: !held, reason } });
          return acted(held ? "The hold is lifted." : `${id} is on hold.`);
        }}
      />
      <ActButton
        label="Export"
        confirm={{
          title: `Export everything of ${id}?`,
          text: "The worker makes one file of it, which can be downloaded here until it expires.",
        }}
        act={async () => {
          await callServer("POST /v1/admin/users/{user_id}/export", { params });
          return acted("The export is being made; it is listed below.");
        }}
      />
      <EraseButton user={user} acted={acted} />
    </>
  );
}

function EraseButton({ user: { id, held }, acted }: UserActProps) {
  return (
    <ActButton
      label="Erase"
      isGrave
      isDisabled={held}
      confirm={{
        title: `Erase ${id} for good?`,
        text: (
          <div className="notice is-bad">
            <strong>This can't be undone.</strong>
            They are kept out at once, and everything that is theirs is erased: messages, files, devices,
            name. A report says what was erased and what stays. Make an export first if one may be asked for.
          </div>
        ),
        reason: "wanted",
        typed: id,
      }}
      act={async ({ reason }) => {
        const body = { confirm: id, ...(reason === "" ? {} : { reason }) };
        await callServer("POST /v1/admin/users/{user_id}/erase", { params: { user_id: id }, body });
        return acted(`${id} is being erased.`);
      }}
    />
  );
}
