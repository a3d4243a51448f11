// Builds the viewer: node build.js [FOLDER]. Without a folder, into the Python package.
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2] ? resolve(process.argv[2]) : join(here, "..", "src", "byhand", "render");
const browsers = ["chrome111", "firefox113", "safari16.4"];

await build({
  absWorkingDir: here,
  entryPoints: { viewer: "src/main.js" },
  outdir: folder,
  bundle: true,
  minify: true,
  format: "iife",
  charset: "utf8",
  target: browsers,
  legalComments: "none",
});
await build({
  absWorkingDir: here,
  entryPoints: { viewer: "src/viewer.css" },
  outdir: folder,
  bundle: true,
  minify: true,
  charset: "utf8",
  target: browsers,
  legalComments: "none",
});
for (const name of ["viewer.js", "viewer.css"]) {
  const { length } = await readFile(join(folder, name));
  console.log(`${name} ${(length / 1000).toFixed(1)} kB`);
}
