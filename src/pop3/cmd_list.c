// SPDX-License-Identifier: Apache-2.0
// STAT, LIST and UIDL (RFC 1939 sections 5 and 7). Numbers, sizes and ids are
// those at login, whatever other clients do meanwhile.
#include "pop3/commands.h"
#include "pop3/message.h"

enum pop3_step pop3_stat_begin(struct pop3_command *command)
{
	const struct pop3_maildrop *maildrop = command->session->maildrop;
	return pop3_ok(command, "%u %llu", pop3_maildrop_left(maildrop),
	    (unsigned long long)pop3_maildrop_octets(maildrop));
}

// Adds what LIST or UIDL says about a message, after "+OK " or on a line of its
// own.
typedef void add_line(const struct pop3_maildrop *maildrop, uint32_t index,
    const struct store_message *message, struct buf *out);

static void add_scan_listing(const struct pop3_maildrop *maildrop,
    uint32_t index, const struct store_message *message, struct buf *out)
{
	buf_add_u64(out, index + 1);
	buf_add_char(out, ' ');
	buf_add_u64(out, pop3_message_octets(maildrop, index, message));
	buf_add_literal(out, "\r\n");
}

static void add_unique_id(const struct pop3_maildrop *maildrop, uint32_t index,
    const struct store_message *message, struct buf *out)
{
	buf_add_u64(out, index + 1);
	buf_add_char(out, ' ');
	pop3_message_add_uidl(maildrop, message, out);
	buf_add_literal(out, "\r\n");
}

static enum pop3_step list_on(struct pop3_command *command, add_line *add)
{
	const struct pop3_maildrop *maildrop = command->session->maildrop;
	uint32_t *next = command->state;
	struct pop3_maildrop_walk walk;
	struct store_message message;
	uint32_t index;
	pop3_maildrop_walk_init(&walk, maildrop, *next);
	while (pop3_maildrop_walk_next(&walk, &index, &message)) {
		add(maildrop, index, &message, command->out);
		*next = index + 1;
		if (pop3_output_full(command))
			return POP3_STEP_MORE;
	}
	buf_add_literal(command->out, ".\r\n");
	return POP3_STEP_DONE;
}

static enum pop3_step list_one(struct pop3_command *command, add_line *add)
{
	struct pop3_message found;
	if (!pop3_message_named(command, command->args, &found))
		return POP3_STEP_DONE;
	buf_add_literal(command->out, "+OK ");
	add(command->session->maildrop, found.index, &found.message,
	    command->out);
	return POP3_STEP_DONE;
}

enum pop3_step pop3_list_resume(struct pop3_command *command)
{
	return list_on(command, add_scan_listing);
}

enum pop3_step pop3_list_begin(struct pop3_command *command)
{
	const struct pop3_maildrop *maildrop = command->session->maildrop;
	if (command->args.len > 0)
		return list_one(command, add_scan_listing);
	pop3_ok(command, "%u messages (%llu octets) follow",
	    pop3_maildrop_left(maildrop),
	    (unsigned long long)pop3_maildrop_octets(maildrop));
	command->state = arena_zalloc(&command->arena, sizeof(uint32_t));
	return pop3_list_resume(command);
}

enum pop3_step pop3_uidl_resume(struct pop3_command *command)
{
	return list_on(command, add_unique_id);
}

enum pop3_step pop3_uidl_begin(struct pop3_command *command)
{
	if (command->args.len > 0)
		return list_one(command, add_unique_id);
	pop3_ok(command, "Unique-ids follow");
	command->state = arena_zalloc(&command->arena, sizeof(uint32_t));
	return pop3_uidl_resume(command);
}
