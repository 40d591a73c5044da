// SPDX-License-Identifier: Apache-2.0
// What TLS a next hop needs. DANE (RFC 7672) and MTA-STS (RFC 8461) would
// belong here: they would make a hop REQUIRED or pin its certificate.
#ifndef ROOST_RELAY_TLS_POLICY_H
#define ROOST_RELAY_TLS_POLICY_H

enum relay_tls {
	RELAY_TLS_DEFAULT,
	RELAY_TLS_NONE,          // no TLS
	RELAY_TLS_OPPORTUNISTIC, // if offered; the certificate does not matter
	RELAY_TLS_REQUIRED, // a verified certificate; otherwise nothing is sent
};

#endif
