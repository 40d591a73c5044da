// SPDX-License-Identifier: Apache-2.0
// Tests TLS as a client: checks of certificates, STARTTLS, bindings.
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/test_caller.h"

static void hex_of(char *to, const unsigned char *bytes, size_t len)
{
	to[0] = '\0';
	for (size_t i = 0; i < len; i++)
		snprintf(to + 2 * i, 3, "%02x", bytes[i]);
}

static void test_implicit_tls_with_any_certificate(void **state)
{
	(void)state;
	static const struct turn turns[] = {
	    {"HELLO", "INFO\r\n", NET_READ}, {0}};
	struct line_server line = {0};
	struct caller caller = {.turn = turns};
	line_server_start(&line, caller_names);
	struct net_tls_client *tls = caller_tls(&line, NULL);
	struct net_connect_config config =
	    caller_config(&caller, line.tls_port);
	config.tls = tls;
	config.implicit_tls = true;
	config.server_name = "one.example.";
	caller_call(&line, &config);
	wait_for(&caller.lines, 2);
	assert_false(caller.tls.verified);
	assert_string_equal(caller.tls.unverified, "self-signed certificate");
	assert_string_equal(caller.tls.version, "TLSv1.3");
	assert_string_equal(caller.tls.server_name, "one.example");
	// Both ends have the same bindings, so SCRAM can tie a log-in to the
	// connection.
	char want[512];
	char exporter[2 * NET_BINDING_MAX + 1];
	char end_point[2 * NET_BINDING_MAX + 1];
	assert_int_equal(caller.tls.exporter_len, 32);
	assert_int_equal(caller.tls.end_point_len, 32);
	hex_of(exporter, caller.tls.exporter, caller.tls.exporter_len);
	hex_of(end_point, caller.tls.end_point, caller.tls.end_point_len);
	snprintf(want, sizeof(want),
	    "cipher=%s version=TLSv1.3 name=one.example exporter=%s unique= "
	    "end_point=%s",
	    caller.tls.cipher, exporter, end_point);
	assert_string_equal(caller.heard, want);
	// Ends both sessions. The caller may notice first that the other one
	// has closed.
	line_server_stop(&line, 5);
	wait_for(&caller.freed, 1);
	assert_true(
	    caller.end == NET_END_STOPPED || caller.end == NET_END_PEER);
	net_tls_client_free(&tls);
}

static void test_certificates_are_judged(void **state)
{
	(void)state;
	static const struct {
		const char *trusted; // NULL: the system's authorities
		const char *name;
		enum net_tls_check check;
		const char *why; // NULL: it is verified
	} table[] = {
	    {"one.example", "one.example", NET_TLS_REQUIRED, NULL},
	    {"one.example", "ONE.example.", NET_TLS_REQUIRED, NULL},
	    {"one.example", "one.example", NET_TLS_OPPORTUNISTIC, NULL},
	    {"one.example", "other.example", NET_TLS_REQUIRED,
		"hostname mismatch"},
	    {"one.example", "other.example", NET_TLS_OPPORTUNISTIC,
		"hostname mismatch"},
	    {"one.example", "127.0.0.1", NET_TLS_REQUIRED,
		"IP address mismatch"},
	    {"one.example", NULL, NET_TLS_OPPORTUNISTIC,
		"the server's name is not known"},
	    {NULL, "one.example", NET_TLS_REQUIRED, "self-signed certificate"},
	    {NULL, NULL, NET_TLS_OPPORTUNISTIC, "self-signed certificate"},
	};
	struct line_server line = {0};
	line_server_start(&line, caller_names);
	struct net_tls_client *own = caller_tls(&line, "one.example");
	struct net_tls_client *systems = caller_tls(&line, NULL);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct caller caller = {.turn = caller_quits};
		struct net_connect_config config =
		    caller_config(&caller, line.tls_port);
		char why[256];
		config.tls = table[i].trusted ? own : systems;
		config.implicit_tls = true;
		config.check = table[i].check;
		config.server_name = table[i].name;
		caller_call(&line, &config);
		if (table[i].why && table[i].check == NET_TLS_REQUIRED) {
			snprintf(why, sizeof(why),
			    "TLS: the certificate is not trusted: %s",
			    table[i].why);
			caller_expect_failed(&caller, NET_END_TLS, why);
		} else {
			caller_expect_ended(
			    &caller, NET_END_CLOSED, "closed by the session");
			assert_int_equal(caller.tls.verified, !table[i].why);
			assert_string_equal(caller.tls.unverified,
			    table[i].why ? table[i].why : "");
		}
	}
	line_server_stop(&line, 5);
	net_tls_client_free(&own);
	net_tls_client_free(&systems);
}

static void test_starttls(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct caller caller = {.turn = caller_upgrades};
	line_server_start(&line, caller_names);
	struct net_tls_client *tls = caller_tls(&line, "one.example");
	struct net_connect_config config = caller_config(&caller, line.port);
	config.tls = tls;
	config.check = NET_TLS_REQUIRED;
	config.server_name = "one.example";
	caller_call(&line, &config);
	caller_expect_ended(&caller, NET_END_CLOSED, "closed by the session");
	assert_true(caller.tls.verified);
	line_server_stop(&line, 5);
	net_tls_client_free(&tls);
}

static void test_starttls_refused_for_the_certificate(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct caller caller = {.turn = caller_upgrades};
	line_server_start(&line, caller_names);
	struct net_tls_client *tls = caller_tls(&line, "one.example");
	struct net_connect_config config = caller_config(&caller, line.port);
	config.tls = tls;
	config.check = NET_TLS_REQUIRED;
	config.server_name = "two.example";
	caller_call(&line, &config);
	caller_expect_ended(&caller, NET_END_TLS,
	    "TLS: the certificate is not trusted: hostname mismatch");
	assert_int_equal(atomic_load(&caller.secured), 0);
	line_server_stop(&line, 5);
	net_tls_client_free(&tls);
}

// What a peer says instead of a handshake, and what the session is told then.
static void test_starttls_that_fails_is_told(void **state)
{
	(void)state;
	static const struct {
		const char *answer; // NULL: it says nothing
		bool close;
		uint32_t seconds; // the time for the handshake
		const char *why;
	} table[] = {
	    {"454 no TLS after all\r\n", false, 60,
		"TLS: wrong version number"},
	    {"", true, 60, "closed in the TLS handshake"},
	    {NULL, false, 1, "TLS handshake timed out"},
	};
	struct line_server line = {0};
	line_server_start(&line, NULL);
	struct net_tls_client *tls = caller_tls(&line, NULL);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct caller caller = {.turn = caller_upgrades};
		uint16_t port;
		int fd = raw_listen(5, &port);
		struct net_connect_config config = caller_config(&caller, port);
		config.tls = tls;
		config.handshake_seconds = table[i].seconds;
		caller_call(&line, &config);
		int peer = raw_accept(fd);
		char got[64] = {0};
		raw_send(peer, "HELLO\r\n");
		assert_int_equal(recv(peer, got, 10, MSG_WAITALL), 10);
		raw_send(peer, "OK\r\n");
		// The client has begun the handshake.
		assert_int_equal(recv(peer, got, 1, 0), 1);
		assert_int_equal(got[0], 0x16);
		if (table[i].answer)
			raw_send(peer, table[i].answer);
		if (table[i].close)
			shutdown(peer, SHUT_WR);
		caller_expect_ended(&caller, NET_END_TLS, table[i].why);
		close(peer);
		close(fd);
	}
	line_server_stop(&line, 5);
	net_tls_client_free(&tls);
}

// The other end is plain OpenSSL, with at most this version.
struct tls_peer {
	SSL_CTX *context;
	SSL *ssl;
	int fd;
};

static void peer_open(
    struct tls_peer *peer, const struct line_server *line, int fd, int version)
{
	char certificate[256];
	char key[256];
	line_paths(line, "one.example", certificate, key, sizeof(key));
	*peer = (struct tls_peer){
	    .context = SSL_CTX_new(TLS_server_method()), .fd = fd};
	SSL_CTX_set_max_proto_version(peer->context, version);
	assert_int_equal(SSL_CTX_use_certificate_file(
			     peer->context, certificate, SSL_FILETYPE_PEM),
	    1);
	assert_int_equal(
	    SSL_CTX_use_PrivateKey_file(peer->context, key, SSL_FILETYPE_PEM),
	    1);
	peer->ssl = SSL_new(peer->context);
	SSL_set_fd(peer->ssl, fd);
	assert_int_equal(SSL_accept(peer->ssl), 1);
}

static void peer_close(struct tls_peer *peer)
{
	SSL_free(peer->ssl);
	SSL_CTX_free(peer->context);
	close(peer->fd);
	ERR_clear_error();
}

// What a man in the middle adds to the answer to STARTTLS must not reach the
// session, neither as plaintext nor as if it had come under TLS.
static void test_injected_answers_are_dropped(void **state)
{
	(void)state;
	static const struct turn turns[] = {
	    {"HELLO", "STARTTLS\r\n", NET_READ},
	    {"OK", "", NET_START_TLS},
	    {0},
	};
	struct line_server line = {0};
	struct caller caller = {.turn = turns};
	struct tls_peer peer;
	uint16_t port;
	char got[64];
	int listener = raw_listen(5, &port);
	line_server_start(&line, caller_names);
	struct net_tls_client *tls = caller_tls(&line, NULL);
	struct net_connect_config config = caller_config(&caller, port);
	config.tls = tls;
	caller_call(&line, &config);
	int fd = raw_accept(listener);
	raw_send(fd, "HELLO\r\n");
	assert_int_equal(recv(fd, got, 10, MSG_WAITALL), 10);
	raw_send(fd, "OK\r\nevil\r\n");
	peer_open(&peer, &line, fd, TLS1_3_VERSION);
	assert_int_equal(SSL_write(peer.ssl, "good\r\n", 6), 6);
	wait_for(&caller.lines, 3);
	assert_string_equal(caller.heard, "good");
	line_server_stop(&line, 5);
	peer_close(&peer);
	close(listener);
	net_tls_client_free(&tls);
}

// TLS 1.2, because tls-unique exists only there.
static void test_tls_unique_under_tls_1_2(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct caller caller = {0};
	struct tls_peer peer;
	uint16_t port;
	unsigned char finished[NET_BINDING_MAX];
	int listener = raw_listen(5, &port);
	line_server_start(&line, caller_names);
	struct net_tls_client *tls = caller_tls(&line, NULL);
	struct net_connect_config config = caller_config(&caller, port);
	config.tls = tls;
	config.implicit_tls = true;
	caller_call(&line, &config);
	peer_open(&peer, &line, raw_accept(listener), TLS1_2_VERSION);
	wait_for(&caller.secured, 1);
	size_t len =
	    SSL_get_peer_finished(peer.ssl, finished, sizeof(finished));
	assert_string_equal(caller.tls.version, "TLSv1.2");
	assert_int_equal(caller.tls.unique_len, len);
	assert_memory_equal(caller.tls.unique, finished, len);
	assert_int_equal(caller.tls.exporter_len, 32);
	line_server_stop(&line, 5);
	peer_close(&peer);
	close(listener);
	net_tls_client_free(&tls);
}

static void test_authorities_that_cannot_be_read(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct net_tls_client *tls;
	struct fault fault;
	char certificate[256];
	char key[256];
	line_server_start(&line, caller_names);
	line_paths(&line, "one.example", certificate, key, sizeof(key));
	struct net_tls_client_config missing = {
	    .authorities_path = "/nonexistent/ca.pem"};
	struct net_tls_client_config junk = {.authorities_path = key};
	assert_int_equal(
	    net_tls_client_new(&missing, &tls, &fault), RC_NOT_FOUND);
	assert_int_equal(net_tls_client_new(&junk, &tls, &fault), RC_INVALID);
	line_server_stop(&line, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_implicit_tls_with_any_certificate),
	    cmocka_unit_test(test_certificates_are_judged),
	    cmocka_unit_test(test_starttls),
	    cmocka_unit_test(test_starttls_refused_for_the_certificate),
	    cmocka_unit_test(test_starttls_that_fails_is_told),
	    cmocka_unit_test(test_injected_answers_are_dropped),
	    cmocka_unit_test(test_tls_unique_under_tls_1_2),
	    cmocka_unit_test(test_authorities_that_cannot_be_read),
	};
	return cmocka_run_group_tests_name(
	    "net_connect_tls", tests, NULL, NULL);
}
