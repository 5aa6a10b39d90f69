#!/usr/bin/env node
// npm's solc (WebAssembly) behind the part of native solc's command line that brownie, forge and headwater use:
// `--version` and `--standard-json [FILE]`, with `--base-path` and `--include-path` for imports.
// `--allow-paths` is not needed: imports are read below those paths and the working directory only.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const solc = require("solc");

const args = process.argv.slice(2);

function options(name) {
  return args.flatMap((arg, i) =>
    arg === name ? [args[i + 1]] : arg.startsWith(`${name}=`) ? [arg.slice(name.length + 1)] : [],
  );
}

function readImport(name) {
  for (const base of [...roots, process.cwd()]) {
    const file = path.resolve(base, name);
    const inside = !path.relative(base, file).startsWith("..");
    if (inside && fs.existsSync(file)) return { contents: fs.readFileSync(file, "utf8") };
  }
  return { error: `File not found: ${name}. Searched: ${roots.join(", ") || process.cwd()}` };
}

const roots = [...options("--base-path"), ...options("--include-path")].map((root) => path.resolve(root));

if (args.includes("--version")) {
  // callers parse the platform too; the bytecode of both builds is the same
  const version = solc.version().replace("Emscripten.clang", "Linux.g++");
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
} else if (args.includes("--standard-json")) {
  const next = args[args.indexOf("--standard-json") + 1];
  const source = next && !next.startsWith("-") ? fs.createReadStream(next) : process.stdin;
  let input = "";
  source.setEncoding("utf8");
  source.on("data", (chunk) => {
    input += chunk;
  });
  source.on("end", () => process.stdout.write(`${solc.compile(input, { import: readImport })}\n`));
} else {
  process.stderr.write("solc (npm): only --version and --standard-json [FILE] are understood\n");
  process.exitCode = 1;
}
