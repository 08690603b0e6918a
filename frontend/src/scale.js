// One scale of colours for all maps: dark to light, even to the eye, and told apart by the colour-blind.

// Points of the scale from the smallest to the largest value, red, green, blue: our own, after the manner of viridis.
const POINTS = [
  [68, 2, 86],
  [66, 64, 134],
  [42, 118, 142],
  [34, 168, 132],
  [122, 209, 81],
  [253, 231, 37],
];

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
 * @returns {string} with as many digits as tell values apart
 */
export function written(value) {
  return Number.isInteger(value) && Math.abs(value) < 1e6 ? String(value) : String(Number(value.toPrecision(4)));
}

/**
 * @param {HTMLElement} legend gets the scale
 * @param {[number, number] | null} range
 * @returns {HTMLElement} where the value under the pointer is written
 */
export function drawScale(legend, range) {
  const value = document.createElement("span");
  legend.replaceChildren();
  if (range) {
    const canvas = document.createElement("canvas");
    canvas.width = 256;
    canvas.height = 1;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Colours from ${written(range[0])} to ${written(range[1])}`);
    const pen = canvas.getContext("2d");
    for (let x = 0; pen && x < 256; x += 1) {
      pen.fillStyle = `rgb(${colour(x / 255).join(" ")})`;
      pen.fillRect(x, 0, 1, 1);
    }
    legend.append(written(range[0]), canvas, written(range[1]));
  }
  legend.append(value);
  return value;
}
