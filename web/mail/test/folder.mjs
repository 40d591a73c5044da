// SPDX-License-Identifier: Apache-2.0
// Builds the page into a temporary folder, for tests.
import {spawnSync} from "node:child_process";
import {mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {fileURLToPath} from "node:url";

export const HERE = fileURLToPath(new URL("..", import.meta.url));

export function temporaryFolder(name) {
	const folder = mkdtempSync(join(tmpdir(), `roost-mail-${name}-`));
	process.on("exit", () => rmSync(folder, {recursive: true, force: true}));
	return folder;
}

export function buildPage() {
	const folder = temporaryFolder("page");
	const done = spawnSync(process.execPath,
		[join(HERE, "build.mjs"), folder, "--no-check"], {stdio: "inherit"});
	if (done.status !== 0)
		process.exit(1);
	return folder;
}
