// SPDX-License-Identifier: Apache-2.0
#include "relay/resign.h"

#include "wire/header.h"
#include "wire/smtp_data.h"

#define TOP_MAX    ((size_t)32 << 10) // enough for DKIM_KEYS_MAX signatures
#define HEADER_MAX ((size_t)1 << 20)

// ---- The old signatures ----------------------------------------------------

// The value of the tag d= (RFC 6376 section 3.5), in `arena`.
static struct view domain_of(struct arena *arena, struct view value)
{
	struct view tag;
	while (view_split(&value, ';', &tag)) {
		tag = view_trim(tag);
		if (view_starts_with(tag, VIEW("d=")))
			return arena_copy(arena, view_trim(view_from(tag, 2)));
	}
	return VIEW("");
}

// Finds how long the old signatures are together, and whose domain they have.
static MUST_CHECK enum rc find_old(struct arena *arena,
    const struct relay_client_mail *mail, size_t *ret_len,
    struct view *ret_domain)
{
	struct buf top;
	struct header_field field;
	size_t max = mail->size < TOP_MAX ? (size_t)mail->size : TOP_MAX;
	*ret_len = 0;
	buf_init(&top, TOP_MAX);
	enum rc rc = mail->read(mail->context, 0, max, &top);
	struct view rest = buf_view(&top);
	while (rc == RC_OK && header_next(&rest, &field) && rest.len > 0 &&
	       view_eq_nocase(field.name, VIEW("DKIM-Signature"))) {
		if (*ret_len == 0)
			*ret_domain = domain_of(arena, field.value);
		*ret_len += field.whole.len;
	}
	buf_done(&top);
	return rc;
}

// ---- The new signatures ----------------------------------------------------

struct resigning {
	struct dkim_signer *signer;
	struct smtp_data_encoder
	    encoder;       // the signer gets the bytes that will be sent
	struct buf header; // the header, until it is complete
	bool in_body;
	bool failed; // the message stays without signatures
};

static void end_header(struct resigning *resigning, size_t len)
{
	struct view header = view_slice(buf_view(&resigning->header), 0, len);
	resigning->in_body = true;
	if (buf_status(&resigning->header) != RC_OK ||
	    dkim_signer_header(resigning->signer, header) != RC_OK)
		resigning->failed = true;
}

static void take(struct resigning *resigning, struct view bytes)
{
	size_t len;
	if (resigning->in_body) {
		dkim_signer_body(resigning->signer, bytes);
		return;
	}
	buf_add(&resigning->header, bytes);
	struct view held = buf_view(&resigning->header);
	if (header_length(held, &len) != RC_OK)
		return;
	end_header(resigning, len - 2); // without the CRLF of the empty line
	dkim_signer_body(resigning->signer, view_from(held, len));
}

static void encode(struct resigning *resigning, struct view bytes)
{
	struct view piece;
	while (smtp_data_encode(&resigning->encoder, &bytes, &piece) == RC_OK)
		take(resigning, piece);
}

// Reads the whole plan except its first segment, which is the place of the
// signatures.
static MUST_CHECK enum rc read_plan(struct resigning *resigning,
    const struct relay_client_mail *mail, const struct relay_convert_plan *plan)
{
	struct relay_convert_place place = {.segment = 1};
	struct buf scratch;
	struct buf piece;
	enum rc rc = RC_OK;
	buf_init(&scratch, RELAY_CLIENT_PIECE);
	buf_init(&piece, RELAY_CLIENT_PIECE);
	while (rc == RC_OK && !relay_convert_is_done(plan, &place)) {
		buf_reset(&piece);
		rc = relay_convert_next(plan, &place, mail, &scratch, &piece);
		if (rc == RC_OK)
			encode(resigning, buf_view(&piece));
	}
	take(resigning, smtp_data_encode_end(&resigning->encoder));
	if (!resigning->in_body)
		end_header(resigning, resigning->header.len);
	buf_done(&scratch);
	buf_done(&piece);
	return rc;
}

static MUST_CHECK enum rc sign(struct arena *arena, struct dkim_signer *signer,
    const struct relay_client_mail *mail, struct relay_convert_plan *plan)
{
	struct resigning resigning = {.signer = signer};
	struct buf fields;
	buf_init(&resigning.header, HEADER_MAX);
	buf_init(&fields, TOP_MAX);
	smtp_data_encoder_init(&resigning.encoder, SMTP_DATA_CHUNKS);
	enum rc rc = read_plan(&resigning, mail, plan);
	if (rc == RC_OK && !resigning.failed &&
	    dkim_signer_finish(signer, &fields) == RC_OK &&
	    buf_status(&fields) == RC_OK) {
		plan->segments[0].text = arena_copy(arena, buf_view(&fields));
		plan->size += fields.len;
	}
	buf_done(&fields);
	buf_done(&resigning.header);
	return rc;
}

// Puts a new first segment before the others, in place of the first `len`
// bytes.
static void make_room(
    struct arena *arena, size_t len, struct relay_convert_plan *plan)
{
	struct relay_convert_segment *segments =
	    arena_alloc(arena, (plan->count + 1) * sizeof(*segments));
	segments[0] = (struct relay_convert_segment){
	    .how = RELAY_CONVERT_TEXT, .to = len, .text = VIEW("")};
	for (size_t i = 0; i < plan->count; i++)
		segments[i + 1] = plan->segments[i];
	segments[1].from = len;
	plan->segments = segments;
	plan->capacity = ++plan->count;
	plan->size -= len;
}

enum rc relay_resign_plan(struct arena *arena, struct dkim_keys *keys,
    const struct clock *clock, const struct relay_client_mail *mail,
    struct relay_convert_plan *plan)
{
	struct dkim_signer *signer = NULL;
	struct view domain = VIEW("");
	size_t len;
	enum rc rc = find_old(arena, mail, &len, &domain);
	// Only parts after the Received field are converted, and the signatures
	// are before it. So the first segment has to be a copy that covers
	// them.
	if (rc != RC_OK || len == 0 || plan->count == 0 ||
	    plan->segments[0].how != RELAY_CONVERT_COPY ||
	    plan->segments[0].to <= len)
		return rc;
	make_room(arena, len, plan);
	if (dkim_signer_new(keys, domain, clock, &signer) != RC_OK)
		return RC_OK;
	rc = sign(arena, signer, mail, plan);
	dkim_signer_free(&signer);
	return rc;
}
