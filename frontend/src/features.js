// GeoJSON as a layer of the map, coloured by one of the numbers its features have.
import L from "leaflet";
import { colour, written } from "./scale.js";

const LARGEST_BYTES = 60_000_000;

/**
 * @param {GeoJSON.FeatureCollection} collection
 * @returns {string[]} names of properties that are numbers
 */
function numbersOf(collection) {
  const found = new Set();
  for (const { properties } of collection.features.slice(0, 200)) {
    for (const [name, value] of Object.entries(properties ?? {})) if (typeof value === "number") found.add(name);
  }
  return [...found].map(String);
}

/**
 * @param {GeoJSON.FeatureCollection} collection
 * @param {string} name
 * @returns {import("./scale.js").Measured}
 */
function measure(collection, name) {
  const values = collection.features.map(({ properties }) => properties?.[name]);
  const numbers = values.filter((value) => typeof value === "number" && Number.isFinite(value));
  const [low, high] = numbers.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [
    Infinity,
    -Infinity,
  ]);
  const range = /** @type {[number, number] | null} */ (low <= high ? [low, high] : null);
  return { range, unit: "", whole: numbers.every(Number.isInteger), gaps: numbers.length < values.length };
}

/**
 * @param {string} address
 * @param {string} [attribute] to colour by; the first number where there is none
 * @returns {Promise<import("./map.js").Shown>}
 */
export async function readFeatures(address, attribute) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`the service answered ${answer.status}`);
  if (Number(answer.headers.get("Content-Length")) > LARGEST_BYTES) throw new Error("it is too large");
  const collection = /** @type {GeoJSON.FeatureCollection} */ (await answer.json());
  const attributes = numbersOf(collection);
  const chosen = attribute ?? attributes[0] ?? "";
  const measured = measure(collection, chosen);
  const range = measured.range;
  let said = /** @type {string | null} */ (null);
  const layer = L.geoJSON(collection, /** @type {L.GeoJSONOptions} */ ({
    renderer: L.canvas(),
    style: (feature) => style(feature?.properties?.[chosen], range),
    pointToLayer: (feature, place) => L.circleMarker(place, { radius: 4, ...style(feature.properties?.[chosen], range) }),
    onEachFeature: (feature, part) => {
      part.on("mouseover", () => (said = described(feature, chosen)));
      part.on("mouseout", () => (said = null));
    },
  }));
  const bounds = layer.getBounds();
  if (!bounds.isValid()) throw new Error("it has no places");
  return { layer, bounds, measured, attributes, valueAt: () => said };
}

/**
 * @param {unknown} value
 * @param {[number, number] | null} range
 * @returns {L.PathOptions}
 */
function style(value, range) {
  if (typeof value !== "number" || !range) return { weight: 0.5, color: "#888888", fillOpacity: 0 };
  const fill = `rgb(${colour((value - range[0]) / (range[1] - range[0] || 1)).join(" ")})`;
  return { stroke: true, weight: 0.4, color: fill, fillColor: fill, fillOpacity: 0.85 };
}

/**
 * @param {GeoJSON.Feature} feature
 * @param {string} name
 */
function described(feature, name) {
  const value = feature.properties?.[name];
  return typeof value === "number" ? `${name} ${written(value)}` : null;
}
