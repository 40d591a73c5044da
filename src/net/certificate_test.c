// SPDX-License-Identifier: Apache-2.0
// Certificates are read from files only.
#include "net/certificate.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/test.h"
#include "net/tls.h"

static void what_is_no_file_is_not_read(void **state)
{
	static const struct {
		const char *path;
		enum rc rc;
	} table[] = {
	    {"pipe", RC_INVALID}, {".", RC_INVALID},
	    {"device", RC_INVALID},  // a link
	    {"to-pipe", RC_INVALID}, // a link
	    {"empty", RC_INVALID}, {"missing", RC_NOT_FOUND},
	    {"good.pem", RC_OK},
	    {"to-good.pem", RC_OK}, // as tools for certificates keep them
	};
	static const char *const names[] = {"mail.example.org"};
	char folder[] = "/tmp/roost-test-XXXXXX";
	struct fault fault = {0};
	struct net_tls_client *client;
	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(net_tls_client_new(&(struct net_tls_client_config){0},
			     &client, &fault),
	    RC_OK);
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_int_equal(symlink("/dev/zero", "device"), 0);
	assert_int_equal(symlink("pipe", "to-pipe"), 0);
	assert_int_equal(symlink("good.pem", "to-good.pem"), 0);
	fclose(fopen("empty", "w"));
	assert_int_equal(
	    net_tls_self_signed("good.pem", "key.pem", names, 1, &fault),
	    RC_OK);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct net_certificate certificate;
		enum rc rc = net_certificate_of_file(table[i].path,
		    "mail.example.org", client, &fault, &certificate);
		if (rc != table[i].rc)
			fail_msg("%s: %s", table[i].path, rc_text(rc));
	}
	net_tls_client_free(&client);
	static const char *const left[] = {"pipe", "device", "to-pipe",
	    "to-good.pem", "empty", "good.pem", "key.pem"};
	for (size_t i = 0; i < ARRAY_LEN(left); i++)
		assert_int_equal(unlink(left[i]), 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_no_file_is_not_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
