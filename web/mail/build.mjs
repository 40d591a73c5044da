// SPDX-License-Identifier: Apache-2.0
// Builds the page: node build.mjs FOLDER [--watch] [--no-check]
//
// FOLDER is emptied first. What is in static/ keeps its name. Scripts, styles
// and fonts have a hash in their names, so that browsers may keep them for ever;
// index.html names them.
import {spawnSync} from "node:child_process";
import {cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {dirname, join, resolve} from "node:path";
import {fileURLToPath} from "node:url";
import {context} from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const BASE = "/mail/";
const MAIN = "src/main.tsx";

// The names of the outputs, in place of {{script}} and {{style}}.
function writePage(outputs, folder) {
	// Parts that are imported later are entry points, too.
	const [script, {cssBundle}] = Object.entries(outputs)
		.find(([, output]) => output.entryPoint === MAIN);
	const named = (path) => BASE + path.split("/").pop();
	const page = readFileSync(join(here, "static/index.html"), "utf8")
		.replace("{{script}}", named(script))
		.replace("{{style}}", named(cssBundle));
	writeFileSync(join(folder, "index.html"), page);
}

// The licences of what becomes a part of the page. They ask to be passed on.
function writeLicenses(folder) {
	const lock = JSON.parse(readFileSync(join(here, "package-lock.json"), "utf8"));
	const texts = Object.entries(lock.packages)
		.filter(([path, one]) => path.startsWith("node_modules/") && !one.dev && !one.devOptional)
		.map(([path, one]) => {
			const name = path.replace(/.*node_modules\//, "");
			const file = readdirSync(join(here, path)).find((one) => /^licen[cs]e/i.test(one));
			const text = file ? readFileSync(join(here, path, file), "utf8") : one.license;
			return `${name} ${one.version} (${one.license})\n\n${text.trim()}\n`;
		});
	writeFileSync(join(folder, "licenses.txt"), "What others made, and the web mail uses.\n\n" +
		texts.join("\n" + "-".repeat(78) + "\n\n"));
}

// What the service worker keeps: all but itself, and fonts of other scripts.
function writeWorker(folder) {
	const names = readdirSync(folder).filter((name) => !["worker.js", "licenses.txt"].includes(name) &&
		!/^inter-(?!latin)/.test(name) && name !== "index.html");
	names.push("frame-pictures.html");
	const worker = readFileSync(join(here, "static/worker.js"), "utf8")
		.replace("/* FILES */", names.map((name) => JSON.stringify(name)).join(", "));
	writeFileSync(join(folder, "worker.js"), worker);
}

function options(folder, watch) {
	return {
		absWorkingDir: here,
		entryPoints: [MAIN],
		outdir: folder,
		entryNames: "app-[hash]",
		chunkNames: "part-[hash]",
		assetNames: "[name]-[hash]",
		publicPath: BASE.slice(0, -1),
		bundle: true,
		splitting: true,
		format: "esm",
		target: ["chrome111", "firefox115", "safari16.4"],
		jsx: "automatic",
		jsxImportSource: "preact",
		minify: !watch,
		sourcemap: watch ? "inline" : false,
		legalComments: "none",
		loader: {".woff2": "file", ".svg": "file"},
		metafile: true,
		logLevel: "warning",
		plugins: [{
			name: "page",
			setup(build) {
				build.onEnd((result) => {
					if (result.metafile)
						writePage(result.metafile.outputs, folder);
					writeWorker(folder);
				});
			},
		}],
	};
}

function check() {
	const done = spawnSync(process.execPath,
		[join(here, "node_modules/typescript/bin/tsc"), "-p", here],
		{stdio: "inherit"});
	return done.status === 0;
}

const [folder, ...flags] = process.argv.slice(2);
if (!folder) {
	console.error("node build.mjs FOLDER [--watch] [--no-check]");
	process.exit(2);
}
const out = resolve(folder);
rmSync(out, {recursive: true, force: true});
mkdirSync(out, {recursive: true});
cpSync(join(here, "static"), out, {recursive: true});
writeLicenses(out);
const watch = flags.includes("--watch");
const build = await context(options(out, watch));
if (watch) {
	await build.watch();
} else {
	let good = true;
	try {
		await build.rebuild();
	} catch {
		good = false; // esbuild has said why
	}
	await build.dispose();
	if (good && !flags.includes("--no-check"))
		good = check();
	process.exit(good ? 0 : 1);
}
