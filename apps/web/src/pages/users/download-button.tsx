import { fetchFile } from "../../calls/call-server.js";
import { ActButton } from "../../parts/act-button.js";
import type { DataTask } from "./data-task.js";

/** Fetches the file of an export that is done and not expired. */
export function DownloadButton({ task }: { task: DataTask }) {
  const { id, kind, state, expires_at, user_id } = task;
  const isOver = expires_at !== null && Date.parse(expires_at) <= Date.now();
  if (kind !== "export" || state !== "done" || isOver) return null;
  return (
    <ActButton
      label="Download"
      of={`the export of ${user_id}`}
      act={async () => {
        const file = await fetchFile("GET /v1/admin/tasks/{task_id}/download", { params: { task_id: id } });
        save(file, `${user_id.replace(/[^\w.-]/g, "_")}-export.tar`);
        return "The export was downloaded.";
      }}
    />
  );
}

/** A link can't send the token, so the file comes by a request and is handed to the browser from memory. */
function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
