// One scale of colours for all maps: dark to light, even to the eye, and told apart by the colour-blind.

/**
 * @typedef {object} Measured what a map's colours stand for
 * @property {[number, number] | null} range smallest and largest value; null where there are no numbers
 * @property {string} unit of the values; empty where the file names none
 * @property {boolean} whole whether all values are whole numbers
 * @property {boolean} gaps whether some places have no value
 */

// Points of the scale from the smallest to the largest value, red, green, blue: our own, after the manner of viridis.
const POINTS = [
  [68, 2, 86],
  [66, 64, 134],
  [42, 118, 142],
  [34, 168, 132],
  [122, 209, 81],
  [253, 231, 37],
];
const PARTS = 4;
const ROOM = 0.13;

/**
 * @param {number} part of the way from the smallest to the largest value, 0 to 1
 * @returns {[number, number, number]} red, green, blue
 */
export function colour(part) {
  const place = Math.min(1, Math.max(0, part)) * (POINTS.length - 1);
  const first = Math.min(POINTS.length - 2, Math.floor(place));
  const [from, to] = [POINTS[first] ?? [0, 0, 0], POINTS[first + 1] ?? [0, 0, 0]];
  const mix = (/** @type {number} */ n) => Math.round((from[n] ?? 0) + ((to[n] ?? 0) - (from[n] ?? 0)) * (place - first));
  return [mix(0), mix(1), mix(2)];
}

/**
 * @param {number} value
 * @param {string} [unit]
 * @returns {string} with as many digits as tell values apart
 */
export function written(value, unit = "") {
  const number = Number.isInteger(value) && Math.abs(value) < 1e6 ? String(value) : String(Number(value.toPrecision(4)));
  return unit ? `${number} ${unit}` : number;
}

/**
 * @param {[number, number]} range
 * @param {boolean} whole
 * @returns {number[]} values to be written below the scale: both ends, and round ones between
 */
export function ticksOf([low, high], whole) {
  if (low === high) return [low];
  const rough = (high - low) / PARTS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max([1, 2, 2.5, 5].map((n) => n * power).find((n) => n >= rough) ?? 10 * power, whole ? 1 : 0);
  const even = whole ? Math.round(step) : step;
  const between = [];
  for (let value = Math.ceil(low / even) * even; value < high; value += even) {
    const part = (value - low) / (high - low);
    if (part > ROOM && part < 1 - ROOM) between.push(value);
  }
  return [low, ...between, high];
}

/**
 * @param {string} name of the element
 * @param {string} [className]
 * @param {string} [text]
 */
function element(name, className = "", text = "") {
  return Object.assign(document.createElement(name), { className, textContent: text });
}

/** @param {[number, number]} range @param {Measured} measured */
function ramp(range, { unit, whole }) {
  const place = element("div", "ramp");
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [256, 1];
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `Colours from ${written(range[0], unit)} to ${written(range[1], unit)}`);
  const pen = canvas.getContext("2d");
  for (let x = 0; pen && x < 256; x += 1) {
    pen.fillStyle = `rgb(${colour(x / 255).join(" ")})`;
    pen.fillRect(x, 0, 1, 1);
  }
  const ticks = element("div", "ticks");
  for (const value of ticksOf(range, whole)) {
    const tick = ticks.appendChild(element("span", "", written(value)));
    tick.style.left = `${(100 * (value - range[0])) / (range[1] - range[0] || 1)}%`;
  }
  place.append(canvas, ticks);
  return place;
}

/**
 * @param {HTMLElement} legend gets the scale
 * @param {Measured} measured
 * @param {string} title what the numbers are
 * @returns {HTMLElement} where the value under the pointer is written
 */
export function drawScale(legend, measured, title) {
  const value = element("p", "value");
  value.setAttribute("aria-live", "polite");
  const unit = measured.unit ? `in ${measured.unit}` : "";
  legend.replaceChildren(element("p", "what", title && unit ? `${title}, ${unit}` : title || (unit && `Values ${unit}`)));
  if (measured.range) legend.append(ramp(measured.range, measured));
  if (measured.range && measured.gaps) legend.append(element("p", "soft", "Where nothing is drawn there is no data."));
  legend.append(value);
  return value;
}
