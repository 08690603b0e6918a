// GeoTIFF as a layer of the map: its first band, drawn on a canvas in the colours of the scale.
import L from "leaflet";
import { fromArrayBuffer } from "geotiff";
import { colour, written } from "./scale.js";

const MOST_PIXELS = 4_000_000;
const FAR_FROM_DATA = 1e30;

/** @typedef {import("geotiff").GeoTIFFImage} Image */

/**
 * @typedef {object} Grid cells of one band, row after row from the north west
 * @property {Float64Array} cells NaN where there is no data
 * @property {number} width
 * @property {number} height
 * @property {[number, number, number, number]} box west, south, east, north in degrees
 * @property {string} unit of the values; empty where the file names none
 */

/** A canvas that lies on its place of the map, whatever the map shows. */
const CanvasLayer = L.Layer.extend({
  /** @this {L.Layer & { canvas: HTMLCanvasElement, bounds: L.LatLngBounds, place: () => void }} */
  onAdd(/** @type {L.Map} */ map) {
    this.canvas.classList.add("leaflet-image-layer");
    map.getPanes().overlayPane.append(this.canvas);
    map.on("zoomend viewreset moveend", this.place, this);
    this.place();
    return this;
  },
  /** @this {L.Layer & { canvas: HTMLCanvasElement, bounds: L.LatLngBounds, place: () => void }} */
  onRemove(/** @type {L.Map} */ map) {
    map.off("zoomend viewreset moveend", this.place, this);
    this.canvas.remove();
    return this;
  },
});

/**
 * @param {HTMLCanvasElement} canvas
 * @param {L.LatLngBounds} bounds
 * @returns {L.Layer}
 */
function canvasLayer(canvas, bounds) {
  const layer = new CanvasLayer();
  const place = () => {
    const map = /** @type {L.Map} */ (/** @type {{ _map: unknown }} */ (layer)._map);
    const [top, bottom] = [map.latLngToLayerPoint(bounds.getNorthWest()), map.latLngToLayerPoint(bounds.getSouthEast())];
    L.DomUtil.setPosition(canvas, top);
    canvas.style.width = `${bottom.x - top.x}px`;
    canvas.style.height = `${bottom.y - top.y}px`;
  };
  return Object.assign(layer, { canvas, bounds, place });
}

/**
 * @param {Image} image
 * @returns {[number, number, number, number]}
 */
function boxOf(image) {
  const [west, south, east, north] = image.getBoundingBox();
  if (west === undefined || south === undefined || east === undefined || north === undefined) throw new Error("it names no place");
  if (west < -361 || east > 361 || south < -91 || north > 91) throw new Error("it is not in degrees of longitude and latitude");
  return [west, south, east, north];
}

/**
 * @param {Image} image
 * @returns {Promise<{ unit: string, scale: number, offset: number }>} what the file says of its first band
 */
async function bandOf(image) {
  const told = /** @type {Record<string, string>} */ ((await Promise.resolve(image.getGDALMetadata(0))) ?? {});
  const number = (/** @type {string | undefined} */ text, /** @type {number} */ otherwise) =>
    text !== undefined && Number.isFinite(Number(text)) ? Number(text) : otherwise;
  return { unit: told["UNITTYPE"] ?? told["units"] ?? "", scale: number(told["SCALE"], 1), offset: number(told["OFFSET"], 0) };
}

/**
 * @param {string} address
 * @returns {Promise<Grid>}
 */
async function readGrid(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`the service answered ${answer.status}`);
  const image = await (await fromArrayBuffer(await answer.arrayBuffer())).getImage();
  const [box, band] = [boxOf(image), await bandOf(image)];
  const shrink = Math.max(1, Math.sqrt((image.getWidth() * image.getHeight()) / MOST_PIXELS));
  const [width, height] = [Math.round(image.getWidth() / shrink), Math.round(image.getHeight() / shrink)];
  const rasters = await image.readRasters({ samples: [0], interleave: true, width, height });
  const raw = /** @type {ArrayLike<number>} */ (/** @type {unknown} */ (rasters));
  return { cells: valuesOf(raw, image.getGDALNoData(), band), width, height, box, unit: band.unit };
}

/**
 * @param {ArrayLike<number>} raw as they stand in the file
 * @param {number | null} nothing the number that stands for no data
 * @param {{ scale: number, offset: number }} band
 */
function valuesOf(raw, nothing, { scale, offset }) {
  const none = nothing !== null && raw instanceof Float32Array ? Math.fround(nothing) : nothing;
  const values = new Float64Array(raw.length);
  for (let n = 0; n < raw.length; n += 1) {
    const value = raw[n] ?? NaN;
    values[n] = value === none || Math.abs(value) > FAR_FROM_DATA ? NaN : value * scale + offset;
  }
  return values;
}

/**
 * @param {Float64Array} cells
 * @returns {import("./scale.js").Measured}
 */
function measure(cells) {
  let [low, high, gaps, whole] = [Infinity, -Infinity, false, true];
  for (const value of cells) {
    if (Number.isNaN(value)) {
      gaps = true;
      continue;
    }
    if (value < low) low = value;
    if (value > high) high = value;
    if (whole && !Number.isInteger(value)) whole = false;
  }
  return { range: low <= high ? [low, high] : null, gaps, whole, unit: "" };
}

/**
 * @param {Grid} grid
 * @param {[number, number]} range
 */
function paint(grid, range) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [grid.width, grid.height];
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("this browser draws no pictures");
  const picture = pen.createImageData(grid.width, grid.height);
  const span = range[1] - range[0] || 1;
  grid.cells.forEach((value, n) => {
    if (!Number.isNaN(value)) picture.data.set([...colour((value - range[0]) / span), 255], 4 * n);
  });
  pen.putImageData(picture, 0, 0);
  return canvas;
}

/**
 * @param {Grid} grid
 * @param {L.LatLng} place
 */
function valueAt({ cells, width, height, box, unit }, place) {
  const x = Math.floor(((place.lng - box[0]) / (box[2] - box[0])) * width);
  const y = Math.floor(((box[3] - place.lat) / (box[3] - box[1])) * height);
  if (x < 0 || y < 0 || x >= width || y >= height) return null;
  const value = cells[y * width + x] ?? NaN;
  return Number.isNaN(value) ? "no data" : written(value, unit);
}

/**
 * @param {string} address
 * @returns {Promise<import("./map.js").Shown>}
 */
export async function readRaster(address) {
  const grid = await readGrid(address);
  const [west, south, east, north] = grid.box;
  const bounds = L.latLngBounds([south, west], [north, east]);
  const measured = { ...measure(grid.cells), unit: grid.unit };
  const layer = canvasLayer(paint(grid, measured.range ?? [0, 1]), bounds);
  return { layer, bounds, measured, attributes: [], valueAt: (place) => valueAt(grid, place) };
}
