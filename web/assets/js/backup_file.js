// A backup: one JSON file that the server makes and takes back as a whole. Of passwords it has hashes alone.
import { download, request, today } from "./api.js";
import { t } from "./i18n.js";

const kVersion = 1;

export const save_backup = () => download("/backup", { name: `tipring-${location.hostname}-${today()}.json` });

// What it says of itself; the server checks the rest.
export function read_backup(text) {
  let backup = null;
  try { backup = JSON.parse(text); } catch { /* told below */ }
  if (!backup?.tipring_backup || !Array.isArray(backup.users) || !Array.isArray(backup.groups)) throw new Error(t("backup.no_backup"));
  if (backup.tipring_backup > kVersion) throw new Error(t("backup.newer", { version: backup.tipring_backup }));
  return backup;
}

// What the file has takes the place of what has the same name; others stay. With a fault nothing is changed.
export async function restore_backup(text, with_settings) {
  const { data } = await request("POST", "/restore", { query: { settings: with_settings ? "yes" : "no" }, body: text, type: "application/json", patience: 300000 });
  if (data.settings_refused) throw new Error(data.settings_refused);
  return data;
}
