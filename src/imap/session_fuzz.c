// SPDX-License-Identifier: Apache-2.0
// A whole session over the memory engine. The first byte says how it begins
// (before login, logged in, with a mailbox selected) and in what pieces the
// rest is given. Invariants: what is said does not depend on the pieces, and is
// a sequence of well-formed responses.
#include "base/ascii.h"
#include "imap/rig.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rig_users users; // of the process: they take long to make

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	rig_users_init(&users);
	return 0;
}

static void fail(const char *why, struct view a, struct view b)
{
	fprintf(stderr, "%s\n--- one:\n%.*s\n--- two:\n%.*s\n", why,
	    VIEW_FMT(a), VIEW_FMT(b));
	abort();
}

// ---- Responses -------------------------------------------------------------

static bool has_literal(struct view line, uint64_t *ret_size)
{
	if (!view_ends_with(line, VIEW("}")))
		return false;
	size_t at = line.len - 1;
	while (at > 0 && ascii_is_digit(line.ptr[at - 1]))
		at--;
	return at > 0 && line.ptr[at - 1] == '{' &&
	       view_to_u64(view_slice(line, at, line.len - 1 - at), ret_size);
}

static bool is_response(struct view line)
{
	if (view_starts_with(line, VIEW("* ")) ||
	    view_starts_with(line, VIEW("+ ")))
		return true;
	struct view tag;
	return view_split(&line, ' ', &tag) && tag.len > 0 &&
	       (view_starts_with(line, VIEW("OK ")) ||
		   view_starts_with(line, VIEW("NO ")) ||
		   view_starts_with(line, VIEW("BAD ")));
}

static void check_output(struct view out)
{
	struct view rest = out;
	bool inside = false; // of a response, behind a literal
	while (rest.len > 0) {
		size_t end = view_find(rest, VIEW("\r\n"));
		if (end == SIZE_MAX)
			fail("a line without an end", out, rest);
		struct view line = view_slice(rest, 0, end);
		uint64_t size;
		rest = view_from(rest, end + 2);
		if (!inside && !is_response(line))
			fail("not a response", out, line);
		inside = has_literal(line, &size);
		if (!inside)
			continue;
		if (size > rest.len)
			fail("a literal cut short", out, line);
		rest = view_from(rest, (size_t)size);
	}
}

// ---- Sessions --------------------------------------------------------------

static const char message[] =
    "From: Fred <fred@example.com>\r\n"
    "To: mooch@example.org\r\n"
    "Subject: =?utf-8?q?caf=C3=A9?= meeting\r\n"
    "Date: Mon, 7 Feb 1994 21:52:25 -0800\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n"
    "\r\n"
    "--b\r\n\r\nHello Joe\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\n"
    "Subject: inner\r\n\r\ntext\r\n"
    "--b\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n";

static void prepare(struct rig *rig, struct rig_client *client, int begin)
{
	rig_connect(rig, begin > 0, client);
	if (begin < 2)
		return;
	char text[sizeof(message) + 100];
	for (int i = 0; i < 3; i++) {
		int len = snprintf(text, sizeof(text),
		    "p APPEND INBOX (\\Flagged) {%zu+}\r\n%s\r\n",
		    sizeof(message) - 1, message);
		rig_say(client, view_of(text, (size_t)len));
	}
	rig_say(client, VIEW("p ENABLE QRESYNC\r\np SELECT INBOX\r\n"));
}

static void run(struct view input, int begin, size_t piece, struct buf *out)
{
	struct rig rig;
	struct rig_client client;
	rig_init(&rig,
	    &(struct rig_options){
		.users = &users, .message_max = 100000, .tls_available = true});
	prepare(&rig, &client, begin);
	client.piece = piece;
	rig_say(&client, input);
	rig_wake(&client);
	buf_add(out, buf_view(&client.out));
	rig_disconnect(&client);
	rig_done(&rig);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	int begin = data[0] % 3;
	size_t piece = (size_t)(data[0] / 3) % 17 + 1;
	struct view input = view_of(data + 1, size - 1);
	struct buf whole, pieces;
	buf_init(&whole, (size_t)64 << 20);
	buf_init(&pieces, (size_t)64 << 20);
	run(input, begin, 0, &whole);
	check_output(buf_view(&whole));
	// What comes behind STARTTLS depends on when it comes, and SCRAM's
	// nonces are random; both are for strangers only.
	if (begin > 0) {
		run(input, begin, piece, &pieces);
		if (!view_eq(buf_view(&whole), buf_view(&pieces)))
			fail("the pieces make a difference", buf_view(&whole),
			    buf_view(&pieces));
	}
	buf_done(&whole);
	buf_done(&pieces);
	return 0;
}
