// SPDX-License-Identifier: Apache-2.0
// The page with the mock server, built again when a file changes:
// node dev.mjs [PORT [COUNT]]
import {spawn} from "node:child_process";
import {join} from "node:path";
import {HERE, temporaryFolder} from "./folder.mjs";
import {startMock} from "./mock/server.mjs";

const [port = "8500", count = "20000"] = process.argv.slice(2);
const folder = temporaryFolder("dev");
const build = spawn(process.execPath, [join(HERE, "build.mjs"), folder, "--watch"],
	{stdio: ["pipe", "inherit", "inherit"]});
const mock = await startMock({folder, port: Number(port), count: Number(count)});
console.log(`${mock.url} (demo / demo); Ctrl-C ends it`);
process.on("SIGINT", () => {
	build.kill();
	process.exit(0);
});
