// SPDX-License-Identifier: Apache-2.0
// The services that mail programs find by SRV records (RFC 6186 section 3, RFC
// 8314 section 5.1), and the ports on which a server offers them.
#ifndef ROOST_ADMIN_SERVICES_H
#define ROOST_ADMIN_SERVICES_H

#include <stdint.h>

// Identifier, name in DNS, registered port, what it is.
#define SERVICE_TABLE(X)                                                       \
	X(SERVICE_IMAPS, "_imaps._tcp", 993, "IMAP with TLS")                  \
	X(SERVICE_IMAP, "_imap._tcp", 143, "IMAP with STARTTLS")               \
	X(SERVICE_POP3S, "_pop3s._tcp", 995, "POP3 with TLS")                  \
	X(SERVICE_POP3, "_pop3._tcp", 110, "POP3 with STARTTLS")               \
	X(SERVICE_SUBMISSIONS, "_submissions._tcp", 465, "sending with TLS")   \
	X(SERVICE_SUBMISSION, "_submission._tcp", 587, "sending with STARTTLS")

enum mail_service {
#define X(name, dns, port, text) name,
	SERVICE_TABLE(X)
#undef X
	    MAIL_SERVICES
};

struct mail_services {
	// The port at which other machines reach the service; 0: there is none.
	uint16_t ports[MAIL_SERVICES];
};

#endif
