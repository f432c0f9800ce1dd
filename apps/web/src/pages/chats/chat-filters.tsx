import { type FormEvent, useState } from "react";
import { ChoiceField } from "../../parts/choice-field.js";
import { TextField } from "../../parts/text-field.js";
import { changeQuery } from "../../routing/location.js";
import { usePlace } from "../../routing/use-place.js";

const STATUSES = { "": "Any", active: "Open", closed: "Closed", archived: "Put away" };
const TYPES = { "": "Any", order: "Order", direct: "Direct", group: "Group" };

/** What to look for; it stands in the address, so that it can be sent to a colleague. */
export function ChatFilters() {
  const { query } = usePlace();
  const [text, setText] = useState(query.get("q") ?? "");
  const [user, setUser] = useState(query.get("user") ?? "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    changeQuery({ q: text.trim(), user: user.trim() });
  };
  return (
    <form className="filters" onSubmit={submit}>
      <TextField label="Title, order or id" type="search" value={text} onChange={setText} isWide />
      <TextField label="With the person (id)" type="search" value={user} onChange={setUser} />
      <ChoiceField
        label="Status"
        value={query.get("status") ?? ""}
        onChange={(status) => changeQuery({ status })}
        options={STATUSES}
      />
      <ChoiceField
        label="Type"
        value={query.get("type") ?? ""}
        onChange={(type) => changeQuery({ type })}
        options={TYPES}
      />
      <div>
        <button type="submit" className="button is-main">
          Search
        </button>
      </div>
    </form>
  );
}
