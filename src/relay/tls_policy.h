// SPDX-License-Identifier: Apache-2.0
// What is asked of TLS with a next hop. Places for DANE (RFC 7672) and MTA-STS
// (RFC 8461) are here: they make a hop REQUIRED, or pin its certificate.
#ifndef ROOST_RELAY_TLS_POLICY_H
#define ROOST_RELAY_TLS_POLICY_H

enum relay_tls {
	RELAY_TLS_DEFAULT,
	RELAY_TLS_NONE,          // never
	RELAY_TLS_OPPORTUNISTIC, // when offered, whatever the certificate says
	RELAY_TLS_REQUIRED,      // a verified certificate, or nothing is sent
};

#endif
