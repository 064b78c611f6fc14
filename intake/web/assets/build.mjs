// Writes what the browser gets into the folder named by the first argument: app.css, app.js, favicon.svg, licences.
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { build } from "esbuild-wasm";
import { compileAsync } from "sass";

const folder = process.argv[2];
await mkdir(folder, { recursive: true });

const { css } = await compileAsync("app.scss", { loadPaths: ["node_modules"], style: "compressed", quietDeps: true });
await writeFile(`${folder}/app.css`, css);

await build({
  entryPoints: ["app.js"],
  outfile: `${folder}/app.js`,
  bundle: true,
  format: "esm",
  legalComments: "none",
  logLevel: "warning",
  minify: true,
  target: "es2020",
});

for (const name of ["favicon.svg", "licences.txt"]) {
  await copyFile(name, `${folder}/${name}`);
}
