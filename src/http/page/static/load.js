// Loads the live part of the page anew. Requests carry a number that grows, and an answer is shown only if no later one
// was shown before and its address is still the page's.

import { tick } from "./clock.js";
import { standIns } from "./held.js";
import { morph } from "./morph.js";

let sent = 0;
let shown = 0;
let pending = null;
const listeners = [];

/** A service that does not answer for this long is told of, and asked again. */
const DEADLINE_MS = 15_000;

/** After this long what is shown is no longer vouched for, though the answer may still come. */
const SILENT_MS = 5_000;

/** Calls `listener` with whether the service answered, after each answer. */
export function onAnswer(listener) {
  listeners.push(listener);
}

const address = () => location.pathname + location.search;

/** Asks for the live part of the page's address and shows it. */
export async function load() {
  const number = ++sent;
  const asked = address();
  // What is asked for last says all that those before would have said, so they need not be answered any more.
  const earlier = pending;
  const control = new AbortController();
  const held = document.getElementById("live")?.dataset.tag ?? "";
  const ours = { asked, control, held };
  pending = ours;
  if (earlier && earlier.asked !== asked) earlier.control.abort();
  let text = null;
  const silent = setTimeout(() => tell(false), SILENT_MS);
  try {
    const answer = await fetch(asked, {
      headers: { "dockledger-part": "live", "dockledger-sequence": String(number), ...(held && { "dockledger-held": held }) },
      cache: "no-store",
      signal: AbortSignal.any([control.signal, AbortSignal.timeout(DEADLINE_MS)]),
    });
    if (answer.redirected || answer.status === 401) return location.reload();
    // A row that is gone is told of by a page, too.
    if (answer.ok || answer.status === 404) text = await answer.text();
  } catch {
    if (control.signal.aborted) return;
  } finally {
    clearTimeout(silent);
    if (pending === ours) pending = null;
  }
  if (number < shown || asked !== address()) return;
  if (text !== null) {
    if (!show(text)) return askAnew();
    shown = number;
  }
  tell(text !== null);
}

function tell(isAnswered) {
  for (const listener of listeners) listener(isAnswered);
}

// Of two requests for one address the later one may have been read first.
const isOlder = (fresh, live) => Number(fresh.dataset.revision) < Number(live.dataset.revision);

/** What is shown may be of a ledger that is no more: the next answer is shown whatever its revision. */
export function forget() {
  const live = document.getElementById("live");
  if (live) live.dataset.revision = "0";
}

/** Whether it could be shown: not if it is to be laid upon lines that are shown no more. */
function show(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("live");
  const live = document.getElementById("live");
  if (!fresh || !live || isOlder(fresh, live)) return true;
  const lineOf = standIns(live, fresh);
  if (!lineOf) return false;
  const focused = document.activeElement;
  morph(live, fresh, lineOf);
  // Browsers take the focus from what is moved.
  if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
  tick();
  return true;
}

/** What was answered meanwhile has replaced the lines that were held when this was asked for. */
function askAnew() {
  const live = document.getElementById("live");
  const isOnItsWay = pending?.asked === address() && pending.held === live.dataset.tag;
  if (!isOnItsWay) load();
}

export function startLoading() {
  window.addEventListener("popstate", load);
}
