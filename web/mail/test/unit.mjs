// SPDX-License-Identifier: Apache-2.0
// Runs the unit tests: node unit.mjs [PART OF A NAME…]. They are TypeScript, so
// esbuild makes scripts of them first.
import {spawnSync} from "node:child_process";
import {readdirSync} from "node:fs";
import {join} from "node:path";
import {build} from "esbuild";
import {HERE, temporaryFolder} from "./folder.mjs";

const wanted = process.argv.slice(2);
const names = readdirSync(join(HERE, "test/unit")).filter((name) =>
	name.endsWith(".test.ts") && (wanted.length === 0 ||
		wanted.some((part) => name.includes(part))));
const folder = temporaryFolder("unit");
await build({
	absWorkingDir: HERE,
	entryPoints: names.map((name) => join("test/unit", name)),
	outdir: folder,
	outExtension: {".js": ".mjs"},
	bundle: true,
	platform: "node",
	format: "esm",
	target: "node18",
	jsx: "automatic",
	jsxImportSource: "preact",
	loader: {".woff2": "empty"},
	external: ["node:*"],
	inject: [join(HERE, "test/unit/browser.ts")],
	logLevel: "warning",
});
const done = spawnSync(process.execPath, ["--test", ...names.map((name) =>
	join(folder, name.replace(/ts$/, "mjs")))], {stdio: "inherit"});
process.exit(done.status ?? 1);
