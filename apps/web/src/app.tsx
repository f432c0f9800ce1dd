import { Shell } from "./layout/shell.js";
import { Toasts } from "./parts/toasts.js";
import { LoginPage } from "./session/login-page.js";
import { useSession } from "./session/use-session.js";

/** The dashboard: who is not signed in sees the way in, at the address to which they come back. */
export function App() {
  const { session, notice } = useSession();
  return (
    <>
      {session ? <Shell session={session} /> : <LoginPage notice={notice} />}
      <Toasts />
    </>
  );
}
