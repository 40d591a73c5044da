// SPDX-License-Identifier: Apache-2.0
// What SEARCH finds: charsets, encodings and scripts in all combinations,
// needles cut by any boundary, each key, and trees of keys.
#include "store/search.h"

#include "store/store_test_tools.h"
#include "wire/date.h"
#include "wire/fold.h"

#define NOW      1000000000 // 2001-09-09 01:46:40 UTC
#define TOO_LONG (STORE_SEARCH_NEEDLE_MAX + 1)

static int64_t now(void *context)
{
	(void)context;
	return NOW;
}

static const struct clock test_clock = {.wall = now};

// A view in a constant initialiser.
#define BYTES(literal)                                                         \
	{                                                                      \
		(literal), sizeof(literal) - 1                                 \
	}

struct world {
	struct bed bed;
	struct store_mailbox *inbox;
};

static void world_open(struct world *world)
{
	bed_open(&world->bed, (struct store_options){.clock = &test_clock});
	world->inbox = bed_mailbox(&world->bed, "INBOX");
}

static void world_close(struct world *world)
{
	store_mailbox_close(&world->inbox);
	bed_close(&world->bed);
}

static uint32_t world_add(struct world *world, struct view message)
{
	struct store_append append = {
	    .draft = store_draft_new(world->bed.store)};
	assert_int_equal(store_draft_add(append.draft, message), RC_OK);
	assert_int_equal(store_draft_finish(append.draft), RC_OK);
	struct store_appended appended;
	assert_int_equal(store_append(world->inbox, &append, 1,
			     &world->bed.fault, &appended),
	    RC_OK);
	store_draft_free(&append.draft);
	return appended.first_uid;
}

// The UIDs that match, as a set.
static void world_search(
    struct world *world, const struct search_key *program, struct buf *ret_uids)
{
	struct store_snapshot *snapshot = store_mailbox_snapshot(world->inbox);
	struct store_search *search;
	enum rc rc = store_search_new(
	    world->inbox, snapshot, program, &world->bed.fault, &search);
	if (rc != RC_OK)
		fail_msg("%s", world->bed.fault.text);
	struct rangeset uids;
	rangeset_init(&uids);
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	store_walk_init(&walk, snapshot, 0);
	while (store_walk_next(&walk, &index, &message)) {
		bool matches = false;
		assert_int_equal(
		    store_search_test(search, &message, &matches), RC_OK);
		if (matches)
			rangeset_add(&uids, message.uid, message.uid);
	}
	buf_reset(ret_uids);
	rangeset_format(&uids, ret_uids);
	buf_add_char(ret_uids, '\0');
	rangeset_done(&uids);
	store_search_free(&search);
	store_snapshot_unref(&snapshot);
}

static bool finds(struct world *world, enum search_key_type type,
    const char *field, struct view text)
{
	struct search_key key = {
	    .type = type, .field = view_of_string(field), .text = text};
	struct buf uids;
	buf_init(&uids, 4096);
	world_search(world, &key, &uids);
	bool found = uids.len > 1;
	buf_done(&uids);
	return found;
}

// ---- Charsets and encodings ------------------------------------------------

static const struct {
	const char *charset;
	const char *needle; // UTF-8, part of `text`
	const char *other;  // not in the text
	struct view text;   // the text in the charset
} scripts[] = {
    {"gb18030", "世界", "界世", BYTES("\xc4\xe3\xba\xc3\xca\xc0\xbd\xe7 abc")},
    {"big5", "世界", "界世", BYTES("\xa7\x41\xa6\x6e\xa5\x40\xac\xc9 abc")},
    {"iso-2022-jp", "日本語", "語日",
	BYTES("\x1b$BF|K\\8l\x1b(B no \x1b$BF|\x1b(B")},
    {"euc-kr", "한국어", "국한", BYTES("\xc7\xd1\xb1\xb9\xbe\xee abc")},
    {"koi8-r", "ПРИВЕТ", "ТЕВИ",
	BYTES("\xf0\xd2\xc9\xd7\xc5\xd4, \xcd\xc9\xd2")},
    {"windows-1251", "привет", "ТЕВИ",
	BYTES("\xcf\xf0\xe8\xe2\xe5\xf2, \xec\xe8\xf0")},
    {"windows-1252", "HÖLLE €", "elloh", BYTES("die H\xf6lle \x80 5")},
    {"iso-8859-1", "hölle", "elloh", BYTES("die H\xd6LLE")},
    {"utf-8", "ΣΊΣΥΦΟΣ", "ΣΟΦ", BYTES("ο Σίσυφος")},
    {"utf-16", "Grüße", "eßürg", BYTES("\xfe\xff\0G\0r\0\xfc\0\xdf\0e\0!")},
    {"utf-16le", "Grüße", "eßürg", BYTES("G\0r\0\xfc\0\xdf\0e\0!\0")},
};

enum encoding { PLAIN, QUOTED, BASE64, ENCODING_COUNT };

// Adds quoted-printable with every byte escaped and a soft line break after
// each `every` bytes, also in the middle of characters.
static void add_quoted(struct buf *out, struct view text, size_t every)
{
	for (size_t i = 0; i < text.len; i++) {
		if (i && i % every == 0)
			buf_add_literal(out, "=\r\n");
		buf_printf(out, "=%02X", (unsigned)(unsigned char)text.ptr[i]);
	}
	buf_add_literal(out, "\r\n");
}

static void add_base64(struct buf *out, struct view text, size_t every)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t column = 0;
	for (size_t i = 0; i < text.len; i += 3) {
		uint32_t bits = 0;
		for (size_t k = 0; k < 3; k++)
			bits =
			    bits << 8 |
			    (i + k < text.len ? (unsigned char)text.ptr[i + k]
					      : 0u);
		for (size_t k = 0; k < 4; k++) {
			if (every && column && column % every == 0)
				buf_add_literal(out, "\r\n");
			column++;
			buf_add_char(
			    out, i + k > text.len
				     ? '='
				     : digits[bits >> (18 - 6 * k) & 63]);
		}
	}
}

static void add_part(struct buf *out, const char *charset,
    enum encoding encoding, struct view text, size_t every)
{
	static const char *const names[] = {
	    "8bit", "quoted-printable", "base64"};
	buf_printf(out,
	    "Content-Type: text/plain; charset=%s\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n",
	    charset, names[encoding]);
	if (encoding == QUOTED)
		add_quoted(out, text, every);
	else if (encoding == BASE64)
		add_base64(out, text, every);
	else
		buf_add(out, text);
}

// Each script in each encoding, with lines broken everywhere, is found at the
// top level, in a multipart, and in a message within the message.
static void text_is_found_in_every_charset_and_encoding(void **state)
{
	(void)state;
	static const char *const frames[] = {
	    "Subject: x\r\n",
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
	    "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n",
	};
	for (size_t s = 0; s < ARRAY_LEN(scripts); s++)
		for (int e = 0; e < ENCODING_COUNT; e++)
			for (size_t every = 1; every < 9; every += 3)
				for (size_t f = 0; f < ARRAY_LEN(frames); f++) {
					struct world world;
					struct buf message;
					world_open(&world);
					buf_init(&message, 65536);
					buf_add_string(&message, frames[f]);
					add_part(&message, scripts[s].charset,
					    (enum encoding)e, scripts[s].text,
					    every);
					world_add(&world, buf_view(&message));
					if (!finds(&world, SEARCH_BODY, "",
						view_of_string(
						    scripts[s].needle)))
						fail_msg(
						    "%s, encoding %d, %zu, "
						    "frame %zu: not found",
						    scripts[s].charset, e,
						    every, f);
					if (finds(&world, SEARCH_TEXT, "",
						view_of_string(
						    scripts[s].other)))
						fail_msg(
						    "%s, encoding %d, %zu, "
						    "frame %zu: too much",
						    scripts[s].charset, e,
						    every, f);
					buf_done(&message);
					world_close(&world);
				}
}

// The subject is in encoded words of `every` bytes, which are cut in the middle
// of characters.
static void subject_is_found_in_every_charset(void **state)
{
	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(scripts); s++) {
		// Each word of a stateful charset begins in ASCII, and each
		// word of UTF-16 with its byte order mark (RFC 2047 section 3).
		// So these are not cut.
		bool whole = view_starts_with(
		    view_of_string(scripts[s].charset), VIEW("iso-2022"));
		for (size_t every = 1; every < 9; every += 2) {
			struct world world;
			struct buf message;
			world_open(&world);
			buf_init(&message, 65536);
			buf_add_literal(&message, "Subject:");
			struct view rest = scripts[s].text;
			while (rest.len) {
				struct view word =
				    whole ? rest : view_slice(rest, 0, every);
				rest = view_from(rest, word.len);
				buf_printf(
				    &message, " =?%s?b?", scripts[s].charset);
				add_base64(&message, word, 0);
				buf_add_literal(&message, "?=\r\n");
			}
			buf_add_literal(&message, "\r\nbody\r\n");
			world_add(&world, buf_view(&message));
			struct view needle = view_of_string(scripts[s].needle);
			if (!finds(&world, SEARCH_HEADER, "subject", needle) ||
			    !finds(&world, SEARCH_TEXT, "", needle))
				fail_msg("%s, %zu: not found",
				    scripts[s].charset, every);
			assert_false(finds(&world, SEARCH_BODY, "", needle));
			assert_false(finds(&world, SEARCH_HEADER, "Subject",
			    view_of_string(scripts[s].other)));
			buf_done(&message);
			world_close(&world);
		}
	}
}

// ---- One message, many questions -------------------------------------------

static const char mixed[] =
    "From: =?utf-8?q?J=C3=B6rg?= Example <joerg@example.org>\r\n"
    "To: \"Doe, Jane\" <jane@example.com>,\r\n\tbob@example.net\r\n"
    "Subject: Re: quarterly \"report\" \\\r\n  of =?iso-8859-1?q?M=E4rz?=\r\n"
    "Cc: <jo (c1)@ (c2) ex.org>, \"O\\\"x\" <\"q r\"@y>\r\n"
    "X-Empty:\r\n"
    "X-Two: first\r\n"
    "X-Two: second\r\n"
    "This is no field\r\n"
    "Content-Type: multipart/mixed; boundary=\"b\"\r\n"
    "\r\n"
    "preamble\r\n"
    "--b\r\n"
    "Content-Type: text/html; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "\r\n"
    "<b>Hello</b> wonder=\r\nful wo=C3=\r\n=BCrld\r\n"
    "--b\r\n"
    "Content-Type: image/png; name=\"picture.png\"\r\n"
    "\r\n"
    "binarybytes\r\n"
    "--b\r\n"
    "Content-Type: message/rfc822\r\n"
    "\r\n"
    "Subject: =?utf-8?b?aW5uZXIgc3ViamVjdA==?=\r\n"
    "From: nested@example.org\r\n"
    "\r\n"
    "nested body\r\n"
    "--b--\r\n"
    "epilogue\r\n";

static const struct {
	enum search_key_type type;
	const char *field;
	const char *text;
	bool found;
} questions[] = {
    {SEARCH_HEADER, "From", "JÖRG EXAMPLE", true},
    {SEARCH_HEADER, "From", "joerg@example", true},
    {SEARCH_HEADER, "from", "jane", false},
    {SEARCH_HEADER, "To", "Doe, Jane", true},
    {SEARCH_HEADER, "To", ">, bob@", true}, // across the fold
    {SEARCH_HEADER, "Subject", "\"REPORT\" \\ of märz", true},
    {SEARCH_HEADER, "Subject", "Re: quarterly", true},
    {SEARCH_HEADER, "Subject", "", true},
    {SEARCH_HEADER, "Subject", "inner", false},
    {SEARCH_HEADER, "Cc", "", true},
    {SEARCH_HEADER, "Cc", "jo@ex.org", true},
    {SEARCH_HEADER, "Cc", "(c1)@ (c2)", true},
    {SEARCH_HEADER, "Cc", "o\"x <q r@y>", true},
    {SEARCH_HEADER, "Cc", "o\"x q", false},
    {SEARCH_HEADER, "Bcc", "", false},
    {SEARCH_HEADER, "X-Empty", "", true},
    {SEARCH_HEADER, "X-Empty", " ", false},
    {SEARCH_HEADER, "X-Emp", "", false},
    {SEARCH_HEADER, "x-two", "second", true},
    {SEARCH_HEADER, "x-two", "first second", false},
    {SEARCH_HEADER, "", "no field", false},
    {SEARCH_BODY, "", "wonderful woürld", true},
    {SEARCH_BODY, "", "hello WONDER", true}, // HTML without its tags
    {SEARCH_BODY, "", "<b>", false},
    {SEARCH_BODY, "", "ü", true},
    {SEARCH_BODY, "", "<b", false},
    {SEARCH_BODY, "", "el", true},
    {SEARCH_BODY, "", "quarterly", false},
    {SEARCH_BODY, "", "binarybytes", false},
    {SEARCH_BODY, "", "preamble", false},
    {SEARCH_BODY, "", "picture.png", false},
    // RFC 9051: BODY does not search header fields.
    {SEARCH_BODY, "", "INNER subject", false},
    {SEARCH_BODY, "", "from: nested@example.org", false},
    {SEARCH_BODY, "", "nested body", true},
    {SEARCH_BODY, "", "woürld nested", false}, // a match cannot span two parts
    {SEARCH_BODY, "", "", true},
    {SEARCH_TEXT, "", "x-two: second", true},
    {SEARCH_TEXT, "", "this is no field", true},
    {SEARCH_TEXT, "", "nested body", true},
    {SEARCH_TEXT, "", "INNER subject", true},
    {SEARCH_TEXT, "", "from: nested@example.org", true},
    {SEARCH_TEXT, "", "picture.png", true},
    {SEARCH_TEXT, "", "jörg", true},
    {SEARCH_TEXT, "", "nowhere", false},
    {SEARCH_TEXT, "", "", true},
};

static void header_body_and_text_look_where_they_should(void **state)
{
	(void)state;
	struct world world;
	world_open(&world);
	world_add(&world, VIEW(mixed));
	for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
		bool found = finds(&world, questions[i].type,
		    questions[i].field, view_of_string(questions[i].text));
		if (found != questions[i].found)
			fail_msg("%s \"%s\": %s", questions[i].field,
			    questions[i].text, found ? "found" : "not found");
	}
	world_close(&world);
}

// All questions in one search, as "this AND NOT that …". With the wrong answer
// to one of them the message does not match.
static void many_keys_answer_as_each_alone(void **state)
{
	(void)state;
	enum { COUNT = ARRAY_LEN(questions) };
	struct world world;
	struct buf uids;
	struct search_key keys[COUNT], wrapped[COUNT];
	struct search_key all = {.type = SEARCH_AND, .children = wrapped};
	world_open(&world);
	buf_init(&uids, 4096);
	world_add(&world, VIEW(mixed));
	for (size_t wrong = 0; wrong <= COUNT; wrong++) {
		for (size_t i = 0; i < COUNT; i++) {
			struct search_key *next =
			    i + 1 < COUNT ? &wrapped[i + 1] : NULL;
			keys[i] = (struct search_key){.type = questions[i].type,
			    .field = view_of_string(questions[i].field),
			    .text = view_of_string(questions[i].text)};
			wrapped[i] = keys[i];
			if (questions[i].found == (i == wrong))
				wrapped[i] = (struct search_key){
				    .type = SEARCH_NOT, .children = &keys[i]};
			wrapped[i].next = next;
		}
		world_search(&world, &all, &uids);
		if ((uids.len > 1) != (wrong == COUNT))
			fail_msg(
			    "with question %zu wrong: \"%s\"", wrong, uids.ptr);
	}
	buf_done(&uids);
	world_close(&world);
}

// ---- Long messages ---------------------------------------------------------

// The needle is before, after and across every boundary that reading has.
static void needle_is_found_anywhere_in_a_long_body(void **state)
{
	(void)state;
	static const size_t at[] = {0, 1, 8190, 8192, 16383, 16384, 32765,
	    65530, 65535, 65536, 131068, 262140, 300000, 299990};
	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		struct world world;
		struct buf message;
		world_open(&world);
		buf_init(&message, 1 << 20);
		buf_add_literal(&message, "Subject: long\r\n\r\n");
		size_t body = message.len;
		while (message.len < body + 300100)
			buf_add_literal(&message, "0123456789 abcdefgh\r\n");
		memcpy(message.ptr + body + at[i], "NeEdLe in hay", 13);
		world_add(&world, buf_view(&message));
		if (!finds(&world, SEARCH_BODY, "", VIEW("needle IN hay")))
			fail_msg("at %zu", at[i]);
		assert_false(
		    finds(&world, SEARCH_BODY, "", VIEW("needle in ham")));
		buf_done(&message);
		world_close(&world);
	}
}

// A header longer than any buffer: the message's own, and that of a message in
// it.
// Needles everywhere in a body of many windows, and as many that are not there.
static void many_needles_are_found_in_a_long_body(void **state)
{
	(void)state;
	enum { COUNT = 200 };
	struct world world;
	struct buf text, uids;
	char names[2 * COUNT][16];
	struct search_key keys[2 * COUNT], nots[COUNT];
	world_open(&world);
	buf_init(&text, 4 << 20);
	buf_init(&uids, 4096);
	buf_add_literal(&text, "Subject: many\r\n\r\n");
	for (unsigned i = 0; i < 2 * COUNT; i++) {
		snprintf(names[i], sizeof(names[i]), "needle%03u", i);
		keys[i] = (struct search_key){.type = SEARCH_BODY,
		    .text = view_of_string(names[i]),
		    .next = &keys[i + 1]};
	}
	for (unsigned i = 0; i < COUNT; i++) {
		for (unsigned n = 0; n < 37 + i % 11; n++)
			buf_add_literal(&text, "needle need needle00 hay\r\n");
		buf_add_string(&text, names[i]);
		keys[COUNT + i].next = NULL;
		nots[i] = (struct search_key){.type = SEARCH_NOT,
		    .children = &keys[COUNT + i],
		    .next = i + 1 < COUNT ? &nots[i + 1] : NULL};
	}
	keys[COUNT - 1].next = &nots[0];
	world_add(&world, buf_view(&text));
	struct search_key all = {.type = SEARCH_AND, .children = keys};
	world_search(&world, &all, &uids);
	assert_string_equal(uids.ptr, "1");
	// One more that is not there.
	nots[COUNT - 1].next = &keys[COUNT];
	world_search(&world, &all, &uids);
	assert_string_equal(uids.ptr, "");
	buf_done(&text);
	buf_done(&uids);
	world_close(&world);
}

static void needle_is_found_in_a_long_header(void **state)
{
	(void)state;
	static const char *const frames[] = {
	    "", "Content-Type: message/rfc822\r\n\r\n"};
	for (size_t f = 0; f < ARRAY_LEN(frames); f++) {
		struct world world;
		struct buf message;
		world_open(&world);
		buf_init(&message, 4 << 20);
		buf_add_string(&message, frames[f]);
		for (int i = 0; i < 20000; i++)
			buf_printf(&message,
			    "X-%d: =?utf-8?q?w=C3=B6rd?= %d\r\n\tend%d\r\n", i,
			    i, i);
		buf_add_literal(&message, "X-Long: ");
		for (int i = 0; i < 100000; i++)
			buf_printf(&message, "%d ", i);
		buf_add_literal(&message, "\r\n\r\nbody\r\n");
		assert_int_equal(buf_status(&message), RC_OK);
		world_add(&world, buf_view(&message));
		static const char *const needles[] = {"wörd 0 end0",
		    "x-12345: wörd 12345 end12345", "X-19999: WÖRD",
		    "99998 99999", "50000 50001 50002"};
		for (size_t i = 0; i < ARRAY_LEN(needles); i++)
			if (!finds(&world, SEARCH_TEXT, "",
				view_of_string(needles[i])))
				fail_msg("frame %zu: %s", f, needles[i]);
		assert_false(
		    finds(&world, SEARCH_BODY, "", VIEW("wörd 77 end77")));
		buf_done(&message);
		world_close(&world);
	}
}

// ---- Keys that need no text ------------------------------------------------

static int64_t day(int32_t year, int32_t month, int32_t number)
{
	return date_day_of_civil((struct date_civil){year, month, number});
}

#define DAY_KEY(t, y, m, d)                                                    \
	{                                                                      \
		.type = (t), .number = (y)*10000 + (m)*100 + (d)               \
	}

// Three messages. 1: 2001-09-08 23:30 +0200 (21:30 UTC), \Seen $Junk, sent
// 2001-09-09 00:10 +0900. 2: 2001-09-09 00:30 -0700 (07:30 UTC): after now, no
// Date. 3: 1969-12-31 23:00 +0000, \Flagged, sent 2001-09-08 23:59 -1200.
static void fill(struct world *world)
{
	static const struct {
		const char *text;
		int64_t date;
		int16_t zone;
		unsigned flags;
		bool keyword;
	} messages[] = {
	    {"Date: Sun, 9 Sep 2001 00:10:00 +0900\r\n\r\nalpha\r\n",
		NOW - 15400, 120, STORE_FLAG_SEEN, true},
	    {"Subject: second\r\n\r\nbeta beta beta\r\n", NOW + 20600, -420, 0,
		false},
	    {"Date: Sat, 8 Sep 2001 23:59:00 -1200\r\n\r\nalpha gamma\r\n",
		-3600, 0, STORE_FLAG_FLAGGED, false},
	};
	struct view junk = VIEW("$Junk");
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		struct store_append append = {
		    .draft = bed_draft(&world->bed, messages[i].text),
		    .flags = {.system = messages[i].flags,
			.keywords = &junk,
			.keyword_count = messages[i].keyword},
		    .has_date = true,
		    .internal_date = messages[i].date,
		    .zone_minutes = messages[i].zone,
		};
		struct store_appended appended;
		assert_int_equal(store_append(world->inbox, &append, 1,
				     &world->bed.fault, &appended),
		    RC_OK);
		store_draft_free(&append.draft);
	}
}

static const struct {
	const char *name;
	struct search_key key; // of days, `number` is yyyymmdd
	const char *uids;
} entries[] = {
    {"all", {.type = SEARCH_ALL}, "1:3"},
    {"seen", {.type = SEARCH_FLAG, .text = BYTES("\\SEEN")}, "1"},
    {"flagged", {.type = SEARCH_FLAG, .text = BYTES("\\Flagged")}, "3"},
    {"draft", {.type = SEARCH_FLAG, .text = BYTES("\\Draft")}, ""},
    {"keyword", {.type = SEARCH_FLAG, .text = BYTES("$jUNK")}, "1"},
    {"no keyword", {.type = SEARCH_FLAG, .text = BYTES("$Never")}, ""},
    {"on 8", DAY_KEY(SEARCH_ON, 2001, 9, 8), "1"},
    {"on 9", DAY_KEY(SEARCH_ON, 2001, 9, 9), "2"},
    {"on 1969", DAY_KEY(SEARCH_ON, 1969, 12, 31), "3"},
    {"before 9", DAY_KEY(SEARCH_BEFORE, 2001, 9, 9), "1,3"},
    {"since 9", DAY_KEY(SEARCH_SINCE, 2001, 9, 9), "2"},
    {"since 8", DAY_KEY(SEARCH_SINCE, 2001, 9, 8), "1:2"},
    {"senton 8", DAY_KEY(SEARCH_SENT_ON, 2001, 9, 8), "3"},
    {"senton 9", DAY_KEY(SEARCH_SENT_ON, 2001, 9, 9), "1"},
    {"sentbefore 9", DAY_KEY(SEARCH_SENT_BEFORE, 2001, 9, 9), "3"},
    {"sentbefore", DAY_KEY(SEARCH_SENT_BEFORE, 2030, 1, 1), "1,3"},
    {"sentsince 9", DAY_KEY(SEARCH_SENT_SINCE, 2001, 9, 9), "1"},
    {"savedon", DAY_KEY(SEARCH_SAVED_ON, 2001, 9, 9), "1:3"},
    {"savedbefore", DAY_KEY(SEARCH_SAVED_BEFORE, 2001, 9, 9), ""},
    {"savedsince", DAY_KEY(SEARCH_SAVED_SINCE, 2001, 9, 9), "1:3"},
    {"saved", {.type = SEARCH_SAVED_SUPPORTED}, "1:3"},
    // RFC 5032: the target time itself is both older and younger.
    {"older", {.type = SEARCH_OLDER, .number = 15400}, "1,3"},
    {"older", {.type = SEARCH_OLDER, .number = 15401}, "3"},
    {"younger", {.type = SEARCH_YOUNGER, .number = 15400}, "1:2"},
    {"younger", {.type = SEARCH_YOUNGER, .number = 15399}, "2"},
    {"younger", {.type = SEARCH_YOUNGER, .number = UINT64_MAX}, "1:3"},
    {"older", {.type = SEARCH_OLDER, .number = UINT64_MAX}, ""},
    {"larger", {.type = SEARCH_LARGER, .number = 46}, "1,3"},
    {"larger", {.type = SEARCH_LARGER, .number = 47}, "3"},
    {"smaller", {.type = SEARCH_SMALLER, .number = 36}, "2"},
    {"smaller", {.type = SEARCH_SMALLER, .number = 35}, ""},
    {"email id", {.type = SEARCH_EMAIL_ID, .number = 2}, "2"},
    {"modseq", {.type = SEARCH_MODSEQ, .number = 1}, "1:3"},
};

static void entry_keys_match(void **state)
{
	(void)state;
	struct world world;
	struct buf uids;
	world_open(&world);
	fill(&world);
	buf_init(&uids, 4096);
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		struct search_key key = entries[i].key;
		if (key.number > 19000000 && key.number < 30000000)
			key.day = day((int32_t)(key.number / 10000),
			    (int32_t)(key.number / 100 % 100),
			    (int32_t)(key.number % 100));
		world_search(&world, &key, &uids);
		if (!view_eq(view_of_string(uids.ptr),
			view_of_string(entries[i].uids)))
			fail_msg("%zu %s: %s", i, entries[i].name, uids.ptr);
	}
	buf_done(&uids);
	world_close(&world);
}

static void ids_modseq_and_sets_match(void **state)
{
	(void)state;
	struct world world;
	struct buf uids;
	world_open(&world);
	fill(&world);
	buf_init(&uids, 4096);
	struct store_snapshot *snapshot = store_mailbox_snapshot(world.inbox);
	struct store_message message;
	store_snapshot_get(snapshot, 1, &message);
	struct search_key key = {
	    .type = SEARCH_MODSEQ, .number = message.modseq};
	world_search(&world, &key, &uids);
	assert_string_equal(uids.ptr, "2:3");
	key = (struct search_key){
	    .type = SEARCH_EMAIL_ID, .number = message.email_id};
	world_search(&world, &key, &uids);
	assert_string_equal(uids.ptr, "2");
	struct store_reader *reader = store_reader_new(world.bed.account);
	struct message_record record;
	key = (struct search_key){.type = SEARCH_THREAD_ID};
	assert_int_equal(
	    store_reader_record(reader, message.email_id, &record, &key.number),
	    RC_OK);
	world_search(&world, &key, &uids);
	assert_string_equal(uids.ptr, "2");
	struct rangeset set;
	rangeset_init(&set);
	rangeset_add(&set, 2, 900);
	key = (struct search_key){.type = SEARCH_UIDS, .uids = &set};
	world_search(&world, &key, &uids);
	assert_string_equal(uids.ptr, "2:3");
	rangeset_done(&set);
	store_reader_free(&reader);
	store_snapshot_unref(&snapshot);
	buf_done(&uids);
	world_close(&world);
}

// ---- Trees -----------------------------------------------------------------

// Random trees over keys of every cost. The expected result is combined by hand
// from the results of the keys.
static const struct search_key leaves[] = {
    {.type = SEARCH_ALL},
    {.type = SEARCH_FLAG, .text = BYTES("\\Seen")},
    {.type = SEARCH_SENT_BEFORE, .day = 11574},
    {.type = SEARCH_HEADER, .field = BYTES("Subject"), .text = BYTES("second")},
    {.type = SEARCH_HEADER, .field = BYTES("Date"), .text = BYTES("sep 2001")},
    {.type = SEARCH_BODY, .text = BYTES("alpha")},
    {.type = SEARCH_BODY, .text = BYTES("gamma")},
    {.type = SEARCH_BODY, .text = BYTES("beta")},
    {.type = SEARCH_TEXT, .text = BYTES("9 sep")},
    {.type = SEARCH_TEXT, .text = BYTES("alpha gamma")},
};

static unsigned next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 16;
}

// `masks` tells for each leaf which messages it matches (bit n: UID n + 1).
static unsigned tree_grow(struct arena *arena, uint32_t *seed, unsigned depth,
    const unsigned *masks, struct search_key **ret_key)
{
	struct search_key *key = arena_zalloc(arena, sizeof(*key));
	*ret_key = key;
	unsigned kind = next_random(seed) % 4;
	if (depth == 0 || kind == 0) {
		unsigned leaf = next_random(seed) % ARRAY_LEN(leaves);
		*key = leaves[leaf];
		return masks[leaf];
	}
	if (kind == 1) {
		key->type = SEARCH_NOT;
		return 7u & ~tree_grow(
				arena, seed, depth - 1, masks, &key->children);
	}
	key->type = kind == 2 ? SEARCH_AND : SEARCH_OR;
	unsigned mask = kind == 2 ? 7 : 0;
	struct search_key **link = &key->children;
	for (unsigned i = 2 + next_random(seed) % 3; i; i--) {
		unsigned one = tree_grow(arena, seed, depth - 1, masks, link);
		mask = kind == 2 ? mask & one : mask | one;
		link = &(*link)->next;
	}
	return mask;
}

static void trees_match_as_their_keys_say(void **state)
{
	(void)state;
	static const unsigned masks[ARRAY_LEN(leaves)] = {
	    7, 1, 4, 2, 5, 5, 4, 2, 1, 4};
	static const char *const sets[] = {
	    "", "1", "2", "1:2", "3", "1,3", "2:3", "1:3"};
	struct world world;
	struct buf uids;
	world_open(&world);
	fill(&world);
	buf_init(&uids, 4096);
	for (size_t i = 0; i < ARRAY_LEN(leaves); i++) {
		world_search(&world, &leaves[i], &uids);
		if (strcmp(uids.ptr, sets[masks[i]]) != 0)
			fail_msg("leaf %zu: %s", i, uids.ptr);
	}
	uint32_t seed = 7;
	for (int i = 0; i < 2000; i++) {
		struct search_key *key;
		arena_reset(&world.bed.arena);
		unsigned mask =
		    tree_grow(&world.bed.arena, &seed, 4, masks, &key);
		world_search(&world, key, &uids);
		if (strcmp(uids.ptr, sets[mask]) != 0)
			fail_msg("tree %d: %s", i, uids.ptr);
	}
	buf_done(&uids);
	world_close(&world);
}

static void too_much_is_refused(void **state)
{
	(void)state;
	struct world world;
	world_open(&world);
	struct store_snapshot *snapshot = store_mailbox_snapshot(world.inbox);
	struct store_search *search = NULL;
	struct search_key nots[STORE_SEARCH_DEPTH_MAX + 3];
	for (size_t i = 0; i < ARRAY_LEN(nots); i++)
		nots[i] = (struct search_key){
		    .type = SEARCH_NOT, .children = &nots[i + 1]};
	nots[ARRAY_LEN(nots) - 1] = (struct search_key){.type = SEARCH_ALL};
	struct fault *fault = &world.bed.fault;
	assert_int_equal(
	    store_search_new(world.inbox, snapshot, nots, fault, &search),
	    RC_LIMIT);
	assert_int_equal(
	    store_search_new(world.inbox, snapshot, nots + 2, fault, &search),
	    RC_OK);
	store_search_free(&search);
	char *text = mem_alloc(TOO_LONG);
	memset(text, 'x', TOO_LONG);
	struct search_key key = {
	    .type = SEARCH_BODY, .text = view_of(text, TOO_LONG)};
	assert_int_equal(
	    store_search_new(world.inbox, snapshot, &key, fault, &search),
	    RC_LIMIT);
	key.text.len--;
	assert_int_equal(
	    store_search_new(world.inbox, snapshot, &key, fault, &search),
	    RC_OK);
	store_search_free(&search);
	// Several strings together may not be that long.
	struct search_key many[10];
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = (struct search_key){.type = SEARCH_BODY,
		    .text = view_of(text, STORE_SEARCH_NEEDLES_MAX / 10),
		    .next = i + 1 < ARRAY_LEN(many) ? &many[i + 1] : NULL};
	struct search_key both = {.type = SEARCH_AND, .children = many};
	assert_int_equal(
	    store_search_new(world.inbox, snapshot, &both, fault, &search),
	    RC_OK);
	store_search_free(&search);
	many[0].text.len += 10;
	assert_int_equal(
	    store_search_new(world.inbox, snapshot, &both, fault, &search),
	    RC_LIMIT);
	key.type = SEARCH_UID;
	assert_int_equal(
	    store_search_new(world.inbox, snapshot, &key, fault, &search),
	    RC_INVALID);
	free(text);
	store_snapshot_unref(&snapshot);
	world_close(&world);
}

// An email that is expunged or arrives after the search was made does not
// match.
static void expunged_email_does_not_match(void **state)
{
	(void)state;
	struct world world;
	world_open(&world);
	fill(&world);
	struct store_snapshot *snapshot = store_mailbox_snapshot(world.inbox);
	struct rangeset uids;
	uint64_t modseq;
	rangeset_init(&uids);
	rangeset_add(&uids, 1, 1);
	struct store_flags_change change = {
	    .operation = STORE_FLAGS_ADD,
	    .flags.system = STORE_FLAG_DELETED,
	};
	assert_int_equal(store_flags_change(world.inbox, &uids, &change,
			     &world.bed.fault, NULL, &modseq),
	    RC_OK);
	assert_int_equal(
	    store_expunge(world.inbox, NULL, &world.bed.fault, &modseq), RC_OK);
	struct search_key body = {.type = SEARCH_BODY, .text = VIEW("alpha")};
	struct search_key not = {.type = SEARCH_NOT, .children = &body};
	const struct search_key *programs[] = {&body, &not };
	for (size_t i = 0; i < 2; i++) {
		struct store_search *search;
		assert_int_equal(store_search_new(world.inbox, snapshot,
				     programs[i], &world.bed.fault, &search),
		    RC_OK);
		assert_true(store_search_reads(search));
		struct store_message message;
		bool matches = true;
		store_snapshot_get(snapshot, 0, &message);
		assert_int_equal(
		    store_search_test(search, &message, &matches), RC_OK);
		assert_false(matches);
		store_snapshot_get(snapshot, 2, &message);
		assert_int_equal(
		    store_search_test(search, &message, &matches), RC_OK);
		assert_int_equal(matches, i == 0);
		store_search_free(&search);
	}
	rangeset_done(&uids);
	store_snapshot_unref(&snapshot);
	world_close(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_is_found_in_every_charset_and_encoding),
	    cmocka_unit_test(subject_is_found_in_every_charset),
	    cmocka_unit_test(header_body_and_text_look_where_they_should),
	    cmocka_unit_test(needle_is_found_anywhere_in_a_long_body),
	    cmocka_unit_test(many_keys_answer_as_each_alone),
	    cmocka_unit_test(many_needles_are_found_in_a_long_body),
	    cmocka_unit_test(needle_is_found_in_a_long_header),
	    cmocka_unit_test(entry_keys_match),
	    cmocka_unit_test(ids_modseq_and_sets_match),
	    cmocka_unit_test(trees_match_as_their_keys_say),
	    cmocka_unit_test(too_much_is_refused),
	    cmocka_unit_test(expunged_email_does_not_match),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
