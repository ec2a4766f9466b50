// Follows the changes of the ledger. A change says only that the page may be old: what is shown is asked for anew.

import { forget, load, onAnswer } from "./load.js";

/** Between a change and asking; what changes meanwhile is in the same answer. */
const GATHER_MS = 80;

/** Between two askings while changes keep coming. */
const BREATH_MS = 500;

/** Freshness changes without a change of a row. */
const REFRESH_MS = 10_000;

/** A screen reader is told of changes no more often than this. */
const QUIET_MS = 15_000;

const words = document.documentElement.dataset;
let asked = 0;
let timer = 0;
let told = 0;
let isOpen = false;
let isAnswered = true;
let stream = null;
let last = "0";
let answeredAt = new Date();

export function startLive() {
  last = document.getElementById("live")?.dataset.revision ?? "0";
  connect(1_000);
  setInterval(() => loadSoon(0), REFRESH_MS);
  document.addEventListener("visibilitychange", () => (document.visibilityState === "visible" ? wake() : sleep()));
  window.addEventListener("pageshow", (event) => event.persisted && wake());
  onAnswer((answered) => {
    isAnswered = answered;
    if (answered) answeredAt = new Date();
    showConnection();
    showSilence();
  });
}

/** A page that nobody sees needs no stream, and browsers open few connections to one service. */
function sleep() {
  stream?.close();
  stream = null;
  isOpen = false;
}

function wake() {
  if (!stream) connect(1_000);
  loadSoon(0);
}

/** The browser itself comes back to a stream that was cut, and not to one that was refused. */
function connect(wait) {
  stream?.close();
  const opened = new EventSource(`${words.base}/api/v1/changes?after=${encodeURIComponent(last)}`);
  stream = opened;
  const noteChange = (event) => {
    if (event.lastEventId) last = event.lastEventId;
    announce();
    loadSoon(GATHER_MS);
  };
  opened.addEventListener("change", noteChange);
  opened.addEventListener("snapshot", (event) => {
    forget();
    noteChange(event);
  });
  opened.addEventListener("open", () => {
    wait = 1_000;
    isOpen = true;
    showConnection();
    loadSoon(0);
  });
  opened.addEventListener("error", () => {
    if (opened !== stream) return;
    isOpen = false;
    showConnection();
    // Whether it was the stream alone.
    loadSoon(0);
    if (opened.readyState !== EventSource.CLOSED) return;
    setTimeout(() => opened === stream && connect(Math.min(wait * 2, 30_000)), wait);
  });
}

function loadSoon(after) {
  if (timer || document.visibilityState !== "visible") return;
  const breath = Math.max(0, asked + BREATH_MS - performance.now());
  timer = setTimeout(() => {
    timer = 0;
    asked = performance.now();
    load();
  }, Math.max(after, breath));
}

function showConnection() {
  const shown = document.getElementById("connection");
  const word = !isOpen ? words.liveOff : isAnswered ? words.liveOn : words.liveStale;
  shown.classList.toggle("off", !isOpen || !isAnswered);
  if (shown.textContent !== word) shown.textContent = word;
}

/** No calm face over what is old: the page says since when nobody vouches for it, and greys it. */
function showSilence() {
  const silence = document.getElementById("silence");
  document.documentElement.classList.toggle("silent", !isAnswered);
  if (!isAnswered && silence.hidden) {
    silence.textContent = words.silence.replace("{time}", answeredAt.toLocaleTimeString("sv-SE"));
  }
  silence.hidden = isAnswered;
}

function announce() {
  if (told && performance.now() - told < QUIET_MS) return;
  told = performance.now();
  const announced = document.getElementById("announce");
  announced.textContent = "";
  setTimeout(() => (announced.textContent = words.changed), 50);
}
