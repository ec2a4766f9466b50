// Filters without a reload: what is typed or chosen goes into the address, and the page follows the address.

import { load, onAnswer } from "./load.js";

/** After the last key; shorter than anybody notices, longer than between two keys of one word. */
const PAUSE_MS = 60;

let timer = 0;

export function startFilters() {
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "filters") return;
    event.preventDefault();
    follow(formAddress(event.target), false);
  });
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form?.id !== "filters" || event.isComposing) return;
    const isTyping = event.target.type === "search";
    clearTimeout(timer);
    if (isTyping) hideWhatLacks(event.target.value);
    timer = setTimeout(() => follow(formAddress(form), isTyping), isTyping ? PAUSE_MS : 0);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(".chips a, .sorts a, a.reset");
    if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    if (link.matches(".reset")) {
      const text = document.getElementById("text");
      text.value = "";
      text.focus();
    }
    follow(link.getAttribute("href"), false);
  });
  // What has the focus is left to who types, but not where the address says something else.
  window.addEventListener("popstate", () => {
    const text = document.getElementById("text");
    if (text) text.value = new URLSearchParams(location.search).get("text") ?? "";
  });
  onAnswer((isAnswered) => {
    if (isAnswered) for (const row of document.querySelectorAll("tr[hidden]")) row.hidden = false;
  });
}

/** The address of a form without what is empty. */
function formAddress(form) {
  const given = [...new FormData(form)].filter(([, value]) => value !== "");
  const query = new URLSearchParams(given).toString();
  const page = form.getAttribute("action");
  return query ? `${page}?${query}` : page;
}

/** Each choice is a step back; the letters of one search are one step together. */
function follow(address, isTyping) {
  if (address === location.pathname + location.search) return;
  const goesOn = isTyping && history.state?.isTyping;
  history[goesOn ? "replaceState" : "pushState"]({ isTyping }, "", address);
  load();
}

/** At once, until the service's own answer: rows without the words cannot be in it, unless they are found by what is not
 * shown, such as ids. */
function hideWhatLacks(text) {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word.length > 1);
  if (words.some((word) => /^[0-9a-f]{4,}$/.test(word))) return;
  for (const row of document.querySelectorAll(".rows tbody tr, .filtered tbody tr")) {
    const held = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => held.includes(word));
  }
}
