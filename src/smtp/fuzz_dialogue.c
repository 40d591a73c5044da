// SPDX-License-Identifier: Apache-2.0
// Dialogues for fuzzers.
#include "smtp/fuzz_dialogue.h"

#include "base/ascii.h"

#define OUT_MAX ((size_t)64 << 20)

static struct rig_users users; // made once for the process, which takes long
static bool users_made;

static void fail(const char *why, struct view a, struct view b)
{
	fprintf(stderr, "%s\n--- one:\n%.*s\n--- two:\n%.*s\n", why,
	    VIEW_FMT(a), VIEW_FMT(b));
	abort();
}

// ---- Replies ---------------------------------------------------------------

static bool is_reply_line(struct view line)
{
	if (line.len < 4 || line.len > 510 || line.ptr[0] < '2' ||
	    line.ptr[0] > '5' || !ascii_is_digit(line.ptr[1]) ||
	    !ascii_is_digit(line.ptr[2]) ||
	    (line.ptr[3] != ' ' && line.ptr[3] != '-'))
		return false;
	for (size_t i = 0; i < line.len; i++)
		if (ascii_is_control(line.ptr[i]))
			return false;
	// RFC 2034 section 4. Replies 5xx to EHLO have none, but this function
	// cannot tell them apart.
	return line.ptr[0] != '4' ||
	       (line.len > 7 && view_eq(view_slice(line, 4, 2), VIEW("4.")));
}

// Returns how often a delivery was confirmed.
static size_t check_output(struct view out)
{
	struct view rest = out;
	char code[4] = ""; // of a reply that is not complete yet
	size_t delivered = 0;
	while (rest.len > 0) {
		size_t end = view_find(rest, VIEW("\r\n"));
		if (end == SIZE_MAX)
			fail("a line without an end", out, rest);
		struct view line = view_slice(rest, 0, end);
		rest = view_from(rest, end + 2);
		bool challenge = view_starts_with(line, VIEW("334 "));
		if (!challenge && !is_reply_line(line))
			fail("not a reply", out, line);
		if (code[0] != '\0' && memcmp(code, line.ptr, 3) != 0)
			fail("two codes in one reply", out, line);
		memcpy(code, line.ptr, 3);
		if (line.ptr[3] == ' ')
			code[0] = '\0';
		delivered += view_eq(line, VIEW("250 2.0.0 Delivered"));
	}
	if (code[0] != '\0')
		fail("a reply cut short", out, rest);
	return delivered;
}

// ---- Runs ------------------------------------------------------------------

static void say_lines(struct rig_client *client, const char *const *lines)
{
	for (; *lines != NULL; lines++)
		rig_say(client, view_of_string(*lines));
}

static void prepare(
    const struct fuzz_dialogue *dialogue, struct rig_client *client)
{
	static const char *const hellos[][3] = {
	    [SMTP_ROLE_MX] = {"EHLO client\r\n"},
	    [SMTP_ROLE_SUBMISSION] = {"EHLO client\r\n",
		"AUTH PLAIN AGRlbW8AZGVtbyBwYXNz\r\n"},
	    [SMTP_ROLE_LMTP] = {"LHLO client\r\n"},
	};
	static const char *const recipient[] = {
	    "MAIL FROM:<demo@example.org>\r\n",
	    "RCPT TO:<friend@example.org>\r\n", NULL};
	if (dialogue->begin >= FUZZ_HELLO)
		say_lines(client, hellos[dialogue->role]);
	if (dialogue->begin >= FUZZ_RECIPIENT)
		say_lines(client, recipient);
	if (dialogue->begin >= FUZZ_DATA)
		rig_say(client, VIEW("DATA\r\n"));
}

// Sends the input in pieces, or line by line if `piece` is 0.
static void say(struct rig_client *client, struct view input, size_t piece)
{
	while (input.len > 0) {
		size_t end = view_find_char(input, '\n');
		size_t len = end == SIZE_MAX ? input.len : end + 1;
		if (piece > 0)
			len = piece < input.len ? piece : input.len;
		rig_say(client, view_slice(input, 0, len));
		input = view_from(input, len);
	}
}

// Leaves out challenges, which have random nonces.
static void add_output(struct view out, struct buf *ret)
{
	struct view line;
	while (view_split(&out, '\n', &line)) {
		buf_add(ret, view_starts_with(line, VIEW("334 "))
				 ? VIEW("334 \r")
				 : line);
		buf_add_char(ret, '\n');
	}
}

enum cut { CUT_NONE, CUT_LINES, CUT_PIECES };

static void run(const struct fuzz_dialogue *dialogue, struct view input,
    enum cut cut, struct buf *out)
{
	struct rig rig;
	struct rig_client client;
	rig_init(&rig,
	    &(struct rig_options){
		.users = &users,
		.role = dialogue->role,
		.peer = "127.0.0.1",
		.plain = true,
		.tls_available = true,
		.normalize = dialogue->normalize,
		.limits = {.errors = 50, .errors_slow = 3, .commands = 100},
	    });
	rig_connect(&rig, VIEW(""), &client);
	prepare(dialogue, &client);
	if (cut == CUT_NONE)
		rig_say(&client, input);
	else
		say(&client, input, cut == CUT_LINES ? 0 : dialogue->piece);
	rig_wake(&client);
	while (client.next == NET_WAIT) {
		rig_office_release(rig.office);
		rig_wake(&client);
	}
	size_t delivered = check_output(buf_view(&client.out));
	size_t accepted = rig_office_accepted(rig.office);
	// LMTP confirms each recipient.
	if (dialogue->role == SMTP_ROLE_LMTP ? accepted > delivered
					     : accepted != delivered)
		fail("deliveries are not what was said", buf_view(&client.out),
		    input);
	add_output(buf_view(&client.out), out);
	rig_disconnect(&client);
	if (rig_office_open(rig.office) != 0)
		fail("a delivery was left open", input, input);
	while (rig_office_next(rig.office, out))
		buf_add_char(out, '\n');
	rig_done(&rig);
}

void fuzz_dialogue_run(const struct fuzz_dialogue *dialogue, struct view input)
{
	struct buf whole, lines, pieces;
	if (!users_made)
		rig_users_init(&users);
	users_made = true;
	buf_init(&whole, OUT_MAX);
	buf_init(&lines, OUT_MAX);
	buf_init(&pieces, OUT_MAX);
	run(dialogue, input, CUT_NONE, &whole);
	run(dialogue, input, CUT_LINES, &lines);
	struct fuzz_dialogue bytewise = *dialogue;
	bytewise.piece = 1;
	run(&bytewise, input, CUT_PIECES, &pieces);
	if (!view_eq(buf_view(&lines), buf_view(&pieces)))
		fail("the pieces make a difference", buf_view(&lines),
		    buf_view(&pieces));
	buf_reset(&pieces);
	run(dialogue, input, CUT_PIECES, &pieces);
	buf_done(&whole);
	buf_done(&lines);
	buf_done(&pieces);
}
