import { Card } from "../../parts/card.js";
import { Link } from "../../routing/link.js";

const ANSWERS = [
  ["/cluster", "Which node is sick?", "The sick ones stand first, with what is wrong and a button to drain."],
  [
    "/pushes?tab=explain",
    "Why did a push not arrive?",
    "Every decision about a notification is kept with its reason.",
  ],
  ["/jobs", "Which queue is stuck, and why?", "In words, with what to do: resume, retry, or start a worker."],
  ["/users", "Something about a person", "Block, revoke, mute, hold, export, erase."],
] as const;

/** The ways to the answers that people come for. */
export function Questions() {
  return (
    <Card title="What are you looking for?">
      <ul className="stack">
        {ANSWERS.map(([to, question, answer]) => (
          <li key={to}>
            <Link to={to}>{question}</Link>
            <div className="quiet small">{answer}</div>
          </li>
        ))}
      </ul>
    </Card>
  );
}
