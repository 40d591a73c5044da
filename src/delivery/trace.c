// SPDX-License-Identifier: Apache-2.0
// The fields put in front of a message (RFC 5321 section 4.4): one Received for
// all, Return-Path and Delivered-To for each copy; and finding loops by the
// fields that are already there.
#include <string.h>
#include <sys/random.h>

#include "base/ascii.h"
#include "base/bytes.h"
#include "delivery/impl.h"
#include "wire/header.h"
#include "wire/utf8.h"

// Received of a submission names neither the user's address nor the name that
// the program gives: both tell where a person is, and the recipients have no
// use for them. The log has them under the id. RFC 5321 section 4.4
// nevertheless requires a FROM clause, in which a Domain alone is valid. This
// server's own name tells nothing new, says nothing untrue about a client (as
// "[127.0.0.1]" would), and has only the server's own reputation. The "A" at
// the end of the with-clause says that somebody logged in (RFC 3848).
void delivery_received_write(const struct delivery *delivery, struct buf *out)
{
	const struct delivery_origin *origin = &delivery->origin;
	bool submission = origin->door == DELIVERY_SUBMISSION;
	struct view server = delivery->office->server_name;
	struct trace_received received = {
	    .helo = submission ? server : origin->helo,
	    .client_address = submission ? VIEW("") : origin->peer_address,
	    .by = server,
	    .protocol =
		delivery_protocol(origin, delivery->envelope.queue.smtputf8),
	    .utf8_header = !utf8_is_ascii(buf_view(&delivery->header.bytes)),
	    .tls_cipher = origin->tls_cipher,
	    .id = view_of_string(delivery->id),
	    .date = {.seconds = delivery_now(delivery->office)},
	};
	// RFC 5321 section 7.2: with several recipients, the clause could tell
	// one about another.
	if (delivery->recipient_count == 1)
		received.recipient = delivery->only;
	trace_received_write(&received, out);
}

void delivery_prefix_write(struct arena *arena, struct view sender,
    struct view address, struct view head, struct buf *out)
{
	struct smtp_mailbox mailbox = {0};
	if (sender.len &&
	    smtp_mailbox_parse(arena, sender, NULL, &mailbox) != RC_OK)
		mailbox = (struct smtp_mailbox){0};
	trace_return_path_write(&mailbox, out);
	if (smtp_mailbox_parse(arena, address, NULL, &mailbox) == RC_OK)
		trace_delivered_to_write(&mailbox, out);
	buf_add(out, head);
}

// ---- Loops -----------------------------------------------------------------

// Ignores case in US-ASCII: compares with what this server wrote.
static struct view folded(struct arena *arena, struct view address)
{
	char *text = arena_alloc(arena, address.len + 1);
	for (size_t i = 0; i < address.len; i++)
		text[i] = ascii_lower(address.ptr[i]);
	return view_of(text, address.len);
}

void delivery_delivered_to(
    struct arena *arena, struct view header, struct map *ret_known)
{
	struct header_field field;
	size_t count = 0;
	while (header_next(&header, &field)) {
		if (!view_eq_nocase(field.name, VIEW("Delivered-To")))
			continue;
		struct view value = view_trim(field.value);
		if (value.len == 0 || value.len > SMTP_MAILBOX_PRINTED_MAX)
			continue;
		if (++count > DELIVERY_DELIVERED_MAX)
			break;
		map_put(ret_known, folded(arena, value), ret_known);
	}
}

bool delivery_is_known(
    const struct map *known, struct arena *arena, struct view address)
{
	return known->count && map_get(known, folded(arena, address));
}

// How often a message may come through this server before an alias does not
// send it on any more. Each time could make several of it.
#define PASSES_MAX 5

// Whether the Received field says "by" and this server's name.
static bool is_by(struct view value, struct view server_name)
{
	struct view word = VIEW("");
	bool by = false;
	for (size_t at = 0; at < value.len;) {
		size_t start = at;
		while (at < value.len && !ascii_is_space(value.ptr[at]) &&
		       value.ptr[at] != ';')
			at++;
		word = view_slice(value, start, at - start);
		if (by && word.len)
			return view_eq_nocase(word, server_name);
		by = by || view_eq_nocase(word, VIEW("by"));
		at += at == start || at < value.len;
	}
	return false;
}

bool delivery_passed_often(struct view header, struct view server_name)
{
	struct header_field field;
	unsigned passes = 0;
	while (header_next(&header, &field))
		if (view_eq_nocase(field.name, VIEW("Received")) &&
		    is_by(field.value, server_name) && ++passes > PASSES_MAX)
			return true;
	return false;
}

struct view delivery_alias_field(struct arena *arena, struct view alias)
{
	struct smtp_mailbox mailbox;
	struct buf text;
	if (!alias.len ||
	    smtp_mailbox_parse(arena, alias, NULL, &mailbox) != RC_OK)
		return VIEW("");
	buf_init(&text, STORE_PREFIX_MAX);
	trace_delivered_to_write(&mailbox, &text);
	struct view copy = arena_copy(arena, buf_view(&text));
	buf_done(&text);
	return copy;
}

// ---- Names -----------------------------------------------------------------

struct view delivery_message_id(
    struct arena *arena, struct view domain, const char id[QUEUE_ID_TEXT + 1])
{
	struct buf text;
	buf_init(&text, 1000);
	buf_add_char(&text, '<');
	buf_add_string(&text, id);
	buf_add_char(&text, '@');
	buf_add(&text, domain);
	buf_add_char(&text, '>');
	struct view copy = arena_copy(arena, buf_view(&text));
	buf_done(&text);
	return copy;
}

void delivery_id_make(
    const struct delivery_office *office, char ret_id[QUEUE_ID_TEXT + 1])
{
	struct queue_id id;
	char time[8];
	uint64_t ms =
	    (uint64_t)delivery_now(office) * 1000 + clock_monotonic_ms() % 1000;
	put_be64(time, ms << 16);
	memcpy(id.bytes, time, 6);
	if (getrandom(id.bytes + 6, 6, 0) != 6)
		abort(); // 6 bytes: cannot fail once the machine is up
	queue_id_print(&id, ret_id);
}
