// SPDX-License-Identifier: Apache-2.0
// lib/editable.ts in Chromium: what comes into the editor, and what leaves it.
import assert from "node:assert/strict";
import {join} from "node:path";
import {after, before, test} from "node:test";
import {build} from "esbuild";
import {HERE, temporaryFolder} from "../folder.mjs";
import {launch} from "./browser.mjs";

let browser, page;
before(async () => {
	const outfile = join(temporaryFolder("editable"), "editable.js");
	await build({absWorkingDir: HERE, entryPoints: ["src/lib/editable.ts"], outfile,
		bundle: true, format: "iife", globalName: "editable", logLevel: "warning"});
	browser = await launch();
	page = await browser.newPage();
	await page.addScriptTag({path: outfile});
});
after(() => browser.close());

// HTML in, HTML out.
const CLEAN = [
	["<p>a <b>b</b> <i>c</i></p>", "<p>a <b>b</b> <i>c</i></p>"],
	["<p onclick=x>a</p><script>b</script>", "<p>a</p>"],
	["<a href='https://x.example' target=_blank ping=//x>a</a>", '<a href="https://x.example">a</a>'],
	["<a href='javascript:x'>a</a>", "<a>a</a>"],
	["<a href='data:text/html,x'>a</a>", "<a>a</a>"],
	["<img src='cid:A%40b'>", '<img data-cid="A@b">'],
	["<img src=' CID:a@b '>", '<img data-cid="a@b">'],
	["<img src='data:image/png;base64,AA=='>", '<img src="data:image/png;base64,AA==">'],
	["<img src='data:image/svg+xml,x'>", "<img>"],
	["<img src='https://x.example/a' srcset='https://x.example/b 2x'>", '<img src="https://x.example/a">'],
	["<style>p{color:red}</style><p>a</p>", "<p>a</p>"],
	["<form><input><button>a</button></form>", "a"],
	["<svg><text>a</text></svg><math><mi>b</mi></math>", ""],
	["<p style='color: red'>a</p>", '<p style="color: red;">a</p>'],
	["<p style='COLOR:RED;position:fixed;top:0'>a</p>", '<p style="color: red;">a</p>'],
	["<p style='posi\\74ion:fixed;z-index:9'>a</p>", "<p>a</p>"],
	["<p style='margin-top:-400px;padding-left:4px'>a</p>", '<p style="padding-left: 4px;">a</p>'],
	["<p style='background-image:url(https://x.example/a)'>a</p>", "<p>a</p>"],
	["<p style='background:\\75rl(https://x.example/a)'>a</p>", "<p>a</p>"],
	["<p style='display:none;opacity:0;transform:scale(9)'>a</p>", "<p>a</p>"],
	["<p class=x id=y name=z data-x=1>a</p>", "<p>a</p>"],
];

test("what comes into the editor", async () => {
	for (const [html, expected] of CLEAN)
		assert.equal(await page.evaluate((text) => {
			const holder = document.createElement("div");
			holder.append(globalThis.editable.cleanEditable(text));
			for (const one of holder.querySelectorAll("[style='']"))
				one.removeAttribute("style");
			return holder.innerHTML;
		}, html), expected, html);
});

// What the editor has, and its text.
const TEXTS = [
	["<div>a</div><div>b</div>", "a\nb"],
	["<div>a</div><div><br></div><div>b</div>", "a\n\nb"],
	["<div>a<br></div><div>b</div>", "a\nb"],
	["a<br>b<br><br>c", "a\nb\n\nc"],
	["<div>a</div>\n<div>b</div>\n", "a\nb"],
	["<p>a</p><p>b</p>", "a\n\nb"],
	["<p>a</p>\n<p>b</p>\n<div>c</div>", "a\n\nb\n\nc"],
	["<h1>a</h1>b", "a\n\nb"],
	["a <b> b</b>  c", "a b c"],
	["\n  a\n  b  ", "a b"],
	["a&nbsp;&nbsp;b", "a  b"],
	["a&nbsp; b", "a  b"],
	["<div>&nbsp; a</div>", "  a"],
	["<ul><li>a</li><li>b</li></ul>", "• a\n• b"],
	["<ol><li>a</li><li>b</li></ol>c", "1. a\n2. b\nc"],
	["<pre>a\n  b\n</pre>c", "a\n  b\nc"],
	["<a href='https://x.example/'>here</a>", "here <https://x.example/>"],
	["<a href='https://x.example/'>https://x.example/</a>", "https://x.example/"],
	["<a href='mailto:a@x.example'>Ada</a>", "Ada"],
	["<img alt='A cat'><img>", "[A cat]"],
	["<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a\tb\nc"],
	["a<hr>b", "a\n--------\nb"],
	["<div>Ada wrote:</div><blockquote><div>a</div><div>b</div></blockquote><div>c</div>",
		"Ada wrote:\n> a\n> b\nc"],
	["<blockquote><div>a</div><blockquote>b</blockquote></blockquote>", "> a\n>> b"],
	["<blockquote><div>a</div><div><br></div><div>b</div></blockquote>", "> a\n>\n> b"],
	["<pre>a\n<blockquote>b  c\n  d</blockquote></pre>", "a\n> b  c\n>   d"],
	[`<blockquote>${"<div>a</div>".repeat(200_000)}</blockquote>`, "> a\n".repeat(199_999) + "> a"],
	[`<ol>${"<li>a</li>".repeat(100_000)}</ol>`,
		Array.from({length: 100_000}, (_, at) => `${at + 1}. a`).join("\n")],
	["<div>a</div><div>-- </div><div>Ada</div>", "a\n-- \nAda"],
	["<div>a \u200b</div>", "a"],
	["", ""],
];

test("the text beside the HTML", async () => {
	for (const [html, expected] of TEXTS)
		assert.equal(await page.evaluate((text) => {
			const holder = document.createElement("div");
			holder.innerHTML = text;
			return globalThis.editable.textOf(holder);
		}, html), expected, html.slice(0, 200));
});

test("plain text becomes nodes, and they the same text", async () => {
	for (const text of ["a", "a\nb", "a\n\nb", "a\n\n\nb", "\n\na", "<b>a</b> & c", "  a  b", "a   b",
		"a\n-- \nAda"])
		assert.equal(await page.evaluate((one) => {
			const holder = document.createElement("div");
			holder.append(globalThis.editable.textToNodes(one));
			return globalThis.editable.textOf(holder);
		}, text), text);
});

test("pictures leave as cid:, and load nothing meanwhile", async () => {
	const asked = [];
	page.on("request", (request) => asked.push(request.url()));
	assert.equal(await page.evaluate(() => {
		const holder = document.createElement("div");
		const image = document.createElement("img");
		image.dataset.cid = 'a b%"&@roost';
		image.src = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";
		holder.append("x", image);
		return globalThis.editable.htmlOf(holder);
	}), 'x<img src="cid:a%20b%25%22%26@roost">');
	assert.deepEqual(asked.filter((one) => !one.startsWith("data:")), []);
});
