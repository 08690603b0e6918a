// Moments in the reader's own time zone, and durations that go on while something runs.

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/**
 * @param {number} seconds
 * @returns {string} as the server writes them: `4.1 s`, `3 min 05 s`, `2 h 07 min`, `3 d 04 h`
 */
export function duration(seconds) {
  const whole = Math.round(Math.max(0, seconds));
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  if (seconds < MINUTE) return `${Math.max(0, seconds).toFixed(1)} s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min ${two(whole % MINUTE)} s`;
  if (whole < 2 * DAY) return `${Math.floor(whole / HOUR)} h ${two(Math.floor((whole % HOUR) / MINUTE))} min`;
  return `${Math.floor(whole / DAY)} d ${two(Math.floor((whole % DAY) / HOUR))} h`;
}

/** @param {Date} moment */
function local(moment) {
  return moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

/** @param {ParentNode} root */
export function show(root) {
  for (const element of root.querySelectorAll("time[datetime]:not([data-since])")) {
    const moment = new Date(element.getAttribute("datetime") ?? "");
    if (Number.isNaN(moment.getTime())) continue;
    element.setAttribute("title", moment.toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC"));
    element.textContent = local(moment);
  }
}

function tick() {
  for (const element of document.querySelectorAll("time[data-since]")) {
    const began = Number(element.getAttribute("data-since"));
    element.textContent = duration(Date.now() / 1000 - began);
  }
}

setInterval(() => document.hidden || tick(), 1000);
