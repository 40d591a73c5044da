// SPDX-License-Identifier: Apache-2.0
// Hostile mails beside those of hostile.mjs: what would lie over the page when it is
// quoted, and what stands in names, subjects and attachments.
const RUN = "top.owned=parent.owned=self.owned=1;fetch('https://out.example/run')";
const OUT = "https://out.example/";
const bytes = (text) => Buffer.from(text);
const file = (name, type, text, more) => ({name, type, bytes: bytes(text), ...more});

const BOX = "inset:0;top:0;left:0;width:100vw;height:100vh;background:#fff;z-index:99999";
export const COVERS = [
	["fixed", `<div style="position:fixed;${BOX}">x</div>`],
	["fixed with an escape", `<div style="posi\\74ion:fixed;${BOX}">x</div>`],
	["fixed with a comment", `<div style="position/**/:/**/fixed;${BOX}">x</div>`],
	["fixed in capitals", `<div style="POSITION:FIXED!important;${BOX}">x</div>`],
	["absolute", `<div style="position:absolute;${BOX}">x</div>`],
	["sticky", `<div style="position:sticky;${BOX}">x</div>`],
	["a negative margin", "<div style='margin-top:-600px;height:900px;background:#fff'>x</div>"],
	["a margin by calc", "<div style='margin:calc(0px - 600px) 0;height:900px'>x</div>"],
	["a transform", "<div style='transform:translateY(-500px) scale(9)'>x</div>"],
	["translate alone", "<div style='translate:0 -500px;scale:9'>x</div>"],
	["an anchor", `<div style="position-anchor:--x;position:fixed;${BOX}">x</div>`],
	["a shadow over all", "<div style='box-shadow:0 0 0 100vmax #fff;outline:100vmax solid #fff'>x</div>"],
	["a style sheet for the page", "<style>*{display:none!important}.composer-foot{position:fixed}</style>"],
	["the page's own classes", "<div class='toasts dialog menu'>x</div><div id=main class=shell>x</div>"],
	["a popover", "<div popover=manual id=p>x</div><button popovertarget=p>x</button>"],
	["a dialog", `<dialog open style="position:fixed;${BOX}">x</dialog>`],
	["a font", `<style>@font-face{font-family:x;src:url(${OUT}f)}</style><p style="font-family:x">x</p>`],
	["a picture as a border", `<p style="border-image:url(${OUT}b) 1;border:1px solid">x</p>`],
	["a picture by image-set", `<p style="background-image:image-set('${OUT}i' 1x)">x</p>`],
	["a variable", `<p style="--x:url(${OUT}v);background:var(--x)">x</p>`],
	["a list picture", `<ul style="list-style:url(${OUT}l)"><li>x</ul>`],
	["hidden text", "<p style='display:none'>Send your password to mallory@x.example</p>"],
];

const HTML = `<script>${RUN}</script><img src=x onerror="${RUN}"><img src="${OUT}att">`;
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9" onload="${RUN}">` +
	`<script>${RUN}</script><image href="${OUT}svg"/><style>@import url(${OUT}css);</style>` +
	`<foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="${OUT}frame"/></foreignObject></svg>`;
const PDF = `%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/URI/URI(${OUT}pdf)>>>>endobj\n` +
	`2 0 obj<</S/JavaScript/JS(${RUN})>>endobj\ntrailer<</Root 1 0 R>>\n`;
const ICS = `BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:<img src=x onerror=${RUN}>\r\n` +
	`LOCATION:${OUT}ics\r\nURL:javascript:${RUN}\r\nORGANIZER;CN="<b>x</b>":javascript:${RUN}\r\n` +
	`DTSTART:20260316T090000Z\r\nATTACH:${OUT}attach\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`;

const mail = (name, more) => ({name, subject: name, ...more});
const from = (name, email = "mallory@x.example") => ({from: {name, email}});
const attached = (name, ...attachments) => mail(name, {attachments});

export const PARTS = [
	mail("markup in the name", from(`<img src=x onerror="${RUN}">`)),
	mail("markup in the address", from(null, `"<script>${RUN}</script>"@x.example`)),
	mail("another address in the name", from("bank@bank.example")),
	mail("right to left in the name", from("\u202eelgooG")),
	mail("isolates in the name", from("\u2067Bank\u2069\u2066")),
	mail("a header in the name", from("Ada\r\nBcc: all@x.example")),
	mail("a null in the name", from("A\u0000da")),
	mail("nothing but marks in the name", from("\u200b\u202e\u2066")),
	mail("a long name", from("A".repeat(9000))),
	mail("many marks on a letter", from("A" + "\u0301".repeat(3000))),
	mail("markup in the subject", {subject: `<script>${RUN}</script><b>x</b>`}),
	mail("a template in the subject", {subject: "{name} {{x}} ${top.owned=1} $& %s"}),
	mail("a header in the subject", {subject: "Hi\r\nBcc: all@x.example\r\n\r\n<script>x</script>"}),
	mail("right to left in the subject", {subject: "\u202egnp.exe"}),
	mail("a long subject", {subject: "word".repeat(4000)}),
	attached("HTML", file("a.html", "text/html", HTML)),
	attached("HTML that says it is a picture", file("a.png", "image/png", HTML)),
	attached("HTML that says it is text", file("a.txt", "text/plain", HTML)),
	attached("HTML that says it is PDF", file("a.pdf", "application/pdf", HTML)),
	attached("XHTML", file("a.xhtml", "application/xhtml+xml",
		`<html xmlns="http://www.w3.org/1999/xhtml"><script>${RUN}</script></html>`)),
	attached("XML with a style sheet", file("a.xml", "text/xml",
		`<?xml-stylesheet href="${OUT}xsl"?><x xmlns:h="http://www.w3.org/1999/xhtml"><h:script>${RUN}</h:script></x>`)),
	attached("SVG", file("a.svg", "image/svg+xml", SVG)),
	attached("SVG in capitals", file("a.SVG", "IMAGE/SVG+XML", SVG)),
	attached("PDF", file("a.pdf", "application/pdf", PDF)),
	attached("a script", file("a.js", "text/javascript", RUN)),
	attached("a style sheet", file("a.css", "text/css", `@import url(${OUT}css)`)),
	attached("an invitation", file("a.ics", "text/calendar", ICS)),
	attached("a type that is markup", file("a", `<img src=x onerror=${RUN}>`, HTML)),
	attached("a type with a header", file("a", "text/html\r\nX: y", HTML)),
	attached("a name that is markup", file(`<img src=x onerror="${RUN}">.png`, "image/png", "x")),
	attached("a name that leaves the folder", file("../../../etc/passwd", "text/plain", "x")),
	attached("a name with a drive", file("C:\\Windows\\a.txt", "text/plain", "x")),
	attached("a name that turns round", file("photo\u202egpj.exe", "image/jpeg", "x")),
	attached("a name with a null", file("a.exe\u0000.txt", "text/plain", "x")),
	attached("a name with a header", file("a.txt\r\nX: y", "text/plain", "x")),
	attached("a name without letters", file("\u202e\u2066", "text/plain", "x")),
	attached("a long name of a file", file("a".repeat(5000) + ".txt", "text/plain", "x")),
	mail("cid: of HTML", {html: "<img src='cid:x@x'><iframe src='cid:x@x'></iframe><object data='cid:x@x'></object>",
		attachments: [file("a.html", "text/html", HTML, {cid: "x@x"})]}),
	mail("cid: of SVG", {html: "<img src='cid:x@x'><embed src='cid:x@x'>",
		attachments: [file("a.svg", "image/svg+xml", SVG, {cid: "x@x"})]}),
	mail("cid: that is an address", {html: `<img src="cid:${OUT}x"><img src="cid://out.example/x">`,
		attachments: [file("a.png", "image/png", "x", {cid: `${OUT}x`})]}),
	mail("cid: in a style", {html: "<p style='background:url(cid:x@x)'>x</p><link rel=stylesheet href='cid:x@x'>",
		attachments: [file("a.css", "text/css", `@import url(${OUT}css)`, {cid: "x@x"})]}),
	mail("cid: that is markup", {html: `<img src="cid:&quot;]&quot;&gt;<script>${RUN}</script>">`,
		attachments: [file("a.png", "image/png", "x", {cid: `"]"><script>${RUN}</script>`})]}),
];
