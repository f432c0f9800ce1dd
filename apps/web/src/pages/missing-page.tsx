import { Page } from "../layout/page.js";
import { Nothing } from "../parts/nothing.js";
import { Link } from "../routing/link.js";

export function MissingPage({ path }: { path: string }) {
  return (
    <Page title="No such page">
      <div className="card">
        <Nothing title={`There is nothing at /admin${path}`}>
          <Link to="/">Go to the overview</Link>
        </Nothing>
      </div>
    </Page>
  );
}
