// SPDX-License-Identifier: Apache-2.0
// This is the streaming parser. It gets each line in pieces. It gives header
// lines to the field reader and compares lines that begin with "--" with the
// open boundaries. It only counts the other lines. The open parts form a stack
// with the root at the bottom. The part at the top is the current part, and the
// parser is in its header or body. The parser opens and closes every part once,
// so its time is O(bytes).
#include "wire/message_boundary.h"
#include "wire/message_field.h"
#include "wire/message_scan.h"

#include "base/ascii.h"
#include "base/mem.h"

#define STACK_MAX (MESSAGE_DEPTH_MAX + 1)
// The parser keeps only the start of a line: "--", a boundary and "--" must
// fit.
#define HEAD_MAX (MESSAGE_BOUNDARY_MAX + 4)
// How much is kept of the name of a charset (the longest known has 45 bytes),
// and of a boundary, whose end may be white space that does not count.
#define CHARSET_KEPT_MAX  64
#define BOUNDARY_KEPT_MAX ((size_t)4 * MESSAGE_BOUNDARY_MAX)

struct open_part {
	uint32_t index;
	uint32_t children;
	uint32_t feeds_before; // line feeds before the body
	bool is_digest;
	bool delimited;  // a multipart, and its boundary came
	bool is_bounded; // `boundary` is in the set
	struct boundary boundary;
};

struct message_parser {
	struct message *message; // NULL after finish
	size_t part_capacity;
	struct message_scan scan;
	struct field_reader fields;
	struct boundary_set boundaries;
	struct open_part stack[STACK_MAX];
	size_t depth;    // number of parts on the stack
	bool in_header;  // in the header of the current part
	uint64_t offset; // position of the next byte
	bool too_long;

	uint64_t line_start;
	uint32_t feeds;      // line feeds before this line
	uint32_t last_break; // length of the line end before this line; 0 if it
			     // cannot be part of a boundary
	bool keeps_head;     // `head` has the line's first bytes
	size_t head_len;
	char head[HEAD_MAX];
	char last; // the byte before this piece

	struct buf header;
	struct buf sample;
	struct arena scratch;      // for the type of the part whose header ends
	struct content_value type; // this type
};

static const struct param us_ascii = {{"CHARSET", 7}, {"US-ASCII", 8}};

static struct open_part *top(struct message_parser *parser)
{
	return &parser->stack[parser->depth - 1];
}

static struct message_part *part_at(
    struct message_parser *parser, uint32_t index)
{
	return &parser->message->parts[index];
}

// Opens a new part as a child of the current part. Its header begins at
// `offset`.
static void part_open(struct message_parser *parser, uint64_t offset)
{
	struct message *message = parser->message;
	struct message_part part = {
	    .parent = MESSAGE_NO_PART,
	    .number = 1,
	    .header_offset = (uint32_t)offset,
	    .depth = (uint32_t)parser->depth,
	};
	bool is_message = true;
	if (parser->depth) {
		part.parent = top(parser)->index;
		part.number = ++top(parser)->children;
		is_message =
		    part_at(parser, part.parent)->kind == MESSAGE_MESSAGE;
	}
	message->parts = mem_grow(message->parts, &parser->part_capacity,
	    message->part_count + 1, sizeof(*message->parts));
	message->parts[message->part_count] = part;
	parser->depth++;
	*top(parser) = (struct open_part){.index = message->part_count++};
	parser->in_header = true;
	field_reader_start(&parser->fields, is_message);
}

// Tells whether the current part can have another child.
static bool part_has_room(const struct message_parser *parser)
{
	return parser->depth < STACK_MAX &&
	       parser->message->part_count < MESSAGE_PARTS_MAX;
}

static void part_make_opaque(
    struct message_parser *parser, struct message_part *part)
{
	part->kind = MESSAGE_LEAF;
	part->source = MESSAGE_TYPE_OPAQUE;
	part->type = VIEW("application");
	part->subtype = VIEW("octet-stream");
	parser->message->parts_truncated = true;
}

// Makes the part text/plain in US-ASCII. RFC 2045 section 5.2 says so for a
// part without a usable Content-Type.
static void part_make_text(struct message_part *part)
{
	part->kind = MESSAGE_LEAF;
	part->source = MESSAGE_TYPE_TEXT;
	part->type = VIEW("text");
	part->subtype = VIEW("plain");
	part->charset = us_ascii.value;
}

struct content_value message_part_type(
    struct arena *arena, const struct message_part *part)
{
	struct content_value type = {
	    .type = part->type, .subtype = part->subtype};
	switch (part->source) {
	case MESSAGE_TYPE_FIELD:
		(void)content_type_parse(arena,
		    message_field(part->fields, MESSAGE_CONTENT_TYPE), &type);
		break;
	case MESSAGE_TYPE_TEXT:
		type.params = &us_ascii;
		type.param_count = 1;
		break;
	case MESSAGE_TYPE_DIGEST:
	case MESSAGE_TYPE_OPAQUE: break;
	}
	return type;
}

static void part_read_type(
    struct message_parser *parser, struct message_part *part)
{
	struct view value = message_field(part->fields, MESSAGE_CONTENT_TYPE);
	struct content_value *type = &parser->type;
	*type = (struct content_value){0};
	part->source = MESSAGE_TYPE_FIELD;
	if (value.ptr) {
		if (content_type_parse(&parser->scratch, value, type)) {
			part->type = type->type;
			part->subtype = type->subtype;
		} else {
			part_make_text(part);
		}
	} else if (parser->depth > 1 &&
		   parser->stack[parser->depth - 2].is_digest) {
		// RFC 2046 section 5.1.5: this is the default type in a digest.
		part->source = MESSAGE_TYPE_DIGEST;
		part->type = VIEW("message");
		part->subtype = VIEW("rfc822");
	} else {
		part_make_text(part);
	}
	value = message_field(part->fields, MESSAGE_CONTENT_TRANSFER_ENCODING);
	part->encoding =
	    value.len ? transfer_encoding_parse(value) : TRANSFER_7BIT;
}

static void sample_begin(
    struct message_parser *parser, const struct message_part *part)
{
	struct message *message = parser->message;
	if (message->sample_part != MESSAGE_NO_PART ||
	    !view_eq_nocase(part->type, VIEW("text")) ||
	    (!view_eq_nocase(part->subtype, VIEW("plain")) &&
		!view_eq_nocase(part->subtype, VIEW("html"))))
		return;
	struct view value =
	    message_field(part->fields, MESSAGE_CONTENT_DISPOSITION);
	if (view_starts_with_nocase(value, VIEW("attachment")))
		return;
	message->sample_part = top(parser)->index;
	buf_reset(&parser->sample);
}

// Finds a parameter of the type that was just read. At most `max` bytes of it
// are kept with the message.
static struct view type_param(
    struct message_parser *parser, struct view name, size_t max)
{
	struct view value = VIEW("");
	content_param_find(&parser->scratch, &parser->type, name, &value);
	value = view_slice(value, 0, max);
	if (value.len)
		value = arena_copy(&parser->message->arena, value);
	return value;
}

static void leaf_begin(struct message_parser *parser, struct message_part *part)
{
	part->charset = VIEW("");
	if (part->source == MESSAGE_TYPE_TEXT)
		part->charset = us_ascii.value;
	else if (part->source == MESSAGE_TYPE_FIELD)
		part->charset =
		    type_param(parser, VIEW("charset"), CHARSET_KEPT_MAX);
	sample_begin(parser, part);
}

static bool is_blank(struct view text)
{
	return view_trim(text).len == 0;
}

// The parser calls this when the part with the sample ends. It keeps the sample
// unless the sample is blank.
static void sample_end(
    struct message_parser *parser, const struct message_part *part)
{
	struct message *message = parser->message;
	if (parser->sample.len > part->body_len)
		buf_truncate(&parser->sample, part->body_len);
	if (is_blank(buf_view(&parser->sample))) {
		message->sample_part = MESSAGE_NO_PART;
		return;
	}
	message->sample =
	    arena_copy(&message->arena, buf_view(&parser->sample));
	message->sample_truncated = parser->sample.len < part->body_len;
	buf_done(&parser->sample);
}

static void header_end(struct message_parser *parser, uint64_t offset);
static void headers_cut(struct message_parser *parser, uint64_t offset);
static void part_close(
    struct message_parser *parser, uint64_t offset, uint32_t feeds);

static void multipart_begin(
    struct message_parser *parser, struct message_part *part)
{
	struct view boundary =
	    type_param(parser, VIEW("boundary"), BOUNDARY_KEPT_MAX);
	// A boundary cannot end in white space (RFC 2046 section 5.1.1), but
	// some programs add it.
	while (boundary.len && ascii_is_space(boundary.ptr[boundary.len - 1]))
		boundary.len--;
	if (!boundary.len) {
		part_make_text(part);
		return;
	}
	if (!part_has_room(parser)) {
		part_make_opaque(parser, part);
		return;
	}
	struct open_part *open = top(parser);
	part->kind = MESSAGE_MULTIPART;
	open->is_digest = view_eq_nocase(part->subtype, VIEW("digest"));
	open->is_bounded = true;
	open->boundary.text = view_slice(boundary, 0, MESSAGE_BOUNDARY_MAX);
	open->boundary.part = open->index;
	boundary_set_add(&parser->boundaries, &open->boundary);
}

static void embedded_begin(
    struct message_parser *parser, struct message_part *part, uint64_t offset)
{
	if (!part_has_room(parser)) {
		part_make_opaque(parser, part);
		return;
	}
	part->kind = MESSAGE_MESSAGE;
	bool encoded = !transfer_is_identity(part->encoding);
	part_open(parser, offset);
	// The message in this part is encoded. RFC 2046 section 5.2.1 forbids
	// this for most types, but RFC 6532 allows it for message/global. The
	// parser cannot read the encoded header, so it treats all of the
	// message as body.
	if (encoded)
		header_end(parser, offset);
}

// Ends the header of the current part at `offset` and begins its body.
static void header_end(struct message_parser *parser, uint64_t offset)
{
	struct open_part *open = top(parser);
	struct message_part *part = part_at(parser, open->index);
	parser->in_header = false;
	part->header_len = (uint32_t)(offset - part->header_offset);
	part->body_offset = (uint32_t)offset;
	part->fields =
	    field_reader_finish(&parser->fields, &parser->message->arena);
	open->feeds_before = parser->feeds;
	part_read_type(parser, part);
	if (view_eq_nocase(part->type, VIEW("multipart")))
		multipart_begin(parser, part);
	else if (view_eq_nocase(part->type, VIEW("message")) &&
		 (view_eq_nocase(part->subtype, VIEW("rfc822")) ||
		     view_eq_nocase(part->subtype, VIEW("global"))))
		embedded_begin(parser, part, offset);
	if (part_at(parser, open->index)->kind == MESSAGE_LEAF)
		leaf_begin(parser, part_at(parser, open->index));
	arena_reset(&parser->scratch);
}

// Repairs a multipart that has no parts. If its closing boundary came at once,
// the multipart gets an empty part, so that IMAP can describe it. If its
// boundary never came, the multipart becomes text, so that people can read it.
static void multipart_mend(
    struct message_parser *parser, struct message_part *part)
{
	uint64_t offset = part->body_offset;
	if (!top(parser)->delimited) {
		part_make_text(part);
	} else if (!part_has_room(parser)) {
		part_make_opaque(parser, part);
	} else {
		size_t depth = parser->depth;
		part_open(parser, offset);
		headers_cut(parser, offset);
		while (parser->depth > depth)
			part_close(parser, offset, parser->feeds);
	}
}

static void boundary_close(
    struct message_parser *parser, struct open_part *open)
{
	if (open->is_bounded)
		boundary_set_remove(&parser->boundaries, &open->boundary);
	open->is_bounded = false;
}

// Closes the current part at `offset`. `feeds` line feeds came before that
// place.
static void part_close(
    struct message_parser *parser, uint64_t offset, uint32_t feeds)
{
	struct open_part *open = top(parser);
	struct message_part *part = part_at(parser, open->index);
	boundary_close(parser, open);
	part->body_len = (uint32_t)(offset - part->body_offset);
	part->body_lines = feeds - open->feeds_before;
	if (part->kind == MESSAGE_MULTIPART && !open->children)
		multipart_mend(parser, part);
	part = part_at(parser, open->index);
	part->next = parser->message->part_count;
	if (parser->message->sample_part == open->index)
		sample_end(parser, part);
	parser->depth--;
}

// Closes the headers that end at `offset` because no blank line came.
static void headers_cut(struct message_parser *parser, uint64_t offset)
{
	while (parser->in_header) {
		header_end(parser, offset);
		parser->last_break = 0; // this line end belongs to the header
	}
}

// Handles a boundary line of the part `index`. The next line begins at
// `offset`.
static void boundary_line(
    struct message_parser *parser, uint32_t index, bool closes, uint64_t offset)
{
	headers_cut(parser, parser->line_start);
	uint64_t end = parser->line_start - parser->last_break;
	uint32_t feeds = parser->feeds - (parser->last_break != 0);
	while (top(parser)->index != index)
		part_close(parser, end, feeds);
	top(parser)->delimited = true;
	if (closes)
		boundary_close(parser, top(parser));
	else if (part_has_room(parser))
		part_open(parser, offset);
	else
		parser->message->parts_truncated = true;
}

static void line_begin(struct message_parser *parser, char first)
{
	parser->head_len = 0;
	parser->keeps_head = first == '-' && parser->boundaries.count;
	if (parser->in_header)
		field_reader_line(
		    &parser->fields, &parser->message->arena, first);
}

static void line_push(struct message_parser *parser, struct view piece)
{
	if (parser->keeps_head) {
		struct view part =
		    view_slice(piece, 0, HEAD_MAX - parser->head_len);
		memcpy(parser->head + parser->head_len, part.ptr, part.len);
		parser->head_len += part.len;
	}
	if (parser->in_header) {
		field_reader_push(&parser->fields, piece);
		if (parser->depth == 1)
			buf_add(&parser->header,
			    view_slice(piece, 0,
				parser->header.max - parser->header.len));
	} else if (parser->message->sample_part == top(parser)->index) {
		buf_add(&parser->sample,
		    view_slice(
			piece, 0, MESSAGE_SAMPLE_MAX - parser->sample.len));
	}
}

// Handles the end of a line. The last `line_break` bytes before `offset` are
// its line end.
static void line_end(struct message_parser *parser, uint32_t line_break)
{
	uint64_t offset = parser->offset;
	uint32_t feeds = parser->feeds + (line_break != 0);
	struct view head = view_of(parser->head, parser->head_len);
	bool closes = false;
	struct boundary *boundary = NULL;
	if (parser->keeps_head && view_starts_with(head, VIEW("--")))
		boundary = boundary_set_find(
		    &parser->boundaries, view_from(head, 2), &closes);
	bool is_blank_line = offset - parser->line_start == line_break;
	if (boundary) {
		boundary_line(parser, boundary->part, closes, offset);
		parser->last_break = line_break;
	} else if (parser->in_header && is_blank_line) {
		parser->feeds = feeds;
		header_end(parser, offset);
		// The blank line always belongs to the header.
		parser->last_break = 0;
	} else {
		parser->last_break = line_break;
	}
	parser->feeds = feeds;
	parser->line_start = offset;
}

void message_parser_push(struct message_parser *parser, struct view piece)
{
	if (piece.len > MESSAGE_SIZE_MAX - parser->offset)
		parser->too_long = true;
	if (parser->too_long)
		return;
	message_scan_push(&parser->scan, piece);
	while (piece.len) {
		if (parser->offset == parser->line_start)
			line_begin(parser, *piece.ptr);
		size_t len = view_find_char(piece, '\n');
		bool ended = len != SIZE_MAX;
		len = ended ? len + 1 : piece.len;
		line_push(parser, view_slice(piece, 0, len));
		parser->offset += len;
		if (ended) {
			char before =
			    len > 1 ? piece.ptr[len - 2] : parser->last;
			line_end(parser, before == '\r' ? 2 : 1);
		}
		parser->last = piece.ptr[len - 1];
		piece = view_from(piece, len);
	}
}

struct message_parser *message_parser_new(size_t header_max)
{
	struct message_parser *parser = mem_zalloc(sizeof(*parser));
	parser->message = mem_zalloc(sizeof(*parser->message));
	arena_init(&parser->message->arena);
	arena_init(&parser->scratch);
	parser->message->sample_part = MESSAGE_NO_PART;
	field_reader_init(&parser->fields);
	boundary_set_init(&parser->boundaries);
	buf_init(&parser->header, header_max);
	buf_init(&parser->sample, MESSAGE_SAMPLE_MAX);
	part_open(parser, 0);
	return parser;
}

void message_parser_free(struct message_parser **parser)
{
	if (!*parser)
		return;
	message_free(&(*parser)->message);
	field_reader_done(&(*parser)->fields);
	buf_done(&(*parser)->header);
	buf_done(&(*parser)->sample);
	arena_done(&(*parser)->scratch);
	free(*parser);
	*parser = NULL;
}

size_t message_parser_memory(const struct message_parser *parser)
{
	const struct message *message = parser->message;
	size_t described =
	    message ? sizeof(*message) + message->arena.held +
			  parser->part_capacity * sizeof(*message->parts)
		    : 0;
	return sizeof(*parser) + described + parser->fields.value.capacity +
	       parser->header.capacity + parser->sample.capacity +
	       parser->scratch.held;
}

static void message_settle(struct message_parser *parser)
{
	struct message *message = parser->message;
	const struct message_scan *scan = &parser->scan;
	message->size = (uint32_t)parser->offset;
	message->header_len = message->parts[0].header_len;
	message->has_nul = scan->has_nul;
	message->has_8bit = scan->has_8bit;
	message->has_bare_cr = scan->cr != scan->crlf;
	message->has_bare_lf = scan->lf != scan->crlf;
	message->header =
	    arena_copy(&message->arena, buf_view(&parser->header));
	message->header_truncated = message->header.len < message->header_len;
	message->fields_truncated = parser->fields.truncated;
}

enum rc message_parser_finish(
    struct message_parser *parser, struct message **ret_message)
{
	if (parser->too_long)
		return RC_LIMIT;
	if (parser->offset != parser->line_start)
		line_end(parser, 0);
	headers_cut(parser, parser->offset);
	while (parser->depth)
		part_close(parser, parser->offset, parser->feeds);
	message_settle(parser);
	*ret_message = parser->message;
	parser->message = NULL;
	return RC_OK;
}

void message_free(struct message **message)
{
	if (!*message)
		return;
	struct arena arena = (*message)->arena;
	free((*message)->parts);
	free(*message);
	arena_done(&arena);
	*message = NULL;
}
