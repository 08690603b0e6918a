// Bundles our modules and their libraries into the web service's static files; `--watch` does so at every change.
import { rmSync } from "node:fs";
import { build, context } from "esbuild";

const target = "../lmsvc/web/static/lib";

/** @type {import("esbuild").BuildOptions} */
const options = {
  entryPoints: ["src/main.js", "src/job.js", "src/new.js", "src/leaflet.css"],
  outdir: target,
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2022"],
  minify: true,
  legalComments: "linked",
  charset: "utf8",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".png": "file" },
  logLevel: "warning",
};

rmSync(target, { recursive: true, force: true });
if (process.argv.includes("--watch")) {
  await (await context(options)).watch();
} else {
  await build(options);
}
