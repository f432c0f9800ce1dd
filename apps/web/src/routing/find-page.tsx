import type { ReactNode } from "react";
import { ArchivePage } from "../pages/archive/archive-page.js";
import { AuditPage } from "../pages/audit/audit-page.js";
import { ChatPage } from "../pages/chats/chat-page.js";
import { ChatsPage } from "../pages/chats/chats-page.js";
import { ClusterPage } from "../pages/cluster/cluster-page.js";
import { EngagementPage } from "../pages/engagement/engagement-page.js";
import { MissingPage } from "../pages/missing-page.js";
import { OverviewPage } from "../pages/overview/overview-page.js";
import { CampaignPage } from "../pages/pushes/campaign-page.js";
import { PushesPage } from "../pages/pushes/pushes-page.js";
import { QueuesPage } from "../pages/queues/queues-page.js";
import { UserPage } from "../pages/users/user-page.js";
import { UsersPage } from "../pages/users/users-page.js";

const PAGES: Readonly<Record<string, () => ReactNode>> = {
  "/": () => <OverviewPage />,
  "/cluster": () => <ClusterPage />,
  "/jobs": () => <QueuesPage />,
  "/pushes": () => <PushesPage />,
  "/chats": () => <ChatsPage />,
  "/users": () => <UsersPage />,
  "/archive": () => <ArchivePage />,
  "/audit": () => <AuditPage />,
  "/engagement": () => <EngagementPage />,
};

/** Pages of one thing; the last part of their path is its id. */
const DETAILS: Readonly<Record<string, (id: string) => ReactNode>> = {
  "/pushes/campaigns": (id) => <CampaignPage key={id} id={id} />,
  "/chats": (id) => <ChatPage key={id} id={id} />,
  "/users": (id) => <UserPage key={id} id={id} />,
};

/** What stands at a path below `/admin`. */
export function findPage(path: string): { view: ReactNode } {
  const page = Object.hasOwn(PAGES, path) ? PAGES[path] : undefined;
  if (page) return { view: page() };
  const cut = path.lastIndexOf("/");
  const parent = path.slice(0, cut);
  const detail = Object.hasOwn(DETAILS, parent) ? DETAILS[parent] : undefined;
  const id = decode(path.slice(cut + 1));
  return { view: detail && id ? detail(id) : <MissingPage path={path} /> };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
