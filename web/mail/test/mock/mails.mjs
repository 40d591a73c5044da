// SPDX-License-Identifier: Apache-2.0
// Mail for the mock server: some written out, thousands made by a generator that
// gives the same each time.

export const ME = {name: "Demo", email: "demo@roost.test"};
const DAY = 86_400_000;

const person = (name, email) => ({name, email});
const P = {
	clara: person("Clara Weiss", "clara@harbour-studio.example"),
	jonas: person("Jonas Lindqvist", "jonas.lindqvist@nordvik.example"),
	amara: person("Amara Okafor", "amara@okafor-partners.example"),
	liwei: person("李薇", "liwei@example.cn"),
	minsu: person("김민수", "minsu@example.kr"),
	tomas: person("Tomáš Novák", "tomas.novak@example.cz"),
	yael: person("יעל כהן", "yael@example.co.il"),
	omar: person("عمر حداد", "omar@example.jo"),
	rail: person("Northern Rail", "tickets@northernrail.example"),
	bank: person("Meridian Bank", "no-reply@meridian.example"),
	news: person("The Long Read", "weekly@longread.example"),
	shop: person("Papier & Fil", "bonjour@papierfil.example"),
	forge: person("Forge", "notifications@forge.example"),
	choir: person("Choir at St Anne", "choir@stanne.example"),
	water: person("Stadtwerke", "service@stadtwerke.example"),
};

const dot = "data:image/svg+xml;base64," + Buffer.from(
	'<svg xmlns="http://www.w3.org/2000/svg" width="560" height="220">' +
	'<defs><linearGradient id="g" x1="0" x2="1" y1="0" y2="1"><stop stop-color="#f6d9b8"/>' +
	'<stop offset="1" stop-color="#c96f4a"/></linearGradient></defs>' +
	'<rect width="560" height="220" fill="url(#g)"/><circle cx="420" cy="80" r="46" fill="#fff3df"/>' +
	'<path d="M0 170q90-60 180-10t180-20 200 10v70H0z" fill="#7d4436"/>' +
	'<path d="M0 195q120-40 240-5t320-15v45H0z" fill="#4f2a26"/></svg>').toString("base64");

const picture = (name, color, cid) => ({
	name, type: "image/svg+xml", cid,
	bytes: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="640" height="420">' +
		`<rect width="640" height="420" fill="${color}"/><circle cx="480" cy="120" r="60" fill="#fff" fill-opacity=".7"/>` +
		'<path d="M0 300l160-120 120 90 140-150 220 180v120H0z" fill="#000" fill-opacity=".35"/></svg>'),
});

const newsletter = `<html><head><style>body{font-family:Georgia,serif;background:#f7f3ec;margin:0}
.c{max-width:560px;margin:0 auto;background:#fff;padding:32px 36px;color:#2b2622}
h1{font-size:28px;line-height:1.2;margin:20px 0 8px}p{line-height:1.6;font-size:16px}
.k{font:600 12px/1 sans-serif;letter-spacing:.12em;color:#a0522d;text-transform:uppercase}
.b{display:inline-block;background:#a0522d;color:#fff;padding:12px 22px;border-radius:6px;text-decoration:none;font:600 15px sans-serif}
.f{font:12px/1.5 sans-serif;color:#8a8178;border-top:1px solid #e6ddd0;margin-top:28px;padding-top:14px}</style></head>
<body><div class="c"><div class="k">The Long Read · No. 214</div>
<img src="${dot}" width="488" alt="Hills at dusk" style="border-radius:8px;margin-top:16px;max-width:100%">
<h1>The lighthouse keepers of the inland sea</h1>
<p>For two hundred years a family on the eastern shore has lit a lamp that no ship has needed since 1951. We spent a winter with them to ask why they still climb the stairs.</p>
<p>Also in this issue: how a small town saved its only bakery, a letter from the last paper mill in the valley, and three recipes for the end of winter.</p>
<p><a class="b" href="https://longread.example/214">Read the story</a></p>
<img src="https://track.longread.example/open.gif?u=demo" width="1" height="1" alt="">
<div class="f">You receive this because you subscribed at longread.example. <a href="https://longread.example/unsubscribe">Unsubscribe</a></div></div></body></html>`;

const invoice = `<div style="font-family:Arial,sans-serif;font-size:14px"><p>Bonjour,</p>
<p>Thank you for your order. The parcel leaves our workshop tomorrow morning.</p>
<table cellpadding="8" style="border-collapse:collapse;min-width:360px"><tr style="border-bottom:2px solid #333"><th align="left">Item</th><th align="right">Price</th></tr>
<tr style="border-bottom:1px solid #ddd"><td>Notebook, A5, dotted × 3</td><td align="right">€ 38.70</td></tr>
<tr style="border-bottom:1px solid #ddd"><td>Fountain pen ink, oxblood</td><td align="right">€ 14.50</td></tr>
<tr><td><b>Total</b></td><td align="right"><b>€ 53.20</b></td></tr></table>
<p>À bientôt,<br>Papier &amp; Fil</p></div>`;

const ics = `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:kick-off@okafor\r\nSUMMARY:Kick-off: harbour site\r\nDTSTART:20260316T090000Z\r\nDTEND:20260316T103000Z\r\nLOCATION:Pier 4\\, meeting room 2\r\nORGANIZER;CN=Amara Okafor:mailto:amara@okafor-partners.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`;

const phish = `<p>Dear customer,</p><p>Your mailbox is almost full. <a href="https://xn--meridin-e8a.example.ru/login">https://meridian.example/login</a></p><p>Meridian Bank</p>`;

// [thread, from, to, subject, minutes ago, folder, flags, text or {html, text, attachments}]
export const written = [
	["harbour", P.clara, [ME], "Harbour café: first sketches", 14, "inbox", "", {
		html: `<p>Hi,</p><p>The three façade variants are attached. My favourite is the second one: the long bench along the window catches the evening sun, and the entrance moves to the quiet side.</p>
<p>Two questions before I draw the rest:</p><ol><li>May the bench stand on the public pavement? It needs 40 cm.</li><li>Do you want the sign lit from behind, or painted?</li></ol>
<p>I can come by on Thursday with the model.</p><p>Best,<br>Clara</p>
<blockquote type="cite"><p>On 12 March, Demo wrote:</p><p>Could we see something for the front by the end of the week? It need not be final, we only want to get a feeling for the proportions.</p></blockquote>`,
		attachments: [picture("facade-1.svg", "#b8c9c2"), picture("facade-2.svg", "#d9c3a5"),
			{name: "floor-plan.pdf", type: "application/pdf", bytes: Buffer.from("%PDF-1.4\n%mock\n")}]}],
	["harbour", ME, [P.clara], "Re: Harbour café: first sketches", 190, "sent", "S", "Could we see something for the front by the end of the week? It need not be final, we only want to get a feeling for the proportions.\n\nThank you!\n"],
	["harbour", P.clara, [ME], "Harbour café: first sketches", 1500, "inbox", "S", "Hello,\n\nI have the measurements now. The front is 11.20 m wide, a little more than in the old plan.\n\nWhen do you need something to look at?\n\nClara\n"],
	["kickoff", P.amara, [ME, P.jonas], "Invitation: kick-off for the harbour site", 42, "inbox", "P", {
		text: "Dear both,\n\nplease find the invitation for our kick-off attached. We start at ten local time; coffee is there from half past nine.\n\nAmara\n",
		attachments: [{name: "invite.ics", type: "text/calendar", bytes: Buffer.from(ics)}]}],
	["budget", P.jonas, [ME], "Budget for the second quarter", 75, "inbox", "F2", {
		text: "Hi,\n\nhere are the numbers. Travel is 12 % below plan, tools are slightly above it because of the two licences in February.\n\nPlease look at row 14 before Friday.\n\nJonas\n",
		attachments: [{name: "Budget Q2.xlsx", type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", bytes: Buffer.alloc(48_213)}]}],
	["spring", P.liwei, [ME], "春季郊游的安排", 121, "inbox", "", "大家好，\n\n春季郊游定在三月二十一日，星期六。早上八点在东门集合，请穿舒适的鞋子，带上水和午饭。\n\n> 我们还需要有人带相机。\n> 谁有时间？\n\n我可以带相机。如果下雨，我们改去博物馆。\n\n李薇\n"],
	["lamp", P.news, [ME], "The lighthouse keepers of the inland sea", 180, "inbox", "", {html: newsletter, list: "https://longread.example/unsubscribe"}],
	["ticket", P.rail, [ME], "Your ticket: Friday 20 March, 08:14", 260, "inbox", "S", {
		text: "Your journey\n\nFriday 20 March 2026\n08:14  Central Station, platform 7\n10:52  Harbour Town\n\nCoach 21, seat 64 (window)\nBooking reference: QX7-44K\n\nHave a pleasant journey.\nhttps://northernrail.example/booking/QX7-44K\n",
		attachments: [{name: "ticket.pdf", type: "application/pdf", bytes: Buffer.from("%PDF-1.4\n%mock\n")}]}],
	["patch", P.forge, [ME], "[roost] Fix: a folder's count after an undo (#418)", 330, "inbox", "S", "tomas.novak commented on this pull request.\n\n> The count is taken before the server answers.\n\nYes, and that is on purpose: the list must not wait. I have added a test for the other order.\n\n-- \nhttps://forge.example/roost/pull/418\n"],
	["patch", P.forge, [ME], "[roost] Fix: a folder's count after an undo (#418)", 395, "inbox", "S", "clara approved this pull request.\n"],
	["patch", P.forge, [ME], "[roost] Fix: a folder's count after an undo (#418)", 460, "inbox", "S", "tomas.novak opened this pull request.\n\nAfter an undo the number beside the folder was one too high.\n"],
	["order", P.shop, [ME], "Votre commande n° 20413 — merci !", 520, "inbox", "S", {html: invoice, attachments: [{name: "facture-20413.pdf", type: "application/pdf", bytes: Buffer.alloc(81_400)}]}],
	["shalom", P.yael, [ME], "שלום מתל אביב", 700, "inbox", "S", "שלום,\n\nתודה על המכתב! נשמח לארח אותך באפריל. המספר שלנו הוא 03-555-0142.\n\nיעל\n"],
	["dinner", P.tomas, [ME, P.clara], "Dinner on Saturday?", 980, "inbox", "FR", "Hi you two,\n\nthe new place by the river has a table for four at half past seven. Shall I take it?\n\nTomáš\n"],
	["dinner", ME, [P.tomas], "Re: Dinner on Saturday?", 940, "sent", "S", "Yes, please. I bring the dessert.\n\nOn Saturday, Tomáš Novák wrote:\n> the new place by the river has a table for four at half past seven.\n> Shall I take it?\n"],
	["salam", P.omar, [ME], "صور من الرحلة", 1440, "inbox", "S", {
		html: `<div dir="rtl"><p>مرحبا،</p><p>هذه بعض الصور من رحلتنا إلى البتراء. كان الطقس رائعا!</p><p><img src="cid:petra" alt="البتراء" width="480"></p><p>عمر</p></div>`,
		attachments: [picture("petra.svg", "#d08b6a", "petra")]}],
	["photos", P.minsu, [ME], "사진을 보냅니다", 1800, "inbox", "S", "지난 주말의 사진입니다. 즐거운 하루 되세요!\n\n김민수\n"],
	["statement", P.bank, [ME], "Your statement for February is ready", 2300, "inbox", "S", {html: `<p>Hello,</p><p>your statement for <b>February 2026</b> is ready in your account.</p><p><a href="https://meridian.example/statements">Go to your statements</a></p><p><img src="https://img.meridian.example/logo.png" width="120" height="32" alt="Meridian Bank"></p>`}],
	["choir", P.choir, [ME], "Rehearsal moves to Wednesday", 2700, "inbox", "S4", "Dear all,\n\nthe church is needed on Tuesday, so we sing on Wednesday at 19:30. Please bring the blue book.\n\nSee you then!\n"],
	["water", P.water, [ME], "Zählerstand ablesen", 4100, "inbox", "S", "Guten Tag,\n\nbitte teilen Sie uns bis zum 31. März den Stand Ihres Wasserzählers mit.\n\nMit freundlichen Grüßen\nIhre Stadtwerke\n"],
	["phish", person("Meridian Bank <service@meridian.example>", "info@kq3.example.ru"), [ME], "Your mailbox is almost full", 3000, "junk", "", {html: phish}],
	["draft", ME, [P.amara], "Notes for the kick-off", 55, "drafts", "DS", "Dear Amara,\n\nthree points for the agenda:\n\n1. The pavement permit\n2. "],
	["archived", P.jonas, [ME], "Contract, signed", 9000, "archive", "S", "Signed and scanned. Thank you!\n"],
];

// ---- The generator -----------------------------------------------------------

function random(seed) {
	let a = seed >>> 0;
	return () => {
		a = (a + 0x6d2b79f5) >>> 0;
		let t = Math.imul(a ^ (a >>> 15), 1 | a);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}

const FIRST = ["Anna", "Ben", "Chloé", "David", "Elif", "Farid", "Greta", "Hiro", "Ines", "Jan", "Karin", "Luca", "Mei", "Nils", "Olga", "Pedro", "Rosa", "Sven", "Tara", "Uma"];
const LAST = ["Adler", "Brandt", "Costa", "Dubois", "Eriksen", "Fischer", "García", "Haas", "Ito", "Jansen", "Keller", "Lopez", "Meyer", "Nowak", "Olsen", "Petrov", "Rossi", "Sato", "Tran", "Weber"];
const TOPIC = ["Minutes of the meeting", "Question about the invoice", "Draft of the report", "Holiday plans", "Feedback on the design", "Server maintenance on Sunday", "New price list", "Photos from the weekend", "Agenda for next week", "Reminder: dentist", "Train to Vienna", "Translation, part two", "Book club", "Garden tools", "Keys for the flat", "Test results", "Parking permit", "Recipe you asked for", "Concert tickets", "Change of address"];
const BODY = ["Could you have a look when you find the time? There is no hurry, but I would like to send it off by Friday.", "I have added my comments at the side. The second page needs another picture.", "Thank you for the quick answer. That works for us.", "As discussed, here is the list. Tell me if something is missing.", "We meet at the usual place. Bring an umbrella, just in case."];

// `count` mails of the past, as plain records; newest first.
export function* generated(count, seed = 7) {
	const next = random(seed);
	const pick = (list) => list[Math.floor(next() * list.length)];
	let minutes = 4500;
	let thread = 0, left = 0, topic = "", partner = P.clara;
	for (let i = 0; i < count; i++) {
		if (left === 0) {
			thread++;
			left = next() < 0.7 ? 1 : 1 + Math.floor(next() * 5);
			topic = pick(TOPIC);
			const first = pick(FIRST), last = pick(LAST);
			partner = person(`${first} ${last}`, `${first}.${last}@example.com`
				.normalize("NFD").replace(/[^\x20-\x7e]/g, "").toLowerCase());
		}
		left--;
		minutes += next() * 90;
		yield ["g" + thread, partner, [ME], (left > 0 ? "Re: " : "") + topic, minutes,
			"inbox", (next() < 0.93 ? "S" : "") + (next() < 0.03 ? "F" : ""),
			pick(BODY) + "\n\n" + partner.name + "\n"];
	}
}

export {DAY, P};
