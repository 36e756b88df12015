// Who did something, in words.

import { text } from "./texts.js";

/** `owner:<app>`, `operator:<id>` and `auto:<operator>` as the service stores them. */
export function author(written) {
  const [role, ...id] = (written ?? "").split(":");
  if (role === "owner") return text("author.owner");
  if (role === "operator") return text("author.operator", { id: id.join(":") });
  if (role === "auto") return text("author.auto", { id: id.join(":") });
  if (role === "schedule") return text("author.schedule");
  return written || "–";
}
