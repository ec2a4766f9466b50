// What the page gains from scripts: it stays true, filters without a reload, and counts ages up. Without them it is whole.

import { startClock } from "./clock.js";
import { startFilters } from "./filters.js";
import { startKeys } from "./keys.js";
import { startLive } from "./live.js";
import { startLoading } from "./load.js";
import { startSeen } from "./seen.js";

document.documentElement.classList.add("scripted");
startLoading();
startClock();
startFilters();
startKeys();
startLive();
startSeen();
