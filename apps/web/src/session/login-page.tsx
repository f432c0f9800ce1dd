import { type FormEvent, useEffect, useState } from "react";
import { type CallFailure, lostConnection } from "../calls/call-failure.js";
import iconUrl from "../icon.svg";
import { Field } from "../parts/field.js";
import { Problem } from "../parts/problem.js";
import { askSession } from "./ask-session.js";
import { judgeToken } from "./judge-token.js";
import { beginSession, type Notice } from "./session.js";

/** Where an operator shows a token. */
export function LoginPage({ notice }: { notice: Notice | undefined }) {
  useEffect(() => {
    document.title = "Sign in · Parley admin";
  }, []);
  return (
    <main className="login">
      <div className="brand">
        <img src={iconUrl} alt="" />
        Parley <span>admin</span>
      </div>
      <section className="card stack" aria-labelledby="sign-in">
        <h1 id="sign-in">Sign in</h1>
        {notice && (
          <div className={`notice is-${notice.tone}`} role="alert">
            {notice.text}
          </div>
        )}
        <TokenForm />
      </section>
      <p className="small quiet">
        A token of the role <code>admin</code> comes from your identity provider. On the machine of{" "}
        <code>npm start</code>, this prints one:
        <br />
        <code>npm run -s token -- --user ops --role admin</code>
      </p>
    </main>
  );
}

function TokenForm() {
  const { token, setToken, isBusy, fault, failure, submit } = useSignIn();
  return (
    <form onSubmit={submit}>
      <Field label="Token" hint="Kept in this tab only, and forgotten when you close it or sign out.">
        {(id, describedBy) => (
          <textarea
            id={id}
            aria-describedby={describedBy}
            className="input"
            value={token}
            onChange={(event) => setToken(event.target.value)}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            required
          />
        )}
      </Field>
      {fault && (
        <div className="notice is-bad" role="alert">
          {fault}
        </div>
      )}
      {failure && <Problem failure={failure} what="The server did not take this token." />}
      <div className="buttons">
        <button type="submit" className="button is-main" disabled={isBusy || token.trim() === ""}>
          {isBusy ? "Signing in …" : "Sign in"}
        </button>
      </div>
    </form>
  );
}

function useSignIn() {
  const [token, setToken] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState<string>();
  const [failure, setFailure] = useState<CallFailure>();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const shown = token.trim().replace(/^bearer\s+/i, "");
    setFailure(undefined);
    setFault(judgeToken(shown));
    if (judgeToken(shown) !== undefined) return;
    setBusy(true);
    try {
      const { board } = await askSession(shown);
      beginSession(shown, { hasBoard: board });
    } catch (error) {
      setFailure(lostConnection(error));
      setBusy(false);
    }
  };
  return { token, setToken, isBusy, fault, failure, submit: (event: FormEvent) => void submit(event) };
}
