import type { DirectoryPerson } from "@parley/engine";
import { integerIdOf } from "../integer-ids.js";

/**
 * A person as this contract shows them. The directory knows one name: its first word is taken for the first name, the rest for the last
 * name, and all of it for the user name. E-mail addresses are nobody else's business.
 */
export function presentPerson({ id, name, picture }: Pick<DirectoryPerson, "id" | "name" | "picture">) {
  const words = (name ?? "").split(/\s+/).filter((word) => word !== "");
  const [first = "", ...rest] = words;
  return {
    id: integerIdOf(id),
    username: words.length === 0 ? `user${id}` : words.join(" "),
    first_name: first,
    last_name: rest.join(" "),
    avatar: picture,
  };
}
