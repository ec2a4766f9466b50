// Counts ages up, in the page's language and by the service's clock.

/** Limits and divisors in seconds, as the service has them: up to 2 min, 2 h, 2 d, beyond. */
const STEPS = [
  [120, 1],
  [7_200, 60],
  [172_800, 3_600],
  [Infinity, 86_400],
];

const root = document.documentElement;
const units = (root.dataset.units ?? "").split(" ");
let ahead = 0;

function ageText(millis) {
  const seconds = Math.max(0, Math.floor(millis / 1_000));
  const step = STEPS.findIndex(([limit]) => seconds < limit);
  return `${Math.floor(seconds / STEPS[step][1])} ${units[step]}`;
}

// Swedes write days as the service does.
const local = new Intl.DateTimeFormat("sv-SE", {
  year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  hourCycle: "h23", timeZoneName: "short",
});

/** Brings every age up to now, and tells moments by the visitor's own clock. */
export function tick() {
  for (const time of document.querySelectorAll("time[data-moment]")) {
    const text = local.format(new Date(time.dateTime));
    if (time.textContent !== text) time.textContent = text;
  }
  const now = Date.now() - ahead;
  for (const time of document.querySelectorAll("time[data-at]")) {
    const age = ageText(now - Number(time.dataset.at));
    const text = "ago" in time.dataset ? root.dataset.ago.replace("{age}", age) : age;
    if (time.textContent !== text) time.textContent = text;
  }
}

export function startClock() {
  ahead = Date.now() - Number(document.getElementById("live")?.dataset.now ?? Date.now());
  tick();
  setInterval(tick, 1_000);
}
