// SPDX-License-Identifier: Apache-2.0
// Tests TLS over loopback: names, versions, resumption, STARTTLS, reload,
// bindings.
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <malloc.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"
#include "net/test_line.h"

static const char *const names[] = {
    "one.example", "two.example", "*.three.example", NULL};

// The common name of the server's certificate, as the client got it.
static const char *shown_name(const struct client *client, char *to, int size)
{
	X509 *certificate = SSL_get1_peer_certificate(client->ssl);
	assert_non_null(certificate);
	X509_NAME_get_text_by_NID(
	    X509_get_subject_name(certificate), NID_commonName, to, size);
	X509_free(certificate);
	return to;
}

static void test_certificate_is_chosen_by_name(void **state)
{
	(void)state;
	static const struct {
		const char *asked;
		const char *shown;
	} table[] = {
	    {NULL, "one.example"},
	    {"one.example", "one.example"},
	    {"two.example", "two.example"},
	    {"TWO.Example", "two.example"},
	    {"mail.three.example", "*.three.example"},
	    {"a.mail.three.example", "one.example"},
	    {"three.example", "one.example"},
	    {"unknown.example", "one.example"},
	};
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	struct line_server line = {0};
	line_server_start(&line, names);
	for (size_t i = 0; i < ARRAY_LEN(table) * 2; i++) {
		struct client client;
		char name[128];
		client_open(&client, line.tls_port);
		assert_true(client_tls(
		    &client, table[i / 2].asked, versions[i % 2], NULL, NULL));
		assert_string_equal(shown_name(&client, name, sizeof(name)),
		    table[i / 2].shown);
		client_expect(&client, "HELLO");
		client_close(&client);
	}
	line_server_stop(&line, 5);
}

static void test_old_versions_are_refused(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct client client;
	line_server_start(&line, names);
	client_open(&client, line.tls_port);
	assert_false(client_tls(&client, NULL, TLS1_1_VERSION, NULL, NULL));
	// The server refused, not the client.
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()),
	    SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
	ERR_clear_error();
	client_close(&client);
	line_server_stop(&line, 5);
}

static void test_alpn_is_accepted_or_fatal(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct client client;
	const unsigned char *chosen;
	unsigned int len;
	line_server_start(&line, names);
	client_open(&client, line.tls_port);
	assert_true(client_tls(&client, NULL, TLS1_3_VERSION, NULL, "imap"));
	SSL_get0_alpn_selected(client.ssl, &chosen, &len);
	assert_int_equal(len, 4);
	assert_memory_equal(chosen, "imap", 4);
	client_close(&client);
	// One that the protocol names second.
	client_open(&client, line.tls_port);
	assert_true(client_tls(&client, NULL, TLS1_3_VERSION, NULL, "pop3"));
	client_close(&client);
	client_open(&client, line.tls_port);
	assert_false(
	    client_tls(&client, NULL, TLS1_3_VERSION, NULL, "http/1.1"));
	client_close(&client);
	line_server_stop(&line, 5);
}

// Makes one connection, resuming a session or with a full handshake. Returns
// the next session.
static SSL_SESSION *visit(struct line_server *line, int version,
    const char *name, SSL_SESSION *session, bool resumed)
{
	struct client client;
	client_open(&client, line->tls_port);
	assert_true(client_tls(&client, name, version, session, NULL));
	client_expect(&client, "HELLO"); // also reads the tickets of TLS 1.3
	assert_int_equal(SSL_session_reused(client.ssl), resumed);
	SSL_SESSION *next = SSL_get1_session(client.ssl);
	client_close(&client);
	SSL_SESSION_free(session);
	return next;
}

static void reload(struct line_server *line, const char *name, enum rc wanted)
{
	char certificate[256];
	char key[256];
	struct buf mistakes;
	buf_init(&mistakes, 4096);
	line_paths(line, name, certificate, key, sizeof(key));
	struct net_tls_pair pair = {
	    .certificate_path = certificate, .key_path = key};
	struct net_tls_config config = {.pairs = &pair, .pair_count = 1};
	assert_int_equal(net_tls_reload(line->tls, &config, &mistakes), wanted);
	assert_int_equal(mistakes.len > 0, wanted != RC_OK);
	buf_done(&mistakes);
}

static void test_sessions_resume(void **state)
{
	(void)state;
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	struct line_server line = {0};
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		line_server_start(&line, names);
		const char *name = "two.example";
		SSL_SESSION *session =
		    visit(&line, versions[i], name, NULL, false);
		session = visit(&line, versions[i], name, session, true);
		session = visit(&line, versions[i], name, session, true);
		// Tickets stay valid after a reload.
		reload(&line, "two.example", RC_OK);
		session = visit(&line, versions[i], name, session, true);
		SSL_SESSION_free(session);
		line_server_stop(&line, 5);
	}
}

static void test_reload_keeps_connections(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct client old;
	struct client new;
	char name[128];
	line_server_start(&line, names);
	client_open(&old, line.tls_port);
	assert_true(client_tls(&old, NULL, TLS1_3_VERSION, NULL, NULL));
	client_expect(&old, "HELLO");
	line_make_pair(&line, "new.example");
	reload(&line, "new.example", RC_OK);
	reload(&line, "missing.example", RC_INVALID); // this changes nothing
	client_send(&old, "ECHO still\r\n");
	client_expect(&old, "still");
	client_open(&new, line.tls_port);
	assert_true(client_tls(&new, NULL, TLS1_3_VERSION, NULL, NULL));
	assert_string_equal(
	    shown_name(&new, name, sizeof(name)), "new.example");
	client_close(&new);
	client_close(&old);
	line_server_stop(&line, 5);
}

static void test_starttls(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct client client;
	char text[1024];
	line_server_start(&line, names);
	client_open(&client, line.port);
	client_expect(&client, "HELLO");
	client_send(&client, "STARTTLS\r\n");
	client_expect(&client, "OK");
	assert_true(
	    client_tls(&client, "two.example", TLS1_3_VERSION, NULL, NULL));
	client_send(&client, "ECHO safe\r\nINFO\r\n");
	client_expect(&client, "safe");
	assert_non_null(client_line(&client, text, sizeof(text)));
	assert_non_null(strstr(text, "version=TLSv1.3 name=two.example"));
	client_close(&client);
	line_server_stop(&line, 5);
}

// CVE-2011-0411: commands that come together with STARTTLS must not be executed
// as if they had come under TLS.
static void test_starttls_injection_in_one_packet(void **state)
{
	(void)state;
	static const char *const attacks[] = {
	    "STARTTLS\r\nEVIL\r\n",
	    "STARTTLS\r\nEVI",
	    "STARTTLS\r\nEVIL\r\nEVIL\r\nSTARTTLS\r\nEVIL\r\n",
	};
	struct line_server line = {0};
	struct client client;
	line_server_start(&line, names);
	for (size_t i = 0; i < ARRAY_LEN(attacks); i++) {
		client_open(&client, line.port);
		client_expect(&client, "HELLO");
		client_send(&client, attacks[i]);
		client_expect(&client, "OK");
		// The injected bytes are gone: the handshake does not see them.
		assert_true(
		    client_tls(&client, NULL, TLS1_3_VERSION, NULL, NULL));
		client_send(&client, "L\r\nECHO clean\r\n");
		client_expect(&client, "BAD");
		client_expect(&client, "clean");
		client_close(&client);
		assert_int_equal(atomic_load(&line.evil), 0);
	}
	line_server_stop(&line, 5);
}

// In separate packets, while the server is still sending its reply.
static void test_starttls_injection_before_the_reply(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct client client;
	line_server_start(&line, names);
	client_open(&client, line.port);
	client_expect(&client, "HELLO");
	client_send(&client, "GATED\r\n");
	wait_for(&line.waiting, 1);
	client_send(&client, "EVIL\r\n");
	client_send(&client, "EVIL\r\nEVI");
	atomic_store(&line.gate, 1);
	client_expect(&client, "OK");
	assert_true(client_tls(&client, NULL, TLS1_3_VERSION, NULL, NULL));
	client_send(&client, "L\r\nECHO clean\r\n");
	client_expect(&client, "BAD");
	client_expect(&client, "clean");
	client_close(&client);
	assert_int_equal(atomic_load(&line.evil), 0);
	line_server_stop(&line, 5);
}

// Injected commands in separate packets may come before the reply is sent, and
// are dropped; or after it, and then the handshake fails. They are never
// executed.
static void test_starttls_injection_in_separate_packets(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct client client;
	unsigned whole = 0;
	line_server_start(&line, names);
	for (int i = 0; i < 40; i++) {
		client_open(&client, line.port);
		client_expect(&client, "HELLO");
		client_send(&client, "STARTTLS\r\n");
		if (i % 2)
			client_expect(&client, "OK");
		client_send(&client, "EVIL\r\n");
		client_send(&client, "EVIL\r\n");
		if (i % 2 == 0)
			client_expect(&client, "OK");
		bool up = client_tls(&client, NULL, TLS1_3_VERSION, NULL, NULL);
		if (i % 2)
			assert_false(up); // certainly after the reply
		if (up) {
			client_send(&client, "ECHO clean\r\n");
			client_expect(&client, "clean");
			whole++;
		}
		client_close(&client);
	}
	wait_for(&line.sessions, 0);
	assert_int_equal(atomic_load(&line.evil), 0);
	print_message("%u of 20 handshakes outlived the attack\n", whole);
	line_server_stop(&line, 5);
}

static void test_handshake_times_out(void **state)
{
	(void)state;
	struct line_server line = {.config = {.handshake_seconds = 1}};
	struct client client;
	line_server_start(&line, names);
	client_open(&client, line.tls_port);
	client_expect_end(&client);
	client_close(&client);
	line_server_stop(&line, 5);
}

static void test_garbage_instead_of_a_handshake(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct client client;
	line_server_start(&line, names);
	client_open(&client, line.tls_port);
	client_send(&client, "EVIL\r\nEVIL\r\n");
	char got[64];
	(void)client_line(&client, got, sizeof(got)); // an alert, or the end
	client_close(&client);
	assert_int_equal(atomic_load(&line.evil), 0);
	line_server_stop(&line, 5);
}

static void hex(const unsigned char *bytes, size_t len, char *to)
{
	for (size_t i = 0; i < len; i++)
		snprintf(to + 2 * i, 3, "%02x", bytes[i]);
}

// Both ends must have the same bindings.
static void check_bindings(
    struct line_server *line, int version, SSL_SESSION *session)
{
	struct client client;
	unsigned char raw[64];
	char want[256] = "exporter=";
	char text[2048];
	client_open(&client, line->tls_port);
	assert_true(client_tls(&client, NULL, version, session, NULL));
	client_expect(&client, "HELLO");
	client_send(&client, "INFO\r\n");
	assert_non_null(client_line(&client, text, sizeof(text)));
	// IANA's names, also under TLS 1.2.
	assert_non_null(strstr(text,
	    version == TLS1_3_VERSION ? "cipher=TLS_" : "cipher=TLS_ECDHE_"));
	assert_int_equal(SSL_export_keying_material(client.ssl, raw, 32,
			     "EXPORTER-Channel-Binding", 24, NULL, 0, 0),
	    1);
	hex(raw, 32, want + strlen(want));
	assert_non_null(strstr(text, want));
	size_t len = session ? SSL_get_peer_finished(client.ssl, raw, 64)
			     : SSL_get_finished(client.ssl, raw, 64);
	if (version == TLS1_3_VERSION)
		len = 0;
	snprintf(want, sizeof(want), " unique=");
	hex(raw, len, want + strlen(want));
	snprintf(want + strlen(want), 12, " end_point=");
	unsigned int hash_len;
	X509 *certificate = SSL_get1_peer_certificate(client.ssl);
	X509_digest(certificate, EVP_sha256(), raw, &hash_len);
	X509_free(certificate);
	hex(raw, hash_len, want + strlen(want));
	assert_non_null(strstr(text, want));
	client_close(&client);
}

static void test_channel_bindings_agree(void **state)
{
	(void)state;
	struct line_server line = {0};
	line_server_start(&line, names);
	check_bindings(&line, TLS1_3_VERSION, NULL);
	check_bindings(&line, TLS1_2_VERSION, NULL);
	SSL_SESSION *session = visit(&line, TLS1_2_VERSION, NULL, NULL, false);
	check_bindings(&line, TLS1_2_VERSION, session);
	SSL_SESSION_free(session);
	line_server_stop(&line, 5);
}

// The common name of the certificate that a client gets. `alpn` NULL: none is
// offered.
static void check_certificate(struct line_server *line, const char *name,
    int version, const char *alpn, const char *wanted)
{
	struct client client;
	char text[256];
	client_open(&client, line->tls_port);
	assert_true(client_tls(&client, name, version, NULL, alpn));
	X509 *certificate = SSL_get0_peer_certificate(client.ssl);
	X509_NAME_get_text_by_NID(X509_get_subject_name(certificate),
	    NID_commonName, text, sizeof(text));
	assert_string_equal(text, wanted);
	client_close(&client);
}

static void add(struct line_server *line, const char *name, bool damaged)
{
	char paths[2][256];
	struct buf mistakes;
	buf_init(&mistakes, 4096);
	line_paths(line, name, paths[0], paths[1], 256);
	const struct net_tls_pair pairs[] = {
	    {.certificate_path = paths[0], .key_path = paths[1]},
	    {.certificate_path = "/nowhere", .key_path = "/nowhere"}};
	assert_int_equal(
	    net_tls_add(line->tls, pairs, damaged ? 2 : 1, &mistakes),
	    damaged ? RC_INVALID : RC_OK);
	buf_done(&mistakes);
}

static void print_end(void *context, const char *name, int64_t end)
{
	buf_printf(context, "%s%s ", name,
	    end > clock_wall_seconds(NULL) ? "" : " has ended");
}

// What clients can get, by its first name.
static void check_ends(struct line_server *line, const char *wanted)
{
	struct buf out;
	buf_init(&out, 4096);
	net_tls_ends(line->tls, print_end, &out);
	assert_view_equal(buf_view(&out), view_of_string(wanted));
	buf_done(&out);
}

static void test_added_certificates_go_behind_the_configured(void **state)
{
	(void)state;
	struct line_server line = {0};
	line_server_start(&line, names);
	line_make_pair(&line, "new.example");
	const char *first = names[0];
	add(&line, "new.example", true); // the other one is damaged
	check_certificate(
	    &line, "new.example", TLS1_3_VERSION, NULL, "new.example");
	check_certificate(&line, first, TLS1_3_VERSION, NULL, first);
	check_certificate(&line, NULL, TLS1_3_VERSION, NULL, first);
	assert_true(net_tls_is_configured(line.tls, first));
	assert_false(net_tls_is_configured(line.tls, "new.example"));
	check_ends(
	    &line, "one.example two.example *.three.example new.example ");
	add(&line, first, false); // nobody gets this one
	check_ends(&line, "one.example two.example *.three.example ");
	add(&line, "new.example", true);
	// A reload of the configuration keeps them, and they need not be
	// readable any more.
	reload(&line, "one.example", RC_OK);
	check_certificate(
	    &line, "new.example", TLS1_3_VERSION, NULL, "new.example");
	line_server_stop(&line, 5);
}

static void test_added_certificates_go_before_a_stand_in(void **state)
{
	(void)state;
	struct line_server line = {0};
	char paths[2][256];
	struct buf mistakes;
	line_server_start(&line, names);
	line_make_pair(&line, "new.example");
	line_paths(&line, "one.example", paths[0], paths[1], 256);
	struct net_tls_pair pair = {.certificate_path = paths[0],
	    .key_path = paths[1],
	    .stand_in = true};
	struct net_tls_config config = {.pairs = &pair, .pair_count = 1};
	buf_init(&mistakes, 4096);
	assert_int_equal(net_tls_reload(line.tls, &config, &mistakes), RC_OK);
	buf_done(&mistakes);
	check_certificate(&line, NULL, TLS1_3_VERSION, NULL, "one.example");
	add(&line, "new.example", false);
	check_certificate(&line, NULL, TLS1_3_VERSION, NULL, "new.example");
	check_certificate(
	    &line, "one.example", TLS1_3_VERSION, NULL, "one.example");
	assert_false(net_tls_is_configured(line.tls, "one.example"));
	line_server_stop(&line, 5);
}

// RFC 8737 section 3: only who offers "acme-tls/1" alone and asks for the name
// gets the challenge's certificate; then the connection is closed.
static void test_challenge_is_answered_to_the_authority_only(void **state)
{
	(void)state;
	static const char protocol[] = "acme-tls/1";
	struct line_server line = {0};
	struct client client;
	char paths[2][256], bytes[8192];
	line_server_start(&line, names);
	line_make_pair(&line, "challenge.example");
	line_paths(&line, "challenge.example", paths[0], paths[1], 256);
	size_t len = 0;
	for (size_t i = 0; i < 2; i++) {
		FILE *file = fopen(paths[i], "re");
		assert_non_null(file);
		len += fread(bytes + len, 1, sizeof(bytes) - len, file);
		fclose(file);
	}
	assert_int_equal(
	    net_tls_challenge(line.tls, "one.example", VIEW("no PEM")),
	    RC_INVALID);
	assert_int_equal(
	    net_tls_challenge(line.tls, "one.example", view_of(bytes, len)),
	    RC_OK);
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		check_certificate(&line, "one.example", versions[i], protocol,
		    "challenge.example");
		check_certificate(
		    &line, "one.example", versions[i], NULL, "one.example");
		client_open(&client, line.tls_port);
		assert_true(client_tls(
		    &client, "One.Example", versions[i], NULL, protocol));
		client_expect_end(&client);
		client_close(&client);
		// Another name, and another protocol beside it.
		client_open(&client, line.tls_port);
		assert_false(client_tls(
		    &client, "two.example", versions[i], NULL, protocol));
		client_close(&client);
	}
	net_tls_challenges_end(line.tls);
	client_open(&client, line.tls_port);
	assert_false(
	    client_tls(&client, "one.example", TLS1_3_VERSION, NULL, protocol));
	client_close(&client);
	line_server_stop(&line, 5);
}

static void test_every_mistake_is_named(void **state)
{
	(void)state;
	struct line_server line = {0};
	char one[2][256];
	char two[2][256];
	line_server_start(&line, names);
	line_paths(&line, "one.example", one[0], one[1], 256);
	line_paths(&line, "two.example", two[0], two[1], 256);
	struct net_tls_pair pairs[] = {
	    {.certificate_path = "/nowhere.crt", .key_path = "/nowhere.key"},
	    // The key of another certificate.
	    {.certificate_path = one[0], .key_path = two[1]},
	    // The files are swapped.
	    {.certificate_path = one[1], .key_path = one[0]},
	};
	struct net_tls_config config = {.pairs = pairs, .pair_count = 3};
	struct buf mistakes;
	struct net_tls *tls = NULL;
	buf_init(&mistakes, 4096);
	assert_int_equal(net_tls_new(&config, &mistakes, &tls), RC_INVALID);
	assert_null(tls);
	buf_add_char(&mistakes, '\0');
	static const char *const wanted[] = {
	    "/nowhere.crt: cannot be opened: No such file",
	    "/nowhere.key: cannot be opened: No such file",
	    "two.example.key: is not the key of the certificate in",
	    "one.example.key: has no certificate in PEM form",
	    "one.example.crt: has no private key in PEM form",
	};
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		if (!strstr(mistakes.ptr, wanted[i]))
			fail_msg("missing: %s in\n%s", wanted[i], mistakes.ptr);
	buf_done(&mistakes);
	struct stat info;
	assert_int_equal(stat(one[1], &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	struct fault fault;
	const char *name = "x.example";
	assert_int_equal(
	    net_tls_self_signed(one[0], one[1], &name, 1, &fault), RC_EXISTS);
	line_server_stop(&line, 5);
}

static void test_slow_reader_under_tls(void **state)
{
	(void)state;
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	char got[128];
	char want[128];
	struct line_server line = {.config = {.threads = 1}};
	line_server_start(&line, names);
	for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
		struct client slow;
		struct client other;
		client_open(&slow, line.tls_port);
		assert_true(client_tls(&slow, NULL, versions[v], NULL, NULL));
		client_expect(&slow, "HELLO");
		client_send(&slow, "BIG 200000\r\nECHO end\r\n");
		client_open(&other, line.tls_port);
		assert_true(client_tls(&other, NULL, versions[v], NULL, NULL));
		client_expect(&other, "HELLO");
		for (int n = 200000; n > 0; n--) {
			snprintf(want, sizeof(want), "%062d", n);
			assert_non_null(client_line(&slow, got, sizeof(got)));
			assert_string_equal(got, want);
		}
		client_expect(&slow, "end");
		client_close(&other);
		client_close(&slow);
	}
	line_server_stop(&line, 5);
}

static void test_idle_tls_connections_keep_little(void **state)
{
	(void)state;
	enum { COUNT = 300 };
	struct line_server line = {0};
	struct client *clients = mem_alloc(COUNT * sizeof(*clients));
	line_server_start(&line, names);
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	// The memory that one such client needs, which is subtracted.
	struct mallinfo2 before = mallinfo2();
	for (int i = 0; i < COUNT; i++) {
		client_open(&clients[i], line.tls_port);
		clients[i].ssl = SSL_new(context);
		SSL_set_mode(clients[i].ssl, SSL_MODE_RELEASE_BUFFERS);
		SSL_set_fd(clients[i].ssl, clients[i].fd);
		assert_int_equal(SSL_connect(clients[i].ssl), 1);
		client_expect(&clients[i], "HELLO");
		client_send(&clients[i], "ECHO x\r\n");
		client_expect(&clients[i], "x");
	}
	struct mallinfo2 both = mallinfo2();
	for (int i = 0; i < COUNT; i++) {
		SSL_free(clients[i].ssl);
		clients[i].ssl = NULL;
	}
	struct mallinfo2 after = mallinfo2();
	print_message("%d idle TLS connections: %zu bytes each, of which the "
		      "client's end %zu\n",
	    COUNT, (both.uordblks - before.uordblks) / COUNT,
	    (both.uordblks - after.uordblks) / COUNT);
	assert_int_equal(net_server_stats(line.server).accepted, COUNT);
	for (int i = 0; i < COUNT; i++)
		client_close(&clients[i]);
	SSL_CTX_free(context);
	free(clients);
	line_server_stop(&line, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_certificate_is_chosen_by_name),
	    cmocka_unit_test(test_old_versions_are_refused),
	    cmocka_unit_test(test_alpn_is_accepted_or_fatal),
	    cmocka_unit_test(test_sessions_resume),
	    cmocka_unit_test(test_reload_keeps_connections),
	    cmocka_unit_test(test_starttls),
	    cmocka_unit_test(test_starttls_injection_in_one_packet),
	    cmocka_unit_test(test_starttls_injection_before_the_reply),
	    cmocka_unit_test(test_starttls_injection_in_separate_packets),
	    cmocka_unit_test(test_handshake_times_out),
	    cmocka_unit_test(test_garbage_instead_of_a_handshake),
	    cmocka_unit_test(test_channel_bindings_agree),
	    cmocka_unit_test(test_added_certificates_go_behind_the_configured),
	    cmocka_unit_test(test_added_certificates_go_before_a_stand_in),
	    cmocka_unit_test(test_challenge_is_answered_to_the_authority_only),
	    cmocka_unit_test(test_every_mistake_is_named),
	    cmocka_unit_test(test_slow_reader_under_tls),
	    cmocka_unit_test(test_idle_tls_connections_keep_little),
	};
	return cmocka_run_group_tests_name("net_tls", tests, NULL, NULL);
}
