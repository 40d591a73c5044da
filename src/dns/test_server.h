// SPDX-License-Identifier: Apache-2.0
// A DNS server for tests: answers by a table, over UDP and TCP, on a loopback
// address and a port of its own.
#ifndef ROOST_DNS_TEST_SERVER_H
#define ROOST_DNS_TEST_SERVER_H

#include "dns/dns.h"

enum dns_test_how {
	DNS_TEST_ANSWER,
	DNS_TEST_NO_NAME,
	DNS_TEST_SERVFAIL,
	DNS_TEST_REFUSED,
	DNS_TEST_SILENT,    // no answer ever comes
	DNS_TEST_TRUNCATED, // over UDP; over TCP it is answered
	DNS_TEST_RAW,       // `data` is the rdata in hexadecimal
};

// `data` as a zone has it: "10 mx.example.org", "192.0.2.1", "text". A name may
// stand in several rows. A name without a row of the type asked for has no
// data; one without any row does not exist.
struct dns_test_row {
	const char *name;
	enum dns_type type;
	const char *data;
	enum dns_test_how how;
};

struct dns_test_server;

struct dns_test_server *dns_test_server_new(
    const struct dns_test_row *rows, size_t count);
// "127.0.0.1@port"; as long as the server lives.
const char *dns_test_server_address(const struct dns_test_server *server);
// Questions so far, those asked again too.
unsigned dns_test_server_asked(struct dns_test_server *server);
void dns_test_server_free(struct dns_test_server **server);

#endif
