// SPDX-License-Identifier: Apache-2.0
// Preparation of names and passwords, and every form in which a password is
// stored.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "auth/password.h"

static const struct auth_hashing cheap = {.cost = 1};

static void names_that_mean_the_same_become_the_same(void **state)
{
	(void)state;
	static const struct {
		const char *given;
		const char *prepared;
	} rows[] = {
	    {"demo", "demo"},
	    {"Demo", "demo"},
	    {"First.Last+tag@Example.ORG", "first.last+tag@example.org"},
	    {"fussball", "fussball"},
	    {"fu\u00dfball", "fu\u00dfball"}, // RFC 8265 section 3.5
	    {"\u03c0", "\u03c0"},
	    {"\u03a3", "\u03c3"},
	    {"\u03c3", "\u03c3"},
	    {"\u03c2", "\u03c2"},
	    {"\u00c4rzte", "\u00e4rzte"},
	    {"A\u0308rzte", "\u00e4rzte"},
	    {"\uff24\uff45\uff2d\uff4f", "demo"}, // full width
	    {"\uff76", "\u30ab"},                 // half width katakana
	    {"\u212a", "k"},                      // kelvin sign
	    {"\u0410\u043d\u043d\u0430", "\u0430\u043d\u043d\u0430"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct auth_name name;
		struct auth_name again;
		assert_int_equal(
		    auth_name_prepare(
			view_of_string(rows[i].given), NULL, &name),
		    RC_OK);
		assert_string_equal(name.text, rows[i].prepared);
		assert_int_equal(
		    auth_name_prepare(auth_name_view(&name), NULL, &again),
		    RC_OK);
		assert_string_equal(again.text, name.text);
	}
}

static void names_nobody_can_have_are_refused(void **state)
{
	(void)state;
	static char long_name[AUTH_NAME_MAX + 1];
	memset(long_name, 'x', sizeof(long_name));
	const struct {
		struct view given;
		enum rc rc;
	} rows[] = {
	    {VIEW(""), RC_LIMIT},
	    {view_of(long_name, AUTH_NAME_MAX), RC_OK},
	    {view_of(long_name, AUTH_NAME_MAX + 1), RC_LIMIT},
	    {VIEW("a/b"), RC_INVALID},
	    {VIEW("a\uff0fb"), RC_INVALID}, // full width solidus
	    {VIEW("a b"), RC_INVALID},
	    {VIEW("a\u00a0b"), RC_INVALID},
	    {VIEW("a\tb"), RC_INVALID},
	    {VIEW("a\r\nb"), RC_INVALID},
	    {VIEW("a\0b"), RC_INVALID},
	    {VIEW("a\x7f"), RC_INVALID},
	    {VIEW("a\xc2\x85"), RC_INVALID},
	    {VIEW("a\u200d"), RC_INVALID},     // zero width joiner
	    {VIEW("a\u202e"), RC_INVALID},     // right-to-left override
	    {VIEW("henry\u2163"), RC_INVALID}, // RFC 8265 section 3.5
	    {VIEW("\u265a"), RC_INVALID},      // the same: black chess king
	    {VIEW("\ufb01sh"), RC_INVALID},    // ligature: HasCompat
	    {VIEW("\xff"), RC_SYNTAX},
	    {VIEW("\xc0\xaf"), RC_SYNTAX},
	    {VIEW("\xed\xa0\x80"), RC_SYNTAX},
	    {VIEW("a\xc3"), RC_SYNTAX},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct auth_name name;
		struct fault fault = {0};
		enum rc rc = auth_name_prepare(rows[i].given, &fault, &name);
		assert_int_equal(rc, rows[i].rc);
		assert_int_equal(fault.text[0] != 0, rc != RC_OK);
	}
}

static void passwords_follow_saslprep(void **state)
{
	(void)state;
	static char long_word[AUTH_PASSWORD_MAX + 1];
	memset(long_word, 'x', sizeof(long_word));
	const struct {
		struct view given;
		enum rc rc;
		const char *prepared;
	} rows[] = {
	    // RFC 4013 section 3, its seven examples
	    {VIEW("I\u00adX"), RC_OK, "IX"},
	    {VIEW("user"), RC_OK, "user"},
	    {VIEW("USER"), RC_OK, "USER"},
	    {VIEW("\u00aa"), RC_OK, "a"},
	    {VIEW("\u2168"), RC_OK, "IX"},
	    {VIEW("\x07"), RC_INVALID, NULL},
	    {VIEW("\u0627\x31"), RC_INVALID, NULL},
	    // and our own
	    {VIEW("correct horse"), RC_OK, "correct horse"},
	    {VIEW("a\u00a0b"), RC_OK, "a b"},
	    {VIEW("o\u0308"), RC_OK, "\u00f6"},
	    {VIEW("\U0001f511key"), RC_OK, "\U0001f511key"},
	    {VIEW(""), RC_LIMIT, NULL},
	    {VIEW("\u00ad"), RC_LIMIT, NULL}, // nothing is left
	    {VIEW("a\0b"), RC_INVALID, NULL},
	    {VIEW("\xff"), RC_SYNTAX, NULL},
	    {view_of(long_word, AUTH_PASSWORD_MAX + 1), RC_LIMIT, NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct auth_secret secret;
		enum rc rc =
		    auth_password_prepare(rows[i].given, NULL, &secret);
		assert_int_equal(rc, rows[i].rc);
		if (rc == RC_OK) {
			assert_string_equal(secret.text, rows[i].prepared);
			assert_int_equal(secret.len, strlen(secret.text));
		}
	}
}

static void what_other_servers_kept_is_checked(void **state)
{
	(void)state;
	static const struct {
		const char *stored;
		const char *password;
	} rows[] = {
	    // crypt(3)'s own published vectors
	    {"rl.3StKT.4T8M", "rasmuslerdorf"},
	    {"{CRYPT}rl.3StKT.4T8M", "rasmuslerdorf"},
	    {"$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
		"Hello world!"},
	    {"{SHA256-CRYPT}$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/"
	     "GNooZaBBGWEc5",
		"Hello world!"},
	    {"{sha512-crypt}$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/"
	     "O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
		"Hello world!"},
	    {"{BLF-CRYPT}$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJ"
	     "KvyOeW",
		"U*U"},
	    {"{MD5-CRYPT}$1$abcdefgh$Gqo0dW5ZZwRMuhky6A93q0", "pencil"},
	    {"{SSHA}0GvZf1RYMDSWePe07L9SeHyvW4phYmNk", "pencil"},
	    {"{SSHA256}A77VW15BuokbgiLd+VHWPNGy156jh69r3AKQSmY1cXMBAgMEBQYHCA="
	     "=",
		"pencil"},
	    {"{SSHA512}OOL42mKQ3zEWAJYXJBkuxdTBS0X01LVK4+"
	     "0aCtjAnZbHXIuyRFbuqwa9J"
	     "m4wRl25day/iwtZznLsnk+Iksdf6QECAwQFBgcI",
		"pencil"},
	    {"{PLAIN}pencil {x}", "pencil {x}"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct auth_credentials kept;
		struct view password = view_of_string(rows[i].password);
		assert_int_equal(
		    auth_credentials_import(
			&cheap, view_of_string(rows[i].stored), NULL, &kept),
		    RC_OK);
		assert_int_equal(
		    auth_password_check(kept.hash, password), RC_OK);
		assert_int_equal(auth_password_check(kept.hash,
				     view_slice(password, 0, password.len - 1)),
		    view_eq(password, VIEW("rasmuslerdorf")) ? RC_OK : RC_AUTH);
		assert_int_equal(
		    auth_password_check(kept.hash, VIEW("Pencil")), RC_AUTH);
		// Only a password in clear gives SCRAM keys.
		bool plain = rows[i].stored[1] == 'P';
		assert_int_equal(
		    kept.scram[AUTH_SHA256].iterations != 0, plain);
		assert_null(strstr(kept.hash, "pencil"));
	}
}

static void what_cannot_be_imported_says_why(void **state)
{
	(void)state;
	static char long_hash[AUTH_HASH_MAX + 2] = "{SSHA}";
	memset(long_hash + 6, 'A', sizeof(long_hash) - 6);
	const struct {
		struct view stored;
		enum rc rc;
	} rows[] = {
	    {VIEW(""), RC_INVALID},
	    {VIEW("{CRYPT}"), RC_INVALID},
	    {VIEW("{CRYPT}*"), RC_INVALID},
	    {VIEW("{CRYPT}$9$nothing"), RC_INVALID},
	    {VIEW("{SHA512-CRYPT}$5$saltstring$5B8v"), RC_INVALID},
	    {VIEW("{SSHA}"), RC_INVALID},
	    {VIEW("{SSHA}AAAA"), RC_INVALID},
	    {VIEW("{SSHA}0GvZf1RYMDSWePe07L9SeHyvW4phYmN"), RC_INVALID},
	    {VIEW("{SSHA}0GvZf1RYMDSWePe0!L9SeHyvW4phYmNk"), RC_INVALID},
	    {VIEW("{SSHA256}0GvZf1RYMDSWePe07L9SeHyvW4phYmNk"), RC_INVALID},
	    {VIEW("{CRAM-MD5}00"), RC_UNSUPPORTED},
	    {VIEW("{}x"), RC_UNSUPPORTED},
	    {VIEW("{PLAIN}"), RC_LIMIT},
	    {VIEW("{PLAIN}\x01"), RC_INVALID},
	    {VIEW("{CRYPT}rl.3StK\0T.4T8M"), RC_INVALID},
	    {view_of(long_hash, sizeof(long_hash)), RC_INVALID},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct auth_credentials kept;
		struct fault fault = {0};
		assert_int_equal(auth_credentials_import(
				     &cheap, rows[i].stored, &fault, &kept),
		    rows[i].rc);
		assert_true(fault.text[0] != 0);
	}
}

static void a_new_password_is_kept_as_yescrypt_and_scram_keys(void **state)
{
	(void)state;
	struct auth_credentials kept;
	struct auth_credentials again;
	struct view password = VIEW("pa\u00a0ss");
	assert_int_equal(
	    auth_credentials_make(&cheap, password, NULL, &kept), RC_OK);
	assert_memory_equal(kept.hash, "$y$", 3);
	assert_int_equal(auth_password_check(kept.hash, password), RC_OK);
	assert_int_equal(auth_password_check(kept.hash, VIEW("pa ss")), RC_OK);
	assert_int_equal(auth_password_check(kept.hash, VIEW("pass")), RC_AUTH);
	assert_int_equal(
	    kept.scram[AUTH_SHA256].iterations, AUTH_SCRAM_ITERATIONS);
	assert_int_equal(kept.scram[AUTH_SHA1].iterations, 0);
	assert_int_equal(
	    auth_credentials_make(&cheap, password, NULL, &again), RC_OK);
	assert_string_not_equal(kept.hash, again.hash);
	assert_memory_not_equal(kept.scram[AUTH_SHA256].salt,
	    again.scram[AUTH_SHA256].salt, AUTH_SCRAM_SALT);

	struct auth_hashing hashing = {
	    .cost = 1, .scram_sha1 = true, .scram_iterations = 5000};
	assert_int_equal(
	    auth_credentials_make(&hashing, password, NULL, &again), RC_OK);
	assert_int_equal(again.scram[AUTH_SHA1].iterations, 5000);
	hashing.scram_iterations = 1;
	assert_int_equal(
	    auth_credentials_make(&hashing, password, NULL, &again), RC_OK);
	assert_int_equal(again.scram[AUTH_SHA1].iterations, 4096);
	hashing.cost = 99;
	assert_int_equal(
	    auth_credentials_make(&hashing, password, NULL, &again),
	    RC_INVALID);
}

static void hashes_that_cannot_be_checked_let_nobody_in(void **state)
{
	(void)state;
	static const char *const hashes[] = {
	    "", "*", "x", "{CRYPT}", "{SSHA}====", "{NONE}x", "{SSHA}", "{"};
	for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
		assert_int_not_equal(
		    auth_password_check(hashes[i], VIEW("x")), RC_OK);
		assert_int_not_equal(
		    auth_password_check(hashes[i], VIEW("")), RC_OK);
	}
}

static void raw_bytes_fit_a_hash_that_was_made_of_raw_bytes(void **state)
{
	(void)state;
	// "p\xe4ss" in ISO 8859-1, which an old server hashed without
	// preparation.
	struct auth_credentials kept;
	assert_int_equal(
	    auth_credentials_import(&cheap,
		VIEW("{SSHA}pVju9MHaQw7aAoCpqrIk6SA2gu5zYWx0"), NULL, &kept),
	    RC_OK);
	assert_int_equal(
	    auth_password_check(kept.hash, VIEW("p\xe4ss")), RC_OK);
	assert_int_equal(
	    auth_password_check(kept.hash, VIEW("p\u00e4ss")), RC_AUTH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_that_mean_the_same_become_the_same),
	    cmocka_unit_test(names_nobody_can_have_are_refused),
	    cmocka_unit_test(passwords_follow_saslprep),
	    cmocka_unit_test(what_other_servers_kept_is_checked),
	    cmocka_unit_test(what_cannot_be_imported_says_why),
	    cmocka_unit_test(a_new_password_is_kept_as_yescrypt_and_scram_keys),
	    cmocka_unit_test(hashes_that_cannot_be_checked_let_nobody_in),
	    cmocka_unit_test(raw_bytes_fit_a_hash_that_was_made_of_raw_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
