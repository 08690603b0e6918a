// Maps of results: a raster or features over coastlines, with a colour scale. Nothing comes from another server.
import L from "leaflet";
import { coastlines } from "./coastlines.js";
import { readFeatures } from "./features.js";
import { readRaster } from "./raster.js";
import { drawScale } from "./scale.js";

/**
 * @typedef {object} Shown what was read of a file and stands on the map
 * @property {L.Layer} layer
 * @property {L.LatLngBounds} bounds
 * @property {import("./scale.js").Measured} measured what its colours stand for
 * @property {string[]} attributes numbers that features may be coloured by
 * @property {(latlng: L.LatLng) => string | null} valueAt what a place says, as text
 */

const PADDING = /** @type {[number, number]} */ ([10, 10]);

/** @param {HTMLElement} ground */
function makeMap(ground) {
  const map = L.map(ground, { crs: L.CRS.EPSG4326, attributionControl: false, zoomSnap: 0.25, minZoom: -1, maxZoom: 14 });
  map.createPane("coast").style.zIndex = "450";
  map.setView([0, 0], 0);
  void coastlines("coast").then((layer) => layer.addTo(map));
  L.control.scale({ imperial: false }).addTo(map);
  return map;
}

/** One figure: its choice of files, its map, its legend. */
class Figure {
  /** @param {HTMLElement} figure */
  constructor(figure) {
    const part = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (figure.querySelector(selector));
    this.files = /** @type {HTMLSelectElement} */ (part("select"));
    this.attributeLabel = part(".attribute");
    this.attributes = /** @type {HTMLSelectElement} */ (part(".attribute select"));
    this.legend = part(".scale");
    figure.hidden = false;
    this.map = makeMap(part(".ground"));
    /** @type {Shown | null} */
    this.shown = null;
    this.files.addEventListener("change", () => void this.load());
    this.attributes.addEventListener("change", () => void this.load(this.attributes.value));
    this.map.on("mousemove click", (event) => this.say(/** @type {L.LeafletMouseEvent} */ (event).latlng));
    this.map.on("moveend", () => {
      if (part(".ground").contains(document.activeElement)) this.say(this.map.getCenter());
    });
    void this.load();
  }

  /** @param {string} [attribute] */
  async load(attribute) {
    const option = this.files.selectedOptions[0];
    if (!option) return;
    this.legend.textContent = "Reading the file…";
    try {
      const read = option.dataset["kind"] === "raster" ? readRaster : readFeatures;
      this.show(await read(option.value, attribute), attribute);
    } catch (error) {
      this.legend.textContent = `This file cannot be shown as a map: ${error instanceof Error ? error.message : error}`;
    }
  }

  /**
   * @param {Shown} shown
   * @param {string} [attribute]
   */
  show(shown, attribute) {
    this.shown?.layer.remove();
    this.shown = shown;
    shown.layer.addTo(this.map);
    if (!attribute) this.map.fitBounds(shown.bounds, { padding: PADDING, animate: false });
    this.offer(shown.attributes, attribute);
    this.value = drawScale(this.legend, shown.measured, this.title(attribute ?? shown.attributes[0]));
  }

  /**
   * @param {string} [attribute]
   * @returns {string} what the numbers of the map are
   */
  title(attribute) {
    const meaning = this.files.selectedOptions[0]?.dataset["meaning"] ?? "";
    return attribute ? `Colours show ${attribute}` : meaning;
  }

  /**
   * @param {string[]} attributes
   * @param {string} [chosen]
   */
  offer(attributes, chosen) {
    this.attributeLabel.hidden = attributes.length < 2;
    if (chosen) return;
    this.attributes.replaceChildren(...attributes.map((name) => new Option(name, name)));
  }

  /** @param {L.LatLng} place */
  say(place) {
    const value = this.shown?.valueAt(place);
    const where = `${Math.abs(place.lat).toFixed(3)}° ${place.lat < 0 ? "S" : "N"}, ${Math.abs(place.lng).toFixed(3)}° ${place.lng < 0 ? "W" : "E"}`;
    if (this.value) this.value.textContent = value ? `${value} at ${where}` : where;
  }
}

/** @param {HTMLElement} figure */
export function showMap(figure) {
  new Figure(figure);
}
