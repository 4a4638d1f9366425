// Builds the editor from source/ into the folder given: editor.js, editor.css, and the licences of what is in them.
// Packages are found by NODE_PATH, so that none of them lies among the sources.
"use strict";

const { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } = require("node:fs");
const path = require("node:path");
const esbuild = require("esbuild");

const [packages, target] = [process.env.NODE_PATH, process.argv[2]].map((folder) => path.resolve(folder));

/** The text of a package's licence, or the identifier where it ships none. */
function licenceOf(folder, about) {
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)(\.|$|-)/i.test(name));
  return file ? readFileSync(path.join(folder, file), "utf8").trim() : `Licence: ${about.license}`;
}

/** All packages that the lock has for the page itself, with their licences. */
function licences() {
  const lock = JSON.parse(readFileSync(path.join(__dirname, "package-lock.json"), "utf8"));
  return Object.entries(lock.packages)
    .filter(([place, about]) => place && !about.dev && !about.optional)
    .map(([place, about]) => [path.join(packages, "..", place), about])
    .filter(([folder]) => existsSync(folder))
    .map(([folder, about]) => `${path.relative(packages, folder)} ${about.version}\n\n${licenceOf(folder, about)}\n`)
    .join("\n----------------------------------------------------------------\n\n");
}

esbuild.buildSync({
  entryPoints: { editor: path.join(__dirname, "source", "main.js") },
  outdir: target,
  bundle: true,
  nodePaths: [packages],
  minify: true,
  format: "iife",
  target: ["es2020"],
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
});
mkdirSync(target, { recursive: true });
writeFileSync(path.join(target, "licences.txt"), licences());
