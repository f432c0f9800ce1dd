import { type FormEvent, useState } from "react";
import { type CallFailure, lostConnection } from "../../calls/call-failure.js";
import { callServer } from "../../calls/call-server.js";
import { ChoiceField } from "../../parts/choice-field.js";
import { Dialog } from "../../parts/dialog.js";
import { Problem } from "../../parts/problem.js";
import { TextField } from "../../parts/text-field.js";
import { tell } from "../../parts/toasts.js";
import type { ActProps } from "./chat-detail.js";

const KINDS = { type: "As chats of its type", never: "Never", days: "After some days" };

/** Sets after how long a chat's messages are archived. */
export function RetentionButton({ chat, acted }: ActProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="button is-small" onClick={() => setOpen(true)}>
        Retention
      </button>
      {isOpen && <RetentionDialog chat={chat} acted={acted} onClose={() => setOpen(false)} />}
    </>
  );
}

function RetentionDialog({ chat, acted, onClose }: ActProps & { onClose: () => void }) {
  const { kind, setKind, days, setDays, value, isBusy, failure, submit } = useRetention({
    chat,
    acted,
    onClose,
  });
  return (
    <Dialog title="After how long is this chat archived?" onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <ChoiceField label="Archive its messages" value={kind} onChange={setKind} options={KINDS} />
        {kind === "days" && (
          <TextField label="Days" type="number" value={days} onChange={setDays} isRequired />
        )}
        {failure && <Problem failure={failure} what="It was not changed." />}
        <div className="buttons dialog-acts">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button is-main" disabled={value === undefined || isBusy}>
            {isBusy ? "Working …" : "Save"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function useRetention({ chat, acted, onClose }: ActProps & { onClose: () => void }) {
  const { retention_days: current } = chat;
  const [kind, setKind] = useState<string>(current === null ? "type" : current === 0 ? "never" : "days");
  const [days, setDays] = useState(String(current || 365));
  const [failure, setFailure] = useState<CallFailure>();
  const [isBusy, setBusy] = useState(false);
  const value = daysOf(kind, days);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (value === undefined || isBusy) return;
    setBusy(true);
    setFailure(undefined);
    try {
      const body = { days: value };
      await callServer("PUT /v1/admin/chats/{chat_id}/retention", { params: { chat_id: chat.id }, body });
      tell(acted("The retention is changed."));
      onClose();
    } catch (error) {
      setFailure(lostConnection(error));
    } finally {
      setBusy(false);
    }
  };
  return { kind, setKind, days, setDays, value, isBusy, failure, submit };
}

function daysOf(kind: string, days: string): number | null | undefined {
  if (kind === "type") return null;
  if (kind === "never") return 0;
  const count = Number(days);
  return Number.isInteger(count) && count > 0 ? count : undefined;
}
