import { type FormEvent, type ReactNode, useState } from "react";
import type { CallFailure } from "../calls/call-failure.js";
import { Dialog } from "./dialog.js";
import { Problem } from "./problem.js";
import { TextField } from "./text-field.js";

/** What is asked before something is done. */
export interface ActWords {
  title: string;
  /** What it brings about, and what can't be taken back. */
  text: ReactNode;
  /** Asks why. */
  reason?: "wanted" | "needed";
  /** Asks until when, and proposes an hour. */
  asksUntil?: boolean;
  /** Has to be typed, so that nobody does it by a slip. */
  typed?: string;
}

export interface ActDialogProps {
  words: ActWords;
  label: string;
  isGrave: boolean;
  isBusy: boolean;
  failure: CallFailure | undefined;
  onCancel: () => void;
  onConfirm: (answers: { reason: string; until: string }) => Promise<void>;
}

export function ActDialog(props: ActDialogProps) {
  const { words, label, isGrave, isBusy, failure, onCancel, onConfirm } = props;
  const [reason, setReason] = useState("");
  const [until, setUntil] = useState(inAnHour);
  const [typed, setTyped] = useState("");
  const isPast = until !== "" && Date.parse(until) <= Date.now();
  const isReady =
    (words.typed === undefined || typed === words.typed) &&
    (words.reason !== "needed" || reason.trim() !== "") &&
    (!words.asksUntil || (until !== "" && !isPast));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isReady && !isBusy) void onConfirm({ reason: reason.trim(), until: untilIso(until) });
  };
  return (
    <Dialog title={words.title} onClose={onCancel}>
      <form onSubmit={submit}>
        <div>{words.text}</div>
        {words.asksUntil && (
          <TextField
            label="Until"
            type="datetime-local"
            value={until}
            onChange={setUntil}
            hint={isPast ? "This time has passed." : "In the time of this browser."}
            isFirst
            isRequired
          />
        )}
        {words.reason && <ReasonField isNeeded={words.reason === "needed"} {...{ reason, setReason }} />}
        {words.typed !== undefined && <TypedField {...{ wanted: words.typed, typed, setTyped }} />}
        {failure && <Problem failure={failure} what="It was not done." />}
        <div className="buttons dialog-acts">
          <button type="button" className="button" onClick={onCancel}>
            Cancel
          </button>
          <button
            type="submit"
            className={`button is-main${isGrave ? " is-grave" : ""}`}
            disabled={!isReady || isBusy}
          >
            {isBusy ? "Working …" : label}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface ReasonFieldProps {
  isNeeded: boolean;
  reason: string;
  setReason: (reason: string) => void;
}

function ReasonField({ isNeeded, reason, setReason }: ReasonFieldProps) {
  return (
    <TextField
      label={isNeeded ? "Reason" : "Reason (may be left out)"}
      hint="Kept in the audit log."
      value={reason}
      onChange={setReason}
      isRequired={isNeeded}
    />
  );
}

interface TypedFieldProps {
  wanted: string;
  typed: string;
  setTyped: (typed: string) => void;
}

function TypedField({ wanted, typed, setTyped }: TypedFieldProps) {
  return (
    <TextField label={`Type ${wanted} to confirm`} value={typed} onChange={setTyped} isRequired isFirst />
  );
}

/** As the control has it: local time to the minute, without a zone. */
function inAnHour(): string {
  const moment = new Date(Date.now() + 3_600_000);
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function untilIso(until: string): string {
  return until === "" ? "" : new Date(until).toISOString();
}
