// SPDX-License-Identifier: Apache-2.0
#include "wire/message_dump.h"

static void body_dump(struct view body, struct buf *out)
{
	for (size_t i = 0; i < body.len; i++) {
		char c = body.ptr[i];
		bool pair =
		    c == '\r' && i + 1 < body.len && body.ptr[i + 1] == '\n';
		i += pair;
		buf_add_char(out, pair ? '|' : c == '\n' ? '/' : c);
	}
}

static void part_dump(const struct message *message, uint32_t index,
    struct view bytes, struct buf *out)
{
	const struct message_part *part = &message->parts[index];
	buf_add(out, part->type);
	buf_add_char(out, '/');
	buf_add(out, part->subtype);
	if (part->kind == MESSAGE_LEAF) {
		buf_add_char(out, '=');
		body_dump(
		    view_slice(bytes, part->body_offset, part->body_len), out);
		return;
	}
	buf_add_char(out, '(');
	for (uint32_t i = index + 1; i < part->next;
	     i = message->parts[i].next) {
		if (i > index + 1)
			buf_add_char(out, ' ');
		part_dump(message, i, bytes, out);
	}
	buf_add_char(out, ')');
}

void message_dump_tree(
    const struct message *message, struct view bytes, struct buf *out)
{
	part_dump(message, 0, bytes, out);
}

static void value_dump(const struct content_value *value, struct buf *out)
{
	buf_printf(
	    out, " %.*s/%.*s", VIEW_FMT(value->type), VIEW_FMT(value->subtype));
	for (size_t i = 0; i < value->param_count; i++) {
		buf_add_literal(out, ";");
		buf_add(out, value->params[i].name);
		buf_add_literal(out, "=");
		buf_add(out, value->params[i].value);
	}
}

void message_dump_all(const struct message *message, struct buf *out)
{
	buf_printf(out, "%u %u %d%d%d%d %d%d%d parts %u sample %u+%zu %d\n",
	    message->size, message->header_len, message->has_nul,
	    message->has_bare_cr, message->has_bare_lf, message->has_8bit,
	    message->header_truncated, message->fields_truncated,
	    message->parts_truncated, message->part_count, message->sample_part,
	    message->sample.len, message->sample_truncated);
	buf_add(out, message->header);
	buf_add(out, message->sample);
	for (uint32_t i = 0; i < message->part_count; i++) {
		const struct message_part *part = &message->parts[i];
		buf_printf(out, "\n%u: %u %u %u %u | %u+%u %u+%u %u | %d %d %d",
		    i, part->parent, part->next, part->number, part->depth,
		    part->header_offset, part->header_len, part->body_offset,
		    part->body_len, part->body_lines, part->kind,
		    part->encoding, part->source);
		struct arena arena;
		arena_init(&arena);
		struct content_value type = message_part_type(&arena, part);
		value_dump(&type, out);
		arena_done(&arena);
		for (int j = 0; j < MESSAGE_FIELD_COUNT; j++) {
			struct view value =
			    message_field(part->fields, (enum message_field)j);
			if (value.ptr) {
				buf_printf(out, "\n  %d: ", j);
				buf_add(out, value);
			}
		}
	}
}

static const char *part_fault(const struct message *message, uint32_t index)
{
	const struct message_part *part = &message->parts[index];
	uint64_t end = (uint64_t)part->body_offset + part->body_len;
	if (part->header_offset + part->header_len != part->body_offset)
		return "the body does not follow the header";
	if (end > message->size)
		return "beyond the message";
	if (part->next <= index || part->next > message->part_count)
		return "next";
	if ((part->kind == MESSAGE_LEAF) != (part->next == index + 1))
		return "a leaf has parts, or another has none";
	if (part->body_lines > part->body_len)
		return "more lines than bytes";
	if (index == 0)
		return part->parent == MESSAGE_NO_PART ? NULL : "root";
	if (part->parent >= index)
		return "parent";
	const struct message_part *parent = &message->parts[part->parent];
	if (part->header_offset < parent->body_offset ||
	    end > (uint64_t)parent->body_offset + parent->body_len)
		return "outside of its parent";
	if (part->next > parent->next || part->depth != parent->depth + 1)
		return "nesting";
	if (parent->kind == MESSAGE_MESSAGE && part->number != 1)
		return "a message with two bodies";
	return NULL;
}

const char *message_dump_fault(const struct message *message)
{
	for (uint32_t i = 0; i < message->part_count; i++) {
		const char *fault = part_fault(message, i);
		if (fault)
			return fault;
	}
	if (message->parts[0].next != message->part_count)
		return "parts outside of the message";
	if (message->parts[0].body_len + message->header_len != message->size)
		return "the message is not all of itself";
	return NULL;
}
