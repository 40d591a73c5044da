// SPDX-License-Identifier: Apache-2.0
// Runs the tests in Chromium: node browser.mjs [PART OF A NAME…]
import {spawnSync} from "node:child_process";
import {readdirSync} from "node:fs";
import {join} from "node:path";
import {buildPage, HERE} from "./folder.mjs";

const wanted = process.argv.slice(2);
const folder = join(HERE, "test/browser");
const names = readdirSync(folder).filter((name) => name.endsWith(".test.mjs") &&
	(wanted.length === 0 || wanted.some((part) => name.includes(part))));
const done = spawnSync(process.execPath, ["--test", ...names.map((name) => join(folder, name))],
	{stdio: "inherit", env: {...process.env,
		ROOST_PAGE: process.env.ROOST_PAGE ?? buildPage()}});
process.exit(done.status ?? 1);
