// SPDX-License-Identifier: Apache-2.0
#include "jmap/send.h"

#include "jmap/impl.h"

// So much of the message is read at a time.
#define PIECE ((size_t)256 << 10)

enum phase { SENDER, RECIPIENTS, BEFORE, DATA, FINISH };

struct jmap_sending {
	struct jmap_call *call;
	struct store_reader *reader;
	uint64_t email_id;
	const struct submission_envelope *envelope;
	enum phase phase;
	struct delivery_envelope made;
	struct delivery *delivery;
	size_t recipient; // the next one
	uint64_t offset;  // in the email
	bool enclosed;    // with these:
	struct view before, after;
	bool cr;    // the last byte was a CR
	bool begun; // a line has begun
};

struct jmap_sending *jmap_sending_new(struct jmap_call *call,
    struct store_reader *reader, uint64_t email_id,
    const struct submission_envelope *envelope)
{
	struct jmap_sending *sending = mem_zalloc(sizeof(*sending));
	sending->call = call;
	sending->reader = reader;
	sending->email_id = email_id;
	sending->envelope = envelope;
	return sending;
}

void jmap_sending_enclose(
    struct jmap_sending *sending, struct view before, struct view after)
{
	sending->enclosed = true;
	sending->before = before;
	sending->after = after;
}

void jmap_sending_free(struct jmap_sending **sending)
{
	if (!*sending)
		return;
	delivery_free(&(*sending)->delivery);
	free(*sending);
	*sending = NULL;
}

const struct delivery *jmap_sending_delivery(const struct jmap_sending *sending)
{
	return sending->delivery;
}

int64_t jmap_sending_at(const struct jmap_sending *sending)
{
	const struct delivery_office *office =
	    sending->call->request->jmap->options.office;
	int64_t release = delivery_release_at(sending->delivery);
	return release ? release : clock_wall_seconds(office->clock);
}

// ---- What an answer means --------------------------------------------------

// An answer of SMTP as a SetError of this room. `writer`: it is about who is
// named in the header, and not about the envelope's sender.
static void explain(const struct delivery_reply *reply, bool writer,
    struct submission_fault *fault)
{
	struct enhanced_status status = reply->status;
	enum jmap_error error = JMAP_ERROR_SERVER_FAIL;
	const char *property = NULL;
	if (reply->code == 550 && status.subject == 7) {
		error = writer ? JMAP_ERROR_FORBIDDEN_FROM
			       : JMAP_ERROR_FORBIDDEN_MAIL_FROM;
	} else if (reply->code == 552 && status.subject == 7) {
		error = JMAP_ERROR_OVER_QUOTA; // too much waits (RFC 4865)
	} else if (reply->code == 552) {
		error = JMAP_ERROR_TOO_LARGE;
	} else if (reply->code == 450) {
		error = JMAP_ERROR_RATE_LIMIT;
	} else if (reply->code == 501 || reply->code == 555) {
		error = JMAP_ERROR_INVALID_PROPERTIES;
		property = "envelope";
	} else if (reply->code >= 500) {
		error = JMAP_ERROR_INVALID_EMAIL;
		if (status.subject == 6)
			property = "from";
	} else if (reply->code >= 400) {
		error = JMAP_ERROR_SERVER_UNAVAILABLE;
	}
	submission_fault_set(fault, error, property, "%s", reply->text);
}

// ---- Errors ----------------------------------------------------------------

static void add_strings(struct json_text *out, const char *name,
    const struct view *items, size_t count)
{
	json_key(out, name);
	json_begin_array(out);
	for (size_t i = 0; i < count; i++)
		json_add_string(out, items[i]);
	json_end_array(out);
}

void jmap_sending_failed(struct jmap_call *call, struct jmap_set *set,
    struct view creation_id, const struct submission_fault *fault)
{
	const struct delivery_office *office =
	    call->request->jmap->options.office;
	struct json_text *out = jmap_set_failed_more(
	    set, JMAP_SET_CREATE, creation_id, fault->error);
	if (fault->text[0])
		json_member_string(
		    out, "description", view_of_string(fault->text));
	if (fault->property) {
		struct view property = view_of_string(fault->property);
		add_strings(out, "properties", &property, 1);
	}
	if (fault->error == JMAP_ERROR_INVALID_RECIPIENTS)
		add_strings(out, "invalidRecipients", fault->recipients.items,
		    fault->recipients.count);
	if (fault->error == JMAP_ERROR_TOO_MANY_RECIPIENTS)
		json_member_u64(out, "maxRecipients",
		    office->recipients_max ? office->recipients_max : 1000);
	if (fault->error == JMAP_ERROR_TOO_LARGE)
		json_member_u64(out, "maxSize", delivery_size_max(office));
	json_end_object(out);
}

// ---- The phases ------------------------------------------------------------

static bool is_utf8(const struct submission_envelope *envelope)
{
	for (size_t i = 0; i < envelope->count; i++)
		if (smtp_mailbox_is_utf8(&envelope->recipients[i].rcpt.to))
			return true;
	return envelope->mail.utf8;
}

static bool begin(struct jmap_sending *sending, struct submission_fault *fault)
{
	struct jmap_call *call = sending->call;
	const struct jmap_request *request = call->request;
	const struct delivery_office *office = request->jmap->options.office;
	struct delivery_reply reply;
	struct delivery_origin origin = {
	    .door = DELIVERY_SUBMISSION,
	    .waker = request->waker,
	    .http = true,
	    .user = &request->user.user,
	};
	struct delivery_envelope *made = &sending->made;
	if (delivery_envelope_make(office, &call->arena,
		&sending->envelope->mail, made, &reply) != RC_OK) {
		explain(&reply, false, fault);
		return false;
	}
	made->queue.tracked = !sending->enclosed;
	made->queue.smtputf8 = is_utf8(sending->envelope);
	made->queue.hop = VIEW("JMAP");
	if (delivery_new(office, &origin, made, &reply, &sending->delivery) ==
	    RC_OK)
		return true;
	explain(&reply, false, fault);
	return false;
}

// RC_MORE: the delivery has to wait.
MUST_CHECK static enum rc ask_for_sender(
    struct jmap_sending *sending, struct submission_fault *fault)
{
	struct delivery_reply reply;
	if (!sending->delivery && !begin(sending, fault))
		return RC_OK;
	enum rc rc = delivery_sender(sending->delivery, &reply);
	if (rc == RC_MORE)
		return rc;
	if (rc != RC_OK)
		explain(&reply, false, fault);
	sending->phase = RECIPIENTS;
	return RC_OK;
}

static struct view original_of(struct arena *arena, const struct smtp_rcpt *of)
{
	struct buf text;
	if (of->orcpt_type.len == 0)
		return VIEW("");
	buf_init(&text, SMTP_ORCPT_MAX * 4);
	buf_printf(&text, "%.*s;", VIEW_FMT(of->orcpt_type));
	buf_add(&text, of->orcpt);
	struct view copy = arena_copy(arena, buf_view(&text));
	buf_done(&text);
	return copy;
}

// All recipients are tried, so that the client hears of all that are refused.
MUST_CHECK static enum rc ask_for_recipients(
    struct jmap_sending *sending, struct submission_fault *fault)
{
	const struct submission_envelope *envelope = sending->envelope;
	for (; sending->recipient < envelope->count; sending->recipient++) {
		const struct submission_recipient *one =
		    &envelope->recipients[sending->recipient];
		struct delivery_recipient recipient = {
		    .mailbox = one->rcpt.to,
		    .original = original_of(&sending->call->arena, &one->rcpt),
		    .notify = one->rcpt.notify,
		};
		struct delivery_reply reply;
		enum rc rc =
		    delivery_recipient(sending->delivery, &recipient, &reply);
		if (rc == RC_MORE)
			return rc;
		if (rc == RC_OK)
			continue;
		vec_push(&fault->recipients, one->email);
		submission_fault_set(fault, JMAP_ERROR_INVALID_RECIPIENTS, NULL,
		    "%s", reply.text);
	}
	sending->phase = BEFORE;
	return RC_OK;
}

// Line ends become CRLF: mail that came by IMAP may have others, and a message
// in the queue may not.
static void add_lines(struct jmap_sending *sending, struct view bytes)
{
	struct delivery *delivery = sending->delivery;
	size_t start = 0;
	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.ptr[i];
		bool bare_lf = c == '\n' && !sending->cr;
		bool bare_cr = c != '\n' && sending->cr;
		if (bare_cr)
			delivery_data(
			    delivery, view_slice(bytes, start, i - start));
		if (bare_cr) {
			delivery_data(delivery, VIEW("\n"));
			start = i;
		}
		if (bare_lf) {
			delivery_data(
			    delivery, view_slice(bytes, start, i - start));
			delivery_data(delivery, VIEW("\r\n"));
			start = i + 1;
		}
		sending->cr = c == '\r';
		sending->begun = c != '\n';
	}
	delivery_data(delivery, view_from(bytes, start));
}

// False: all was read, or it failed.
static bool add_piece(
    struct jmap_sending *sending, struct submission_fault *fault)
{
	struct buf piece;
	enum rc rc = RC_OK;
	buf_init(&piece, PIECE);
	if (sending->email_id != 0)
		rc = store_reader_bytes(sending->reader, sending->email_id,
		    sending->offset, PIECE, &piece);
	bool more = rc == RC_OK && piece.len > 0;
	if (rc != RC_OK)
		submission_fault_set(
		    fault, jmap_error_of(sending->call, rc, NULL), NULL, NULL);
	sending->offset += piece.len;
	add_lines(sending, more ? buf_view(&piece) : sending->after);
	if (!more && sending->cr)
		delivery_data(sending->delivery, VIEW("\n"));
	else if (!more && sending->begun)
		delivery_data(sending->delivery, VIEW("\r\n"));
	buf_done(&piece);
	if (!more)
		sending->phase = FINISH;
	return more;
}

MUST_CHECK static enum rc finish(
    struct jmap_sending *sending, struct submission_fault *fault)
{
	struct delivery_reply reply;
	enum rc rc = delivery_finish(sending->delivery, NULL, &reply);
	if (rc == RC_OK && reply.code != 250)
		explain(&reply, true, fault);
	return rc;
}

enum jmap_step jmap_sending_run(
    struct jmap_sending *sending, struct submission_fault *fault)
{
	enum rc rc = RC_OK;
	if (sending->phase == SENDER)
		rc = ask_for_sender(sending, fault);
	if (rc == RC_OK && !fault->error && sending->phase == RECIPIENTS)
		rc = ask_for_recipients(sending, fault);
	if (rc == RC_MORE)
		return JMAP_WAIT;
	if (fault->error)
		return JMAP_DONE;
	if (sending->phase == BEFORE) {
		add_lines(sending, sending->before);
		sending->phase = DATA;
	}
	if (sending->phase == DATA && add_piece(sending, fault))
		return JMAP_MORE;
	if (fault->error)
		return JMAP_DONE;
	return finish(sending, fault) == RC_MORE ? JMAP_WAIT : JMAP_DONE;
}
