// SPDX-License-Identifier: Apache-2.0
// A DNS server for tests. It answers from a table, over UDP and TCP, on a
// loopback address with its own port.
#ifndef ROOST_DNS_TEST_SERVER_H
#define ROOST_DNS_TEST_SERVER_H

#include "dns/dns.h"

enum dns_test_how {
	DNS_TEST_ANSWER,
	DNS_TEST_NO_NAME,
	DNS_TEST_SERVFAIL,
	DNS_TEST_REFUSED,
	DNS_TEST_SILENT,    // never answers
	DNS_TEST_TRUNCATED, // truncates over UDP, answers over TCP
	DNS_TEST_RAW,       // `data` is the rdata, in hexadecimal
};

// `data` is written as in a zone: "10 mx.example.org", "192.0.2.1", "text".
// Several rows may have the same name. If a name has rows, but none of the type
// in the question, the answer is that there is no data. A name without any row
// does not exist.
struct dns_test_row {
	const char *name;
	enum dns_type type;
	const char *data;
	enum dns_test_how how;
};

struct dns_test_server;

struct dns_test_server *dns_test_server_new(
    const struct dns_test_row *rows, size_t count);
// "127.0.0.1@port"; valid as long as the server.
const char *dns_test_server_address(const struct dns_test_server *server);
// The number of questions so far, including repeated ones.
unsigned dns_test_server_asked(struct dns_test_server *server);
void dns_test_server_free(struct dns_test_server **server);

#endif
