// GeoTIFF as a layer of the map: its first band, drawn on a canvas in the colours of the scale.
import L from "leaflet";
import { fromArrayBuffer } from "geotiff";
import { colour, written } from "./scale.js";

const MOST_PIXELS = 4_000_000;

/**
 * @typedef {object} Grid cells of one band, row after row from the north west
 * @property {ArrayLike<number>} cells
 * @property {number} width
 * @property {number} height
 * @property {[number, number, number, number]} box west, south, east, north in degrees
 * @property {number | null} nothing the value that stands for no data
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
 * @param {string} address
 * @returns {Promise<Grid>}
 */
async function readGrid(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`the service answered ${answer.status}`);
  const image = await (await fromArrayBuffer(await answer.arrayBuffer())).getImage();
  const [west, south, east, north] = image.getBoundingBox();
  if (west === undefined || south === undefined || east === undefined || north === undefined) throw new Error("it names no place");
  if (west < -361 || east > 361 || south < -91 || north > 91) throw new Error("it is not in degrees of longitude and latitude");
  const shrink = Math.max(1, Math.sqrt((image.getWidth() * image.getHeight()) / MOST_PIXELS));
  const [width, height] = [Math.round(image.getWidth() / shrink), Math.round(image.getHeight() / shrink)];
  const rasters = await image.readRasters({ samples: [0], interleave: true, width, height });
  const cells = /** @type {ArrayLike<number>} */ (/** @type {unknown} */ (rasters));
  return { cells, width, height, box: [west, south, east, north], nothing: image.getGDALNoData() };
}

/**
 * @param {Grid} grid
 * @param {number} value
 */
function says(grid, value) {
  return Number.isFinite(value) && value !== grid.nothing && Math.abs(value) < 1e30;
}

/**
 * @param {Grid} grid
 * @returns {[number, number] | null}
 */
function rangeOf(grid) {
  let [low, high] = [Infinity, -Infinity];
  for (let n = 0; n < grid.cells.length; n += 1) {
    const value = grid.cells[n] ?? NaN;
    if (!says(grid, value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
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
  for (let n = 0; n < grid.cells.length; n += 1) {
    const value = grid.cells[n] ?? NaN;
    if (says(grid, value)) picture.data.set([...colour((value - range[0]) / span), 255], 4 * n);
  }
  pen.putImageData(picture, 0, 0);
  return canvas;
}

/**
 * @param {Grid} grid
 * @param {L.LatLng} place
 */
function valueAt({ cells, width, height, box, ...grid }, place) {
  const x = Math.floor(((place.lng - box[0]) / (box[2] - box[0])) * width);
  const y = Math.floor(((box[3] - place.lat) / (box[3] - box[1])) * height);
  if (x < 0 || y < 0 || x >= width || y >= height) return null;
  const value = cells[y * width + x] ?? NaN;
  return says({ cells, width, height, box, ...grid }, value) ? written(value) : "no data";
}

/**
 * @param {string} address
 * @returns {Promise<import("./map.js").Shown>}
 */
export async function readRaster(address) {
  const grid = await readGrid(address);
  const [west, south, east, north] = grid.box;
  const bounds = L.latLngBounds([south, west], [north, east]);
  const range = rangeOf(grid);
  const layer = canvasLayer(paint(grid, range ?? [0, 1]), bounds);
  return { layer, bounds, range, attributes: [], valueAt: (place) => valueAt(grid, place) };
}
