// SPDX-License-Identifier: Apache-2.0
// What mail programs can reach on a server: the one table from which SRV
// records, autoconfig, Autodiscover and profiles are written.
//
// The same for every service: the user's name is the full address (log-in
// accepts each address that a user has, see route_login_name()), and the
// password goes in clear text inside TLS (PLAIN, LOGIN, USER). SCRAM works too,
// but none of the formats has a word for it.
#ifndef ROOST_SETUP_SERVICES_H
#define ROOST_SETUP_SERVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum service_protocol {
	SERVICE_PROTOCOL_IMAP,
	SERVICE_PROTOCOL_POP3,
	SERVICE_PROTOCOL_SMTP, // submission
	SERVICE_PROTOCOL_HTTP,
};

// Identifier, name in DNS (RFC 6186 section 3, RFC 8314 section 5.1; Microsoft
// for the last one), registered port, protocol, whether TLS begins at once
// (else by STARTTLS), what it is. The best of each protocol comes first:
// implicit TLS (RFC 8314 section 3).
#define SERVICE_TABLE(X)                                                       \
	X(SERVICE_IMAPS, "_imaps._tcp", 993, SERVICE_PROTOCOL_IMAP, true,      \
	    "IMAP with TLS")                                                   \
	X(SERVICE_IMAP, "_imap._tcp", 143, SERVICE_PROTOCOL_IMAP, false,       \
	    "IMAP with STARTTLS")                                              \
	X(SERVICE_POP3S, "_pop3s._tcp", 995, SERVICE_PROTOCOL_POP3, true,      \
	    "POP3 with TLS")                                                   \
	X(SERVICE_POP3, "_pop3._tcp", 110, SERVICE_PROTOCOL_POP3, false,       \
	    "POP3 with STARTTLS")                                              \
	X(SERVICE_SUBMISSIONS, "_submissions._tcp", 465,                       \
	    SERVICE_PROTOCOL_SMTP, true, "sending with TLS")                   \
	X(SERVICE_SUBMISSION, "_submission._tcp", 587, SERVICE_PROTOCOL_SMTP,  \
	    false, "sending with STARTTLS")                                    \
	X(SERVICE_AUTODISCOVER, "_autodiscover._tcp", 443,                     \
	    SERVICE_PROTOCOL_HTTP, true,                                       \
	    "Autodiscover (settings for Outlook)")

enum mail_service {
#define X(name, dns, port, protocol, implicit, text) name,
	SERVICE_TABLE(X)
#undef X
	    MAIL_SERVICES
};

struct mail_services {
	// The port at which other machines reach the service; 0: there is none.
	uint16_t ports[MAIL_SERVICES];
};

// A row of the table above.
struct service_info {
	const char *dns_name;
	const char *text;
	uint16_t registered_port;
	enum service_protocol protocol;
	bool implicit_tls;
};
const struct service_info *service_info(enum mail_service service);

// The first service of the protocol from `from` on that is served;
// MAIL_SERVICES: there is none. Begin with 0, and go on with one more than the
// last result: the order is that of preference.
enum mail_service mail_services_next(const struct mail_services *services,
    enum service_protocol protocol, enum mail_service from);

#endif
