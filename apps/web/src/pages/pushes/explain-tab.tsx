import { type FormEvent, useState } from "react";
import { Card } from "../../parts/card.js";
import { TextField } from "../../parts/text-field.js";
import { changeQuery } from "../../routing/location.js";
import { usePlace } from "../../routing/use-place.js";
import { Explanation } from "./explanation.js";
import { RecentNotifications } from "./recent-notifications.js";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Why one person was, or was not, pushed one message. */
export function ExplainTab() {
  const { query } = usePlace();
  const userId = query.get("user") ?? "";
  const messageId = query.get("message") ?? "";
  return (
    <>
      <Card
        title="Who, and which message?"
        note="Without a message, the person's newest notifications are shown, to choose from."
      >
        <ExplainForm key={`${userId} ${messageId}`} userId={userId} messageId={messageId} />
      </Card>
      {userId !== "" && UUID.test(messageId) && <Explanation userId={userId} messageId={messageId} />}
      {userId !== "" && <RecentNotifications userId={userId} chosen={messageId} />}
    </>
  );
}

function ExplainForm({ userId, messageId }: { userId: string; messageId: string }) {
  const [user, setUser] = useState(userId);
  const [message, setMessage] = useState(messageId);
  const isWrong = message.trim() !== "" && !UUID.test(message.trim());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isWrong) changeQuery({ user: user.trim(), message: message.trim() });
  };
  return (
    <form className="filters" onSubmit={submit}>
      <TextField label="User id" value={user} onChange={setUser} isRequired />
      <TextField
        label="Message id (may be left out)"
        value={message}
        onChange={setMessage}
        isWide
        hint={isWrong ? "This is no message id: those have 36 letters and digits." : undefined}
      />
      <div>
        <button type="submit" className="button is-main" disabled={user.trim() === "" || isWrong}>
          Explain
        </button>
      </div>
    </form>
  );
}
