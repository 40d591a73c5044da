// SPDX-License-Identifier: Apache-2.0
// Checks the signatures that a user's message gets when it is made 7-bit: they
// are exactly those that the signer makes of the bytes that are sent.
// (dkim_test.c tests the signer, and tests/dkim_test.py does so with another
// project's verifier.)
#include <stdio.h>

#include "base/test.h"
#include "engine/engine.h"
#include "relay/resign.h"
#include "wire/smtp_data.h"

#define OLD                                                                    \
	"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"            \
	"  d=%s; s=r1; t=1;\r\n  h=From;\r\n  bh=x;\r\n  b=old\r\n"
#define TRACE  "Received: from mx.here.test\r\n\tby mx.here.test; x\r\n"
#define FIELDS "From: anna@here.test\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
#define TEXT8                                                                  \
	"Content-Type: text/plain; charset=utf-8\r\n"                          \
	"Content-Transfer-Encoding: 8bit\r\n"

static int64_t now(void *context)
{
	(void)context;
	return 1700000000;
}

static const struct clock still = {.wall = now};

struct bed {
	struct engine *engine;
	struct dkim_keys *keys;
	struct arena arena;
};

static int set_up(void **state)
{
	static struct bed bed;
	static const enum dkim_algorithm algorithms[] = {
	    DKIM_RSA_SHA256, DKIM_ED25519_SHA256};
	struct fault fault;
	struct dkim_key key;
	arena_init(&bed.arena);
	bed.engine = engine_memory_new();
	bed.keys = dkim_keys_new(bed.engine, NULL);
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++)
		assert_int_equal(
		    dkim_key_create(bed.keys, VIEW("here.test"), VIEW(""),
			algorithms[i], 0, &fault, &bed.arena, &key),
		    RC_OK);
	*state = &bed;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *bed = *state;
	dkim_keys_free(&bed->keys);
	engine_close(&bed->engine);
	arena_done(&bed->arena);
	return 0;
}

// ---- What is sent ----------------------------------------------------------

static enum rc read_view(
    void *context, uint64_t offset, size_t len, struct buf *ret_bytes)
{
	const struct view *message = context;
	buf_add(ret_bytes, view_slice(*message, (size_t)offset, len));
	return RC_OK;
}

static void encode(
    struct smtp_data_encoder *encoder, struct view bytes, struct buf *out)
{
	struct view piece;
	while (smtp_data_encode(encoder, &bytes, &piece) == RC_OK)
		buf_add(out, piece);
}

static void send_message(struct bed *bed, struct view message, struct buf *out)
{
	struct relay_client_mail mail = {
	    .context = &message, .size = message.len, .read = read_view};
	struct relay_convert_plan plan = {0};
	struct relay_convert_place place = {0};
	struct smtp_data_encoder encoder;
	struct buf scratch, piece;
	uint64_t size = 0;
	buf_init(&scratch, RELAY_CLIENT_PIECE);
	buf_init(&piece, RELAY_CLIENT_PIECE);
	smtp_data_encoder_init(&encoder, SMTP_DATA_CHUNKS);
	assert_int_equal(
	    relay_convert_plan_make(&bed->arena, &mail, &plan), RC_OK);
	assert_int_equal(
	    relay_resign_plan(&bed->arena, bed->keys, &still, &mail, &plan),
	    RC_OK);
	while (!relay_convert_is_done(&plan, &place)) {
		buf_reset(&piece);
		assert_int_equal(
		    relay_convert_next(&plan, &place, &mail, &scratch, &piece),
		    RC_OK);
		encode(&encoder, buf_view(&piece), out);
		size += piece.len;
	}
	assert_true(size <= plan.size);
	buf_add(out, smtp_data_encode_end(&encoder));
	buf_done(&scratch);
	buf_done(&piece);
}

// Adds the signatures of the message as it is.
static void sign(struct bed *bed, struct view message, struct buf *out)
{
	struct dkim_signer *signer;
	size_t end = view_find(message, VIEW("\r\n\r\n")) + 2;
	assert_int_equal(
	    dkim_signer_new(bed->keys, VIEW("here.test"), &still, &signer),
	    RC_OK);
	assert_int_equal(
	    dkim_signer_header(signer, view_slice(message, 0, end)), RC_OK);
	dkim_signer_body(signer, view_from(message, end + 2));
	assert_int_equal(dkim_signer_finish(signer, out), RC_OK);
	dkim_signer_free(&signer);
}

// ---- Tests -----------------------------------------------------------------

static const char *const messages[] = {
    TRACE FIELDS TEXT8 "\r\nGr\xc3\xbc\xc3\x9f"
		       "e \r\n.dot\r\n\r\n\r\n",
    TRACE FIELDS TEXT8 "\r\nno line end \xc3\xa4",
    TRACE FIELDS TEXT8 "\r\nbare\nline\rends \xc3\xa4\r\n",
    // The field that the conversion changes is signed.
    TRACE "Content-Transfer-Encoding : 8bit\r\n" FIELDS
	  "Content-Type: application/x-y\r\n\r\n\xff\xfe\r\n",
    TRACE FIELDS
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" TEXT8
    "\r\n\xc3\xa4\r\n--b\r\n\r\nplain\n.\r\n--b--\r\n",
};

static void a_message_is_signed_as_it_is_sent(void **state)
{
	struct bed *bed = *state;
	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		for (int signatures = 0; signatures < 3; signatures++) {
			struct buf text, out, wanted;
			buf_init(&text, 100000);
			buf_init(&out, 100000);
			buf_init(&wanted, 100000);
			for (int n = 0; n < signatures; n++)
				buf_printf(&text, OLD, "here.test");
			buf_add_string(&text, messages[i]);
			send_message(bed, buf_view(&text), &out);
			struct view sent = buf_view(&out);
			size_t at = view_find(sent, VIEW(TRACE));
			assert_int_not_equal(at, SIZE_MAX);
			if (signatures > 0)
				sign(bed, view_from(sent, at), &wanted);
			assert_view_equal_row(
			    i, view_slice(sent, 0, at), buf_view(&wanted));
			assert_int_equal(
			    view_find(sent, VIEW("b=old")), SIZE_MAX);
			buf_done(&text);
			buf_done(&out);
			buf_done(&wanted);
		}
}

static void of_a_domain_without_keys_it_goes_unsigned(void **state)
{
	struct bed *bed = *state;
	struct buf text, out;
	buf_init(&text, 100000);
	buf_init(&out, 100000);
	buf_printf(&text, OLD, "gone.test");
	buf_add_string(&text, messages[0]);
	send_message(bed, buf_view(&text), &out);
	assert_true(view_starts_with(buf_view(&out), VIEW(TRACE)));
	buf_done(&text);
	buf_done(&out);
}

// The signatures of a mailing list or of another server are below the first
// Received.
static void the_signatures_of_others_stay(void **state)
{
	struct bed *bed = *state;
	struct buf text, out;
	buf_init(&text, 100000);
	buf_init(&out, 100000);
	buf_add_literal(&text, TRACE);
	buf_printf(&text, OLD, "here.test");
	buf_add_literal(&text, FIELDS TEXT8 "\r\n\xc3\xa4\r\n");
	send_message(bed, buf_view(&text), &out);
	assert_true(view_starts_with(buf_view(&out), VIEW(TRACE)));
	assert_int_not_equal(
	    view_find(buf_view(&out), VIEW("b=old")), SIZE_MAX);
	buf_done(&text);
	buf_done(&out);
}

static void a_message_of_many_pieces(void **state)
{
	struct bed *bed = *state;
	struct buf text, out, wanted;
	buf_init(&text, (size_t)2 << 20);
	buf_init(&out, (size_t)8 << 20);
	buf_init(&wanted, 100000);
	buf_printf(&text, OLD, "here.test");
	buf_add_literal(&text, TRACE FIELDS);
	while (text.len < 60000)
		buf_add_literal(&text, "X-Long: \r\n\tfield\r\n");
	buf_add_literal(&text, TEXT8 "\r\n");
	while (text.len < 1000000)
		buf_add_literal(&text, "Gr\xc3\xbc\xc3\x9f"
				       "e  \t\r\n");
	send_message(bed, buf_view(&text), &out);
	size_t at = view_find(buf_view(&out), VIEW(TRACE));
	sign(bed, view_from(buf_view(&out), at), &wanted);
	assert_view_equal(view_slice(buf_view(&out), 0, at), buf_view(&wanted));
	buf_done(&text);
	buf_done(&out);
	buf_done(&wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_message_is_signed_as_it_is_sent),
	    cmocka_unit_test(of_a_domain_without_keys_it_goes_unsigned),
	    cmocka_unit_test(the_signatures_of_others_stay),
	    cmocka_unit_test(a_message_of_many_pieces),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
