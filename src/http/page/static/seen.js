// Keeps up to which change the activity was seen. The service reads it from the cookie, so a page without scripts has it too.

import { onAnswer } from "./load.js";

let latest = 0;

export function startSeen() {
  note();
  onAnswer(note);
  // What came while the page was open stays new until it is left.
  window.addEventListener("pagehide", keep);
}

/** The last change that is shown, while nothing narrows what is shown. */
function note() {
  if (!document.getElementById("activity") || location.search) return;
  latest = Math.max(latest, Number(document.getElementById("live").dataset.revision));
}

function keep() {
  if (!latest) return;
  const path = document.documentElement.dataset.base || "/";
  document.cookie = `dockledger_seen=${latest}; Path=${path}; Max-Age=31536000; SameSite=Lax`;
}
