// Coastlines of Natural Earth, which are in the public domain, as a layer of the map.
import L from "leaflet";
import { feature } from "topojson-client";

/**
 * @param {string} pane of the map
 * @returns {Promise<L.Layer>}
 */
export async function coastlines(pane) {
  const { default: atlas } = await import("world-atlas/land-50m.json");
  const topology = /** @type {import("topojson-specification").Topology} */ (/** @type {unknown} */ (atlas));
  const land = topology.objects["land"];
  if (!land) throw new Error("the coastlines are not in their file");
  const style = { className: "coast", fill: false, weight: 1, opacity: 0.9 };
  return L.geoJSON(feature(topology, land), { pane, interactive: false, style });
}
