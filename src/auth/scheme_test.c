// SPDX-License-Identifier: Apache-2.0
// What other servers store for the password "pencil", made by `doveadm pw` of
// Dovecot 2.3 (which accepts each of them too), by Python's hashlib in the
// spellings of passlib, OpenLDAP and PHC, and by crypt(3).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "auth/password.h"

static const struct auth_hashing cheap = {.cost = 1};

static const char *const kept[] = {
    // doveadm pw
    "{SHA}0vxRJJChUDZGC1SJQBQ51tpUB/o=",
    "{SHA1}0vxRJJChUDZGC1SJQBQ51tpUB/o=",
    "{SHA256}E4CWaPtDY4Zwb2fcsFLtWEoEuhaowCoX1m00ww/O2iE=",
    "{SHA512}Gd8Bqrgo+NUINrp1cJcTrtInM1344YZDkYXAbJF6Kn03cat2"
    "4wfPo7a4nvGmaC1mgd3xGISHDl3hPnk/uVXu6w==",
    "{SMD5}vzESi3ABX5STLbLBeLVrkmgSCrY=",
    "{SSHA}hdArB1RR3h1AMnfd7nkrZlA6HHi49vYE",
    "{SSHA256}KXwwtW0vEdELAlJpkOXEGF8RZAjxhThL6259EeRSsVZ9JeB"
    "t",
    "{SSHA512}/SFKZCQEVgTn6IQTZhuvrowk4siW45iYHJpnzCh0MCumSFX"
    "OV/B3CjLS6MKCUKQx+4DsxMyAdERAuzc2KrozFmcw1qE=",
    "{PLAIN-MD5}a8f6830bce790a8a67fc2e84e12093ba",
    "{LDAP-MD5}qPaDC855Copn/C6E4SCTug==",
    "{PLAIN}pencil",
    "{CLEARTEXT}pencil",
    "{CLEAR}pencil",
    "{PBKDF2}$1$bFfa..SVBCfXGTVy$5000$6e5b7e1e2b48216e54a5f0d"
    "00e13d472e818c7fa",
    "{ARGON2I}$argon2i$v=19$m=32768,t=4,p=1$Wun1xPG19h4Kpq8om"
    "ggToA$lCOTXaUrYYxXdFrmGsuaSEF9JnB79GqmKVhrPiJ0TAY",
    "{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$LS4fBrhisgfv527"
    "NP5iHJg$B52I7EpaDfDmxoOS3/coHaDuFuRzSY7yr7w3y3FJeYk",
    "{BLF-CRYPT}$2y$05$ySafKtXVjhrM5KFzecS9BeAkhbwiIAzn2vhYv2"
    "Y5G9fVb6Pt4dV0m",
    "{SCRAM-SHA-1}4096,WkVyfg5fV1Hv+CqBB5zBaQ==,fJEaZlhy9PCbi"
    "+N5KzUK/NjeE1s=,NevN+GwvxyVCpdTnugFe77+Q2hw=",
    "{SCRAM-SHA-256}4096,RU+SpL6HiAXGRZYLbaTlKg==,j/GBIXABYhb"
    "GNQy50U4khGXdnigGYaEyEYZq1u6CTCQ=,moELO9Ona7uX5bWEarxClJ"
    "ocF3aTcoJndmq+QOl43Hw=",
    "{CRYPT}$2y$05$cb5umNimHYKK1nLTqHRx1.5UL.7ngm2enG7ZieiKiI"
    "588.yz1/C4.",
    "{DES-CRYPT}.Cl9fYN0K9TLA",
    "{MD5}$1$TfGw/hxw$0QWQnua8NfGxxArWxhqYP1",
    "{MD5-CRYPT}$1$KiHDpPIo$Jvevjh0M9knAiA7Lb/C9d/",
    "{SHA256-CRYPT}$5$jZGqeZo0ob2Bcb8S$xFpMrcrWfTO0tNPqRNnARw"
    "tuVyjsg3qG1ilTitBzGg2",
    "{SHA512-CRYPT}$6$BPkET2iTdRk75aGt$befaGz1r2q50bWjK5dDC2R"
    "OuZ4I6Wd2V7/c2HZmNeG7djyggHYov8wYK0L/vc3Bbi8SwrBDwQ4vQJW"
    "a/kqUv10",
    "{LDAP-MD5.HEX}a8f6830bce790a8a67fc2e84e12093ba",
    "{SSHA.HEX}ed50670ffe3bf768fc11cf966e1866a255279741da664f"
    "bb",
    "{SMD5.HEX}c8e637ce68326332a92cc0370c8cb572d86bc444",
    "{PLAIN-MD5.B64}qPaDC855Copn/C6E4SCTug==",
    "{SHA.HEX}d2fc512490a15036460b5489401439d6da5407fa",
    "{SHA256.HEX}13809668fb436386706f67dcb052ed584a04ba16a8c0"
    "2a17d66d34c30fceda21",
    "{SHA512.BASE64}Gd8Bqrgo+NUINrp1cJcTrtInM1344YZDkYXAbJF6K"
    "n03cat24wfPo7a4nvGmaC1mgd3xGISHDl3hPnk/uVXu6w==",
    "{SSHA512.B64}cK7ogmebDSzt2XHoBsR+RPSZm+5LiPP5q5fwo3/2Aj8"
    "0tizWb3ePMew+Ae6+XGN+DaciQP10je4tFNd323WnMxtCEgQ=",
    "{PLAIN.B64}cGVuY2ls",
    "{CLEARTEXT.HEX}70656e63696c",
    // hashlib, crypt(3)
    "{SHA}d2fc512490a15036460b5489401439d6da5407fa",
    "{sha}D2FC512490A15036460B5489401439D6DA5407FA",
    "{PLAIN-MD5}qPaDC855Copn/C6E4SCTug==",
    "$pbkdf2$1000$.vv8/f7/AAECAwQFBgcICQ$qAWcFj3Imw.NVTj74l6/"
    "jO3PEkw",
    "{PBKDF2}1000$.vv8/f7/AAECAwQFBgcICQ$qAWcFj3Imw.NVTj74l6/"
    "jO3PEkw",
    "$pbkdf2-sha256$2000$.vv8/f7/AAECAwQFBgcICQ$ye2ZGtleWGIC."
    "meRgSV9c8wYPxdKFSRj9xDuBxILUF4",
    "{PBKDF2-SHA256}2000$.vv8/f7/AAECAwQFBgcICQ$ye2ZGtleWGIC."
    "meRgSV9c8wYPxdKFSRj9xDuBxILUF4",
    "$pbkdf2-sha256$i=2000,l=32$+vv8/f7/AAECAwQFBgcICQ$ye2ZGt"
    "leWGIC+meRgSV9c8wYPxdKFSRj9xDuBxILUF4",
    "$pbkdf2-sha512$1500$.vv8/f7/AAECAwQFBgcICQ$xcjUORkvwrtMX"
    "O4tgZyUOj.ap7VlK.CDWp7GockXoeMq5QdIX/Fum7s0B94ycPfmhYCUy"
    "5qzOIvo2BHx8YbjNQ",
    "{PBKDF2-SHA512}1500$.vv8/f7/AAECAwQFBgcICQ$xcjUORkvwrtMX"
    "O4tgZyUOj.ap7VlK.CDWp7GockXoeMq5QdIX/Fum7s0B94ycPfmhYCUy"
    "5qzOIvo2BHx8YbjNQ",
    "$pbkdf2-sha512$i=1500,l=64$+vv8/f7/AAECAwQFBgcICQ$xcjUOR"
    "kvwrtMXO4tgZyUOj+ap7VlK+CDWp7GockXoeMq5QdIX/Fum7s0B94ycP"
    "fmhYCUy5qzOIvo2BHx8YbjNQ",
    "$y$j75$uPgOs5hD3AvwGIW8yULj0/$1f8rHvLbtShZj60jSstR/pK1xs"
    "r9vnnNC86meNCs0u9",
    "$gy$j75$uPgOs5hD3AvwGIW8yULj0/$g86PHEM6oIDq1TDSjGYLbDi8Y"
    "WE0uyVIsTPC64Zvco3",
    "$7$CU..../....2Q9obwLhin8qvQl6sisAO/$E9Fi.ottuPVXVFopBFI"
    "go71yTp05PxphA3liNx3few0",
    "$2b$05$CCCCCCCCCCCCCCCCCCCCC.ThbqWIWsyNQG40LT5B7Lrnncmuq"
    "Vy8C",
    "$sha1$100$wnUR8T1U$yQm9nOiJacyUMerdjcdpCkN6joOy",
    "$md5,rounds=5000$GUBv0xjJ$$dBAeuQP.GsDE/2cnv6RUv0",
    "$3$$0f0800266a19a0ddc7ff30bba6c76e9b",
    "_J9..rasmc4dDPuFCaAQ",
    "abJ32bJMdTsnY",
    "$5$rounds=1400$anotherlong$1CZH8AYS0MrVhdRb.IxQ9UcttmtzB"
    "NPzFb8d0BYJKr3",
};

static enum rc import(struct view stored, struct fault *fault,
    struct auth_credentials *ret_credentials)
{
	return auth_credentials_import(&cheap, stored, fault, ret_credentials);
}

static void what_other_servers_keep_is_checked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		struct auth_credentials made, again;
		struct view stored = view_of_string(kept[i]);
		struct fault fault = {0};
		if (import(stored, &fault, &made) != RC_OK)
			fail_msg("%s: %s", kept[i], fault.text);
		if (auth_password_check(made.hash, VIEW("pencil")) != RC_OK)
			fail_msg("%s does not fit", kept[i]);
		assert_int_equal(
		    auth_password_check(made.hash, VIEW("Pencil")), RC_AUTH);
		assert_int_equal(
		    auth_password_check(made.hash, VIEW("")), RC_AUTH);
		assert_null(strstr(made.hash, "pencil"));
		// What is stored can be read again, and gives the same text.
		assert_int_equal(
		    import(view_of_string(made.hash), NULL, &again), RC_OK);
		assert_string_equal(made.hash, again.hash);
	}
}

static void scram_keys_come_from_what_has_them(void **state)
{
	(void)state;
	static const struct {
		const char *scheme;
		bool has[AUTH_DIGESTS];
	} rows[] = {
	    {"{SCRAM-SHA-256}", {[AUTH_SHA256] = true}},
	    {"{SCRAM-SHA-1}", {[AUTH_SHA1] = true}},
	    {"{PLAIN}", {[AUTH_SHA256] = true}},
	    {"{CLEARTEXT.HEX}", {[AUTH_SHA256] = true}},
	    {"{SSHA}", {false}},
	    {"{ARGON2ID}", {false}},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct auth_credentials made;
		size_t k = 0;
		while (strncmp(kept[k], rows[i].scheme,
			   strlen(rows[i].scheme)) != 0)
			k++;
		assert_int_equal(
		    import(view_of_string(kept[k]), NULL, &made), RC_OK);
		for (int d = 0; d < AUTH_DIGESTS; d++) {
			struct auth_scram_keys keys = made.scram[d];
			assert_int_equal(keys.iterations != 0, rows[i].has[d]);
			if (!rows[i].has[d])
				continue;
			assert_int_equal(auth_scram_derive((enum auth_digest)d,
					     VIEW("pencil"), &keys),
			    RC_OK);
			assert_memory_equal(
			    &keys, &made.scram[d], sizeof(keys));
		}
	}
}

// A text that lost its end is refused, or at least fits no other password; and
// no message quotes any part of it.
static void what_was_cut_off_is_not_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		struct view stored = view_of_string(kept[i]);
		size_t from = stored.len > 40 ? stored.len - 20 : stored.len;
		if (view_find(stored, VIEW("{PLAIN")) == 0 ||
		    view_find(stored, VIEW("{CLEAR")) == 0)
			continue;
		for (size_t len = from; len < stored.len; len++) {
			struct auth_credentials made;
			struct fault fault = {0};
			struct view cut = view_slice(stored, 0, len);
			enum rc rc = import(cut, &fault, &made);
			// Cut by one character, and by a group of base64.
			size_t gone = stored.len - len;
			if (rc == RC_OK && (gone == 1 || gone == 4))
				assert_int_equal(auth_password_check(
						     made.hash, VIEW("pencil")),
				    RC_AUTH);
			if (rc == RC_OK)
				continue;
			assert_int_equal(rc, RC_INVALID);
			assert_true(fault.text[0] != '\0');
			assert_true(
			    view_find(view_of_string(fault.text),
				view_slice(cut, len - 6, 6)) == SIZE_MAX);
		}
	}
}

static void what_is_not_kept_so_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *stored;
		enum rc rc;
	} rows[] = {
	    {"{CRAM-MD5}8b4ef9d9588dc32be8c3b8958ee84fab", RC_UNSUPPORTED},
	    {"{DIGEST-MD5}05e93e667c45ffeac0d5b616d7a89822", RC_UNSUPPORTED},
	    {"{OTP}sha1 1024 ee1930117a36f162", RC_UNSUPPORTED},
	    {"{my secret}word", RC_UNSUPPORTED},
	    {"{SHA}0vxRJJChUDZGC1SJQBQ51tpUB/o", RC_INVALID},
	    {"{SHA}0vxRJJChUDZGC1SJQBQ51tpUB/o=x", RC_INVALID},
	    {"{SHA.HEX}0vxRJJChUDZGC1SJQBQ51tpUB/o=", RC_INVALID},
	    {"{SHA256}0vxRJJChUDZGC1SJQBQ51tpUB/o=", RC_INVALID},
	    {"{PLAIN-MD5}zz", RC_INVALID},
	    {"{CRYPT}*", RC_INVALID},
	    {"!", RC_INVALID},
	    {"x", RC_INVALID},
	    {"pencil", RC_INVALID},
	    {"{PLAIN}", RC_LIMIT},
	    {"{PLAIN.HEX}7", RC_INVALID},
	    {"{MD5-CRYPT}$6$a$b", RC_INVALID},
	    {"{ARGON2ID}$argon2i$v=19$m=32768,t=4,p=1$Wun1xPG19h4Kpq8omggToA$"
	     "lCOTXaUrYYxXdFrmGsuaSEF9JnB79GqmKVhrPiJ0TAY",
		RC_INVALID},
	    // Costs over the limits, keys that are too short, and texts that
	    // are no numbers.
	    {"$argon2id$v=19$m=1048577,t=1,p=1$Wun1xPG19h4Kpq8omggToA$"
	     "lCOTXaUrYYxXdFrmGsuaSEF9JnB79GqmKVhrPiJ0TAY",
		RC_INVALID},
	    {"$argon2id$v=19$m=8,t=101,p=1$Wun1xPG19h4Kpq8omggToA$"
	     "lCOTXaUrYYxXdFrmGsuaSEF9JnB79GqmKVhrPiJ0TAY",
		RC_INVALID},
	    {"$argon2id$v=19$m=8,t=1,p=2$Wun1xPG19h4Kpq8omggToA$"
	     "lCOTXaUrYYxXdFrmGsuaSEF9JnB79GqmKVhrPiJ0TAY",
		RC_INVALID},
	    {"$argon2id$v=20$m=8,t=1,p=1$Wun1xPG19h4Kpq8omggToA$"
	     "lCOTXaUrYYxXdFrmGsuaSEF9JnB79GqmKVhrPiJ0TAY",
		RC_INVALID},
	    {"$argon2id$v=19$m=64,t=1,p=1$Wun1$lCOTXaUrYYxXdFrmGsuaSA",
		RC_INVALID},
	    {"$pbkdf2-sha256$0$Wun1xPG1$lCOTXaUrYYxXdFrmGsuaSA", RC_INVALID},
	    {"$pbkdf2-sha256$10000001$Wun1xPG1$lCOTXaUrYYxXdFrmGsuaSA",
		RC_INVALID},
	    {"$pbkdf2-sha256$1000$Wun1xPG1$lCOT", RC_INVALID},
	    {"$pbkdf2-md5$1000$Wun1xPG1$lCOTXaUrYYxXdFrmGsuaSA", RC_INVALID},
	    {"{PBKDF2}$1$salt$1000$6e5b7e1e2b48216e54a5f0d00e13d472e818c7f",
		RC_INVALID},
	    {"{SCRAM-SHA-256}4096,AAAA,fJEaZlhy9PCbi+N5KzUK/NjeE1s=,"
	     "NevN+GwvxyVCpdTnugFe77+Q2hw=",
		RC_INVALID},
	    {"{SCRAM-SHA-1}0,AAAA,fJEaZlhy9PCbi+N5KzUK/NjeE1s=,"
	     "NevN+GwvxyVCpdTnugFe77+Q2hw=",
		RC_INVALID},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct auth_credentials made;
		struct fault fault = {0};
		enum rc rc =
		    import(view_of_string(rows[i].stored), &fault, &made);
		if (rc != rows[i].rc)
			fail_msg("%s: %s", rows[i].stored, rc_name(rc));
		assert_true(fault.text[0] != '\0');
		assert_null(strstr(fault.text, "secret"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_other_servers_keep_is_checked),
	    cmocka_unit_test(scram_keys_come_from_what_has_them),
	    cmocka_unit_test(what_was_cut_off_is_not_taken),
	    cmocka_unit_test(what_is_not_kept_so_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
