// SPDX-License-Identifier: Apache-2.0
// Tests the canonical forms (the RFC's examples and edge cases), keys, and
// signatures. A small verifier in this file checks the signatures; it is first
// tested with the example of RFC 8463.
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/test.h"
#include "dkim/canon.h"
#include "dkim/impl.h"
#include "wire/base64.h"

// ---- Canonical forms -------------------------------------------------------

static void collect(void *context, struct view bytes)
{
	buf_add(context, bytes);
}

static void canon_body(struct view body, size_t step, struct buf *out)
{
	struct dkim_canon_body canon;
	buf_init(out, 1 << 20);
	dkim_canon_body_init(&canon, collect, out);
	for (size_t at = 0; at < body.len; at += step)
		dkim_canon_body_add(&canon, view_slice(body, at, step));
	dkim_canon_body_end(&canon);
}

static void body_is_relaxed_in_pieces_of_any_size(void **state)
{
	static const struct {
		const char *body, *want;
	} table[] = {
	    // RFC 6376 section 3.4.5
	    {" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n"},
	    {"", ""},
	    {"\r\n", ""},
	    {"\r\n\r\n\r\n", ""},
	    {" \t\r\n \r\n", ""},
	    {" ", ""},
	    {"a", "a\r\n"},
	    {"a\r\n", "a\r\n"},
	    {"a \t", "a\r\n"},
	    {"a\r\n\r\nb", "a\r\n\r\nb\r\n"},
	    {"\r\n\r\na\r\n", "\r\n\r\na\r\n"},
	    {"a\r\n \t\r\nb\r\n", "a\r\n\r\nb\r\n"},
	    {"a\r\n \tb\r\n", "a\r\n b\r\n"},
	    {"a\t\tb  c\r\n", "a b c\r\n"},
	    {"a\rb\r\n", "a\rb\r\n"},
	    {"a\nb\r\n", "a\nb\r\n"},
	    {"a \n", "a \n\r\n"},
	    {"a \r", "a \r\r\n"},
	    {"a\r\r\n", "a\r\r\n"},
	    {"\r", "\r\r\n"},
	    {"\r\n\r", "\r\n\r\r\n"},
	    {"a\r\n\r\n \t", "a\r\n"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		for (size_t step = 1; step < 8; step++) {
			struct buf out;
			canon_body(view_of_string(table[i].body), step, &out);
			buf_add_char(&out, '\0');
			assert_string_equal(out.ptr, table[i].want);
			buf_done(&out);
		}
}

static void long_bodies_come_whole(void **state)
{
	struct buf body, out;
	(void)state;
	buf_init(&body, 1 << 20);
	while (body.len < 100000)
		buf_add_literal(&body, "0123456789abcdef0123456789abcdef\r\n");
	buf_add(&body, view_slice(buf_view(&body), 0, 32));
	for (size_t i = 0; i < 12; i++)
		buf_add(&body, view_of("xxxxxxxxxxxxxxxxxxxxxxxxxxx", 27));
	buf_add_literal(&body, "\r\n");
	canon_body(buf_view(&body), 20000, &out);
	assert_view_equal(buf_view(&out), buf_view(&body));
	buf_done(&out);
	canon_body(buf_view(&body), SIZE_MAX / 2, &out);
	assert_view_equal(buf_view(&out), buf_view(&body));
	buf_done(&out);
	buf_done(&body);
}

static void fields_are_relaxed(void **state)
{
	static const struct {
		const char *field, *want;
	} table[] = {
	    // RFC 6376 section 3.4.5
	    {"A: X\r\n", "a:X"},
	    {"B : Y\t\r\n\tZ  \r\n", "b:Y Z"},
	    {"Subject:\r\n", "subject:"},
	    {"Subject: \r\n  \r\n", "subject:"},
	    {"SUBJECT:a:b", "subject:a:b"},
	    {"Subject\t: a\r\n \t b \t c", "subject:a b c"},
	    {"no colon\r\n", ""},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct buf out;
		buf_init(&out, 1000);
		dkim_canon_field(view_of_string(table[i].field), &out);
		buf_add_char(&out, '\0');
		assert_string_equal(out.ptr, table[i].want);
		buf_done(&out);
	}
}

// ---- Which fields ----------------------------------------------------------

#define OVER "to:cc:subject:date:reply-to:message-id"

static void fields_are_chosen_and_oversigned(void **state)
{
	static const struct {
		const char *header, *names, *signed_text;
	} table[] = {
	    {"From: a\r\n", "from:from:" OVER, "from:a\r\n"},
	    // Several fields of one name are signed from the last one up.
	    {"from: a\r\nTo: b\r\nFROM : c\r\n",
		"from:from:from:to:to:cc:subject:date:reply-to:message-id",
		"from:c\r\nfrom:a\r\nto:b\r\n"},
	    // Only fields that belong to the message itself are signed.
	    {"Received: x\r\nReturn-Path: y\r\nBcc: z\r\nFrom: a\r\n"
	     "X-From: b\r\nFro: c\r\n",
		"from:from:" OVER, "from:a\r\n"},
	    {"From: a\r\n b\r\nSender: s\r\nMIME-Version: 1.0\r\n"
	     "List-Unsubscribe-Post: p\r\n",
		"from:from:" OVER ":sender:mime-version:mime-version:"
		"list-unsubscribe-post",
		"from:a b\r\nsender:s\r\nmime-version:1.0\r\n"
		"list-unsubscribe-post:p\r\n"},
	    {"Subject: no From\r\n", NULL, ""},
	    {"", NULL, ""},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct buf text, names;
		buf_init(&text, 10000);
		buf_init(&names, 10000);
		enum rc rc = dkim_fields_choose(
		    view_of_string(table[i].header), collect, &text, &names);
		assert_int_equal(rc, table[i].names ? RC_OK : RC_INVALID);
		buf_add_char(&text, '\0');
		buf_add_char(&names, '\0');
		if (rc == RC_OK) {
			assert_string_equal(names.ptr, table[i].names);
			assert_string_equal(text.ptr, table[i].signed_text);
		}
		buf_done(&text);
		buf_done(&names);
	}
}

// There may be more fields of a name than are signed, so no name is given once
// more to say that it is absent.
static void fields_are_bounded(void **state)
{
	struct buf header, text, names;
	(void)state;
	buf_init(&header, 1 << 20);
	buf_init(&text, 1 << 20);
	buf_init(&names, 1 << 20);
	for (int i = 0; i < 3000; i++)
		buf_printf(&header, "From: %d\r\n", i);
	assert_int_equal(
	    dkim_fields_choose(buf_view(&header), collect, &text, &names),
	    RC_OK);
	size_t count = 1;
	for (size_t i = 0; i < names.len; i++)
		count += names.ptr[i] == ':';
	assert_int_equal(count, DKIM_FIELDS_MAX);
	assert_true(view_starts_with(
	    buf_view(&text), VIEW("from:2999\r\nfrom:2998\r\n")));
	assert_true(view_ends_with(buf_view(&text), VIEW("from:2800\r\n")));
	buf_done(&header);
	buf_done(&text);
	buf_done(&names);
}

// ---- RFC 8463 appendix A ---------------------------------------------------

#define EXAMPLE_ED_SIGNATURE                                                   \
	"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"        \
	" d=football.example.com; i=@football.example.com;\r\n"                \
	" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"              \
	" subject : date : message-id : from : subject : date;\r\n"            \
	" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"                \
	" b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"      \
	" Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
#define EXAMPLE_RSA_SIGNATURE                                                  \
	"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"            \
	" d=football.example.com; i=@football.example.com;\r\n"                \
	" q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"        \
	" date : message-id : from : subject : date;\r\n"                      \
	" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"                \
	" b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"      \
	" DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"      \
	" dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n"
#define EXAMPLE_HEADER                                                         \
	"From: Joe SixPack <joe@football.example.com>\r\n"                     \
	"To: Suzie Q <suzie@shopping.example.net>\r\n"                         \
	"Subject: Is dinner ready?\r\n"                                        \
	"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"                      \
	"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
#define EXAMPLE_BODY                                                           \
	"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"
#define EXAMPLE_DOMAIN "football.example.com"

#define EXAMPLE_ED_DNS                                                         \
	"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define EXAMPLE_RSA_DNS                                                        \
	"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR" \
	"iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutA" \
	"CDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2Ee" \
	"C3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
#define EXAMPLE_ED_SECRET "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
#define EXAMPLE_RSA_SECRET                                                     \
	"MIICXQIBAAKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi"     \
	"Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqM"     \
	"KrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"     \
	"AoGAH0cxOhFZDgzXWhDhnAJDw5s4roOXN4OhjiXa8W7Y3rhX3FJqmJSPuC8N9vQm"     \
	"6SVbaLAE4SG5mLMueHlh4KXffEpuLEiNp9Ss3O4YfLiQpbRqE7Tm5SxKjvvQoZZe"     \
	"zHorimOaChRL2it47iuWxzxSiRMv4c+j70GiWdxXnxe4UoECQQDzJB/0U58W7RZy"     \
	"6enGVj2kWF732CoWFZWzi1FicudrBFoy63QwcowpoCazKtvZGMNlPWnC7x/6o8Gc"     \
	"uSe0ga2xAkEA8C7PipPm1/1fTRQvj1o/dDmZp243044ZNyxjg+/OPN0oWCbXIGxy"     \
	"WvmZbXriOWoSALJTjExEgraHEgnXssuk7QJBALl5ICsYMu6hMxO73gnfNayNgPxd"     \
	"WFV6Z7ULnKyV7HSVYF0hgYOHjeYe9gaMtiJYoo0zGN+L3AAtNP9huqkWlzECQE1a"     \
	"licIeVlo1e+qJ6Mgqr0Q7Aa7falZ448ccbSFYEPD6oFxiOl9Y9se9iYHZKKfIcst"     \
	"o7DUw1/hz2Ck4N5JrgUCQQCyKveNvjzkkd8HjYs0SwM0fPjK16//5qDZ2UiDGnOe"     \
	"uEzxBDAr518Z8VFbR41in3W4Y3yCDgQlLlcETrS+zYcL"

// ---- A verifier ------------------------------------------------------------

static void decode(struct view text, struct buf *out)
{
	struct buf plain;
	buf_init(&plain, 10000);
	buf_init(out, 10000);
	for (size_t i = 0; i < text.len; i++)
		if (!ascii_is_space(text.ptr[i]))
			buf_add_char(&plain, text.ptr[i]);
	assert_int_equal(base64_decode(buf_view(&plain), out), RC_OK);
	buf_done(&plain);
}

// The value of a tag (RFC 6376 section 3.2) in the list `text`.
static struct view tag(struct view text, const char *name)
{
	struct view part;
	while (view_split(&text, ';', &part)) {
		size_t equals = view_find_char(part, '=');
		assert_true(equals != SIZE_MAX);
		if (view_eq(view_trim(view_slice(part, 0, equals)),
			view_of_string(name)))
			return view_trim(view_from(part, equals + 1));
	}
	return VIEW("");
}

static EVP_PKEY *public_key(struct view dns)
{
	struct buf bytes;
	EVP_PKEY *key;
	decode(tag(dns, "p"), &bytes);
	const unsigned char *at = (const unsigned char *)bytes.ptr;
	if (view_eq(tag(dns, "k"), VIEW("ed25519")))
		key = EVP_PKEY_new_raw_public_key(
		    EVP_PKEY_ED25519, NULL, at, bytes.len);
	else
		key = d2i_PUBKEY(NULL, &at, (long)bytes.len);
	buf_done(&bytes);
	assert_non_null(key);
	return key;
}

// Finds the last field `name` that was not used yet, as a whole; empty when
// none is left.
static struct view take_field(struct view header, struct view name, size_t skip)
{
	struct view found[64];
	size_t count = 0;
	while (header.len > 0) {
		size_t end = 0;
		do
			end = end +
			      view_find(view_from(header, end), VIEW("\r\n")) +
			      2;
		while (end < header.len && ascii_is_blank(header.ptr[end]));
		struct view field = view_slice(header, 0, end);
		size_t colon = view_find_char(field, ':');
		if (view_eq_nocase(
			view_trim(view_slice(field, 0, colon)), name))
			found[count++] = field;
		header = view_from(header, end);
	}
	return skip < count ? found[count - 1 - skip] : VIEW("");
}

static void hash_signed(
    struct view field, struct view header, struct buf *ret_text)
{
	struct view tags = view_from(field, view_find_char(field, ':') + 1);
	struct view names = tag(tags, "h");
	struct view name;
	struct view seen[64];
	size_t count = 0;
	buf_init(ret_text, 1 << 20);
	while (view_split(&names, ':', &name)) {
		size_t before = 0;
		name = view_trim(name);
		for (size_t i = 0; i < count; i++)
			before += view_eq(seen[i], name);
		seen[count++] = name;
		struct view text = take_field(header, name, before);
		dkim_canon_field(text, ret_text);
		if (text.len > 0)
			buf_add_literal(ret_text, "\r\n");
	}
	size_t b = view_find(field, VIEW(" b="));
	assert_true(b != SIZE_MAX);
	dkim_canon_field(view_slice(field, 0, b + 3), ret_text);
}

// Whether a signature field (with its CRLF) is right for the message.
static bool verify(
    struct view field, struct view header, struct view body, struct view dns)
{
	struct buf text, bytes, canonical;
	unsigned char sum[32];
	struct view tags = view_from(field, view_find_char(field, ':') + 1);
	canon_body(body, 100, &canonical);
	EVP_Digest(canonical.ptr, canonical.len, sum, NULL, EVP_sha256(), NULL);
	decode(tag(tags, "bh"), &bytes);
	bool good = view_eq(buf_view(&bytes), view_of(sum, 32));
	buf_done(&bytes);
	buf_done(&canonical);
	hash_signed(field, header, &text);
	EVP_Digest(text.ptr, text.len, sum, NULL, EVP_sha256(), NULL);
	decode(tag(tags, "b"), &bytes);
	EVP_PKEY *key = public_key(dns);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	const unsigned char *signature = (unsigned char *)bytes.ptr;
	if (view_eq(tag(tags, "a"), VIEW("rsa-sha256"))) {
		EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key);
		good = good && EVP_DigestVerify(context, signature, bytes.len,
				   (unsigned char *)text.ptr, text.len) == 1;
	} else {
		EVP_DigestVerifyInit(context, NULL, NULL, NULL, key);
		good = good && EVP_DigestVerify(
				   context, signature, bytes.len, sum, 32) == 1;
	}
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	buf_done(&bytes);
	buf_done(&text);
	return good;
}

static void rfc_8463_example_verifies(void **state)
{
	(void)state;
	struct view header = VIEW(EXAMPLE_HEADER);
	struct view body = VIEW(EXAMPLE_BODY);
	struct view ed = VIEW(EXAMPLE_ED_SIGNATURE);
	assert_true(verify(ed, header, body, VIEW(EXAMPLE_ED_DNS)));
	assert_true(verify(
	    VIEW(EXAMPLE_RSA_SIGNATURE), header, body, VIEW(EXAMPLE_RSA_DNS)));
	assert_false(verify(ed, header, VIEW("Hi."), VIEW(EXAMPLE_ED_DNS)));
	assert_false(
	    verify(ed, VIEW("From: x\r\n"), body, VIEW(EXAMPLE_ED_DNS)));
}

// ---- Signing ---------------------------------------------------------------

struct bed {
	struct engine *engine;
	struct dkim_keys *keys;
	struct arena arena;
};

static int set_up(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	bed->engine = engine_memory_new();
	bed->keys = dkim_keys_new(bed->engine, NULL);
	arena_init(&bed->arena);
	*state = bed;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *bed = *state;
	dkim_keys_free(&bed->keys);
	engine_close(&bed->engine);
	arena_done(&bed->arena);
	free(bed);
	return 0;
}

static void put_pair(struct bed *bed, const char *selector,
    enum dkim_algorithm algorithm, struct view secret)
{
	struct buf name, value;
	uint64_t version;
	struct engine_batch *batch = engine_batch_new(bed->engine);
	struct dkim_record record = {
	    .algorithm = algorithm, .public_key = VIEW("any")};
	buf_init(&name, 1000);
	buf_init(&value, 1000);
	dkim_record_key(DKIM_PUBLIC_PREFIX, VIEW(EXAMPLE_DOMAIN),
	    view_of_string(selector), &name);
	dkim_record_encode(&record, &value);
	engine_batch_put(batch, buf_view(&name), buf_view(&value));
	buf_reset(&name);
	dkim_record_key(DKIM_PRIVATE_PREFIX, VIEW(EXAMPLE_DOMAIN),
	    view_of_string(selector), &name);
	engine_batch_put(batch, buf_view(&name), secret);
	assert_int_equal(
	    engine_version(bed->engine, DKIM_PARTITION, &version), RC_OK);
	assert_int_equal(
	    engine_commit(bed->engine, DKIM_PARTITION, version, batch, NULL),
	    RC_OK);
	engine_batch_free(&batch);
	buf_done(&name);
	buf_done(&value);
}

static void put_example_keys(struct bed *bed)
{
	struct buf secret;
	unsigned char *der = NULL;
	decode(VIEW(EXAMPLE_RSA_SECRET), &secret);
	put_pair(bed, "test", DKIM_RSA_SHA256, buf_view(&secret));
	buf_done(&secret);
	decode(VIEW(EXAMPLE_ED_SECRET), &secret);
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, (unsigned char *)secret.ptr, secret.len);
	buf_done(&secret);
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	int len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
	put_pair(
	    bed, "brisbane", DKIM_ED25519_SHA256, view_of(der, (size_t)len));
	PKCS8_PRIV_KEY_INFO_free(info);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

static int64_t example_time(void *context)
{
	(void)context;
	return 1528637909;
}

static enum rc sign(struct bed *bed, struct view domain, struct view header,
    struct view body, struct buf *out)
{
	struct dkim_signer *signer;
	struct clock clock = {.wall = example_time};
	buf_init(out, 100000);
	enum rc rc = dkim_signer_new(bed->keys, domain, &clock, &signer);
	if (rc != RC_OK)
		return rc;
	rc = dkim_signer_header(signer, header);
	for (size_t at = 0; at < body.len; at += 7)
		dkim_signer_body(signer, view_slice(body, at, 7));
	if (rc == RC_OK)
		rc = dkim_signer_finish(signer, out);
	dkim_signer_free(&signer);
	return rc;
}

// Removes the first signature from the front and returns it.
static struct view next_signature(struct view *text)
{
	size_t end = view_find(view_from(*text, 1), VIEW("DKIM-Signature:"));
	end = end == SIZE_MAX ? text->len : end + 1;
	struct view field = view_slice(*text, 0, end);
	*text = view_from(*text, end);
	return field;
}

static void lines_are_short(struct view text)
{
	struct view line;
	while (view_split(&text, '\n', &line)) {
		assert_true(line.len <= 79);
		assert_true(view_ends_with(line, VIEW("\r")));
	}
}

static void each_key_signs(void **state)
{
	struct bed *bed = *state;
	struct buf out;
	struct view header = VIEW(EXAMPLE_HEADER);
	struct view body = VIEW(EXAMPLE_BODY);
	put_example_keys(bed);
	assert_int_equal(
	    sign(bed, VIEW(EXAMPLE_DOMAIN), header, body, &out), RC_OK);
	struct view rest = buf_view(&out);
	lines_are_short(rest);
	struct view ed = next_signature(&rest);
	struct view rsa = next_signature(&rest);
	assert_int_equal(rest.len, 0);
	assert_true(view_find(ed, VIEW("t=1528637909;")) != SIZE_MAX);
	assert_true(
	    view_find(ed, VIEW("bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="
			       ";")) != SIZE_MAX);
	assert_true(verify(ed, header, body, VIEW(EXAMPLE_ED_DNS)));
	assert_true(verify(rsa, header, body, VIEW(EXAMPLE_RSA_DNS)));
	// A field added later breaks the signature if its name is oversigned.
	assert_false(verify(
	    ed, VIEW("Cc: x\r\n" EXAMPLE_HEADER), body, VIEW(EXAMPLE_ED_DNS)));
	assert_false(verify(ed, VIEW("Subject: x\r\n" EXAMPLE_HEADER), body,
	    VIEW(EXAMPLE_ED_DNS)));
	// An added field that is not signed, or a change that the relaxed form
	// allows, does not break it.
	assert_true(verify(rsa, VIEW("Received: x\r\n" EXAMPLE_HEADER),
	    VIEW(EXAMPLE_BODY "\r\n\r\n"), VIEW(EXAMPLE_RSA_DNS)));
	buf_done(&out);
}

static void what_cannot_be_signed(void **state)
{
	struct bed *bed = *state;
	struct buf out;
	assert_int_equal(sign(bed, VIEW(EXAMPLE_DOMAIN), VIEW(EXAMPLE_HEADER),
			     VIEW(""), &out),
	    RC_NOT_FOUND);
	put_example_keys(bed);
	assert_int_equal(sign(bed, VIEW("example.com"), VIEW(EXAMPLE_HEADER),
			     VIEW(""), &out),
	    RC_NOT_FOUND);
	assert_int_equal(sign(bed, VIEW(EXAMPLE_DOMAIN), VIEW("Subject: x\r\n"),
			     VIEW(""), &out),
	    RC_INVALID);
	assert_int_equal(out.len, 0);
	// A damaged key does not sign; the others do.
	put_pair(bed, "test", DKIM_RSA_SHA256, VIEW("damaged"));
	assert_int_equal(sign(bed, VIEW(EXAMPLE_DOMAIN), VIEW(EXAMPLE_HEADER),
			     VIEW(""), &out),
	    RC_OK);
	struct view rest = buf_view(&out);
	assert_true(verify(next_signature(&rest), VIEW(EXAMPLE_HEADER),
	    VIEW(""), VIEW(EXAMPLE_ED_DNS)));
	assert_int_equal(rest.len, 0);
	buf_done(&out);
}

// ---- Keys ------------------------------------------------------------------

static enum rc create(struct bed *bed, const char *domain, const char *selector,
    enum dkim_algorithm algorithm, unsigned bits, struct dkim_key *ret_key)
{
	return dkim_key_create(bed->keys, view_of_string(domain),
	    view_of_string(selector), algorithm, bits, NULL, &bed->arena,
	    ret_key);
}

static void keys_are_made_listed_removed(void **state)
{
	struct bed *bed = *state;
	struct dkim_key rsa, ed, key;
	struct buf out;
	struct view rest;
	struct view none = VIEW("");
	assert_int_equal(
	    create(bed, "b.example", "one", DKIM_RSA_SHA256, 1024, &rsa),
	    RC_OK);
	assert_int_equal(rsa.bits, 1024);
	// The cache does not hide a newer key.
	assert_int_equal(
	    sign(bed, VIEW("b.example"), VIEW("From: a\r\n"), VIEW("x"), &out),
	    RC_OK);
	buf_done(&out);
	assert_int_equal(
	    create(bed, "b.example", "", DKIM_ED25519_SHA256, 0, &ed), RC_OK);
	assert_int_equal(ed.selector.len, 7);
	assert_int_equal(ed.selector.ptr[0], 'e');
	assert_int_equal(
	    create(bed, "a.b.example", "", DKIM_ED25519_SHA256, 0, &key),
	    RC_OK);
	assert_int_equal(
	    sign(bed, VIEW("b.example"), VIEW("From: a\r\n"), VIEW("x"), &out),
	    RC_OK);
	rest = buf_view(&out);
	assert_true(verify(next_signature(&rest), VIEW("From: a\r\n"),
	    VIEW("x"), ed.dns_text));
	assert_true(verify(next_signature(&rest), VIEW("From: a\r\n"),
	    VIEW("x"), rsa.dns_text));
	assert_int_equal(rest.len, 0);
	buf_done(&out);

	assert_int_equal(
	    dkim_key_next(bed->keys, none, none, &bed->arena, &key), RC_OK);
	assert_view_equal(key.domain, VIEW("a.b.example"));
	assert_int_equal(dkim_key_next(bed->keys, key.domain, key.selector,
			     &bed->arena, &key),
	    RC_OK);
	assert_view_equal(key.selector, ed.selector);
	assert_view_equal(key.dns_text, ed.dns_text);
	assert_int_equal(dkim_key_next(bed->keys, key.domain, key.selector,
			     &bed->arena, &key),
	    RC_OK);
	assert_view_equal(key.selector, VIEW("one"));
	assert_int_equal(dkim_key_next(bed->keys, key.domain, key.selector,
			     &bed->arena, &key),
	    RC_END);

	assert_int_equal(
	    dkim_key_remove(bed->keys, VIEW("b.example"), VIEW("one"), NULL),
	    RC_OK);
	assert_int_equal(
	    dkim_key_remove(bed->keys, VIEW("b.example"), VIEW("one"), NULL),
	    RC_NOT_FOUND);
	assert_int_equal(
	    sign(bed, VIEW("b.example"), VIEW("From: a\r\n"), VIEW("x"), &out),
	    RC_OK);
	rest = buf_view(&out);
	(void)next_signature(&rest);
	assert_int_equal(rest.len, 0);
	buf_done(&out);
}

static void a_second_key_of_a_month_has_its_own_selector(void **state)
{
	struct bed *bed = *state;
	struct dkim_key first, second, third, other;
	assert_int_equal(
	    create(bed, "b.example", "", DKIM_ED25519_SHA256, 0, &first),
	    RC_OK);
	assert_int_equal(
	    create(bed, "b.example", "", DKIM_ED25519_SHA256, 0, &second),
	    RC_OK);
	assert_int_equal(
	    create(bed, "b.example", "", DKIM_ED25519_SHA256, 0, &third),
	    RC_OK);
	assert_true(view_starts_with(second.selector, first.selector));
	assert_true(view_ends_with(second.selector, VIEW("-2")));
	assert_true(view_ends_with(third.selector, VIEW("-3")));
	assert_int_equal(
	    create(bed, "c.example", "", DKIM_ED25519_SHA256, 0, &other),
	    RC_OK);
	assert_view_equal(other.selector, first.selector);
}

static void mistakes_are_refused(void **state)
{
	static const struct {
		const char *domain, *selector;
		enum dkim_algorithm algorithm;
		unsigned bits;
		enum rc want;
	} table[] = {
	    {"a.example", "s", DKIM_ED25519_SHA256, 0, RC_OK},
	    {"a.example", "s", DKIM_ED25519_SHA256, 0, RC_EXISTS},
	    {"a.example", "s", DKIM_RSA_SHA256, 1024, RC_EXISTS},
	    {"a.example", "a.b-1", DKIM_ED25519_SHA256, 0, RC_OK},
	    {"a.example", "t", DKIM_RSA_SHA256, 1023, RC_INVALID},
	    {"a.example", "t", DKIM_RSA_SHA256, 4097, RC_INVALID},
	    {"a.example", "S", DKIM_ED25519_SHA256, 0, RC_INVALID},
	    {"a.example", ".s", DKIM_ED25519_SHA256, 0, RC_INVALID},
	    {"a.example", "s.", DKIM_ED25519_SHA256, 0, RC_INVALID},
	    {"a.example", "s..t", DKIM_ED25519_SHA256, 0, RC_INVALID},
	    {"a.example", "-s", DKIM_ED25519_SHA256, 0, RC_INVALID},
	    {"a.example", "s-", DKIM_ED25519_SHA256, 0, RC_INVALID},
	    {"a.example", "s-.t", DKIM_ED25519_SHA256, 0, RC_INVALID},
	    {"a.example", "s t", DKIM_ED25519_SHA256, 0, RC_INVALID},
	    {"a.example",
		"s23456789012345678901234567890123456789012345678901234567890"
		"1234",
		DKIM_ED25519_SHA256, 0, RC_INVALID},
	    {"", "s", DKIM_ED25519_SHA256, 0, RC_INVALID},
	    {"A.example", "s", DKIM_ED25519_SHA256, 0, RC_INVALID},
	    {"a;example", "s", DKIM_ED25519_SHA256, 0, RC_INVALID},
	};
	struct bed *bed = *state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct dkim_key key;
		assert_int_equal(create(bed, table[i].domain, table[i].selector,
				     table[i].algorithm, table[i].bits, &key),
		    table[i].want);
	}
}

static void a_domain_has_so_many_keys(void **state)
{
	struct bed *bed = *state;
	struct dkim_key key;
	char selector[2] = "a";
	for (int i = 0; i < DKIM_KEYS_MAX; i++, selector[0]++)
		assert_int_equal(create(bed, "a.example", selector,
				     DKIM_ED25519_SHA256, 0, &key),
		    RC_OK);
	assert_int_equal(
	    create(bed, "a.example", selector, DKIM_ED25519_SHA256, 0, &key),
	    RC_LIMIT);
}

static void dns_line_has_short_strings(void **state)
{
	struct bed *bed = *state;
	struct dkim_key key;
	struct buf out;
	assert_int_equal(
	    create(bed, "a.example", "s", DKIM_RSA_SHA256, 0, &key), RC_OK);
	assert_int_equal(key.bits, DKIM_RSA_BITS);
	buf_init(&out, 10000);
	dkim_dns_print(&key, &out);
	struct view rest = buf_view(&out);
	struct view head = VIEW("s._domainkey.a.example. IN TXT \"v=DKIM1; ");
	assert_true(view_starts_with(rest, head));
	struct buf joined;
	struct view part;
	buf_init(&joined, 10000);
	for (size_t n = 0; view_split(&rest, '"', &part); n++)
		if (n % 2 == 1) {
			assert_true(part.len > 0 && part.len <= 255);
			buf_add(&joined, part);
		}
	assert_view_equal(buf_view(&joined), key.dns_text);
	buf_done(&joined);
	buf_done(&out);
}

static void records_are_not_trusted(void **state)
{
	static const struct view table[] = {
	    {"", 0},
	    {"\1\0\0\4\0\0\0\0\0\0\0\0\0\0", 14},
	    {"\2\0\0\4\0\0\0\0\0\0\0\0\0\0k", 15},
	    {"\1\2\0\4\0\0\0\0\0\0\0\0\0\0k", 15},
	    {"\1\377\0\4\0\0\0\0\0\0\0\0\0\0k", 15},
	};
	struct dkim_record record;
	struct view domain, selector;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_int_equal(
		    dkim_record_decode(table[i], &record), RC_CORRUPT);
	assert_int_equal(
	    dkim_record_decode(
		view_of("\1\1\0\4\0\0\0\0\0\0\0\0\0\0k", 15), &record),
	    RC_OK);
	assert_int_equal(record.bits, 1024);
	static const struct view keys[] = {
	    {"key/a", 5}, {"key/a\0", 6}, {"key/\0a", 6}, {"kei/a\0b", 7}};
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		assert_false(dkim_record_split(
		    keys[i], DKIM_PUBLIC_PREFIX, &domain, &selector));
	assert_true(dkim_record_split(
	    view_of("key/a\0b", 7), DKIM_PUBLIC_PREFIX, &domain, &selector));
}

int main(void)
{
#define WITH_BED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(body_is_relaxed_in_pieces_of_any_size),
	    cmocka_unit_test(long_bodies_come_whole),
	    cmocka_unit_test(fields_are_relaxed),
	    cmocka_unit_test(fields_are_chosen_and_oversigned),
	    cmocka_unit_test(fields_are_bounded),
	    cmocka_unit_test(rfc_8463_example_verifies),
	    WITH_BED(each_key_signs),
	    WITH_BED(what_cannot_be_signed),
	    WITH_BED(keys_are_made_listed_removed),
	    WITH_BED(a_second_key_of_a_month_has_its_own_selector),
	    WITH_BED(mistakes_are_refused),
	    WITH_BED(a_domain_has_so_many_keys),
	    WITH_BED(dns_line_has_short_strings),
	    cmocka_unit_test(records_are_not_trusted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
