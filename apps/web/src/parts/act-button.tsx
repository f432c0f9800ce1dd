import { useState } from "react";
import { type CallFailure, lostConnection } from "../calls/call-failure.js";
import { ActDialog, type ActWords } from "./act-dialog.js";
import { Problem } from "./problem.js";
import { tell } from "./toasts.js";

export interface ActButtonProps {
  label: string;
  /** The thing that is acted on, for those who hear a column of equal buttons. */
  of?: string;
  /** Asks first, with these words. */
  confirm?: ActWords;
  isGrave?: boolean;
  isMain?: boolean;
  isDisabled?: boolean;
  /** Does it; rejects with a CallFailure. Resolves with what to say of it. */
  act: (answers: { reason: string; until: string }) => Promise<string>;
}

/** A button that does something on the server, and says what came of it. */
export function ActButton(props: ActButtonProps) {
  const { label, of, confirm, isGrave = false, isMain = false, isDisabled = false, act } = props;
  const [isAsking, setAsking] = useState(false);
  const { isBusy, failure, run, forget } = useAct(act);
  const begin = () => {
    if (!confirm) return void run({ reason: "", until: "" });
    forget();
    setAsking(true);
  };
  return (
    <>
      <button
        type="button"
        className={`button is-small${isGrave ? " is-grave" : ""}${isMain ? " is-main" : ""}`}
        disabled={isBusy || isDisabled}
        onClick={begin}
      >
        {label}
        {of && <span className="only-heard"> {of}</span>}
      </button>
      {!confirm && failure && <Problem failure={failure} />}
      {confirm && isAsking && (
        <ActDialog
          {...{ words: confirm, label, isGrave, isBusy, failure }}
          onCancel={() => setAsking(false)}
          onConfirm={async (answers) => {
            if (await run(answers)) setAsking(false);
          }}
        />
      )}
    </>
  );
}

function useAct(act: ActButtonProps["act"]) {
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<CallFailure>();
  const run = async (answers: { reason: string; until: string }) => {
    setBusy(true);
    setFailure(undefined);
    try {
      tell(await act(answers));
      return true;
    } catch (error) {
      setFailure(lostConnection(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, failure, run, forget: () => setFailure(undefined) };
}
