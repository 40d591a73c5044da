// SPDX-License-Identifier: Apache-2.0
// The server's TLS: certificates chosen by the name that a client asks for
// (SNI, RFC 6066 section 3), TLS 1.2 and newer, session tickets whose keys
// rotate. Certificates can be reloaded while there are connections: each
// connection keeps the set with which it began.
#ifndef ROOST_NET_TLS_H
#define ROOST_NET_TLS_H

#include "base/buf.h"
#include "base/log.h"

// Two PEM files: the certificate with its chain, leaf first, and its private
// key.
struct net_tls_pair {
	const char *certificate_path;
	const char *key_path;
	// A certificate that nobody asked for, such as a self-signed one:
	// those of net_tls_add() go before it.
	bool stand_in;
};

struct net_tls_config {
	// The first pair is used for clients that ask for no name, or for a
	// name that no certificate has. If two pairs have the same names and
	// different kinds of keys (RSA, ECDSA), both are offered under these
	// names.
	const struct net_tls_pair *pairs;
	size_t pair_count;       // at least 1
	uint32_t ticket_seconds; // lifetime of a ticket key; 0: 12 hours
	struct log *log;         // may be NULL
};

// Checks a pair before it is used. `mistakes` gets one line, "file: reason",
// for each problem. RC_INVALID when the pair cannot be used. Wrong dates, about
// which every client will complain, are listed too, but do not make it invalid.
// *ret_named says whether the certificate is for the host `name`.
MUST_CHECK enum rc net_tls_examine(const struct net_tls_pair *pair,
    const char *name, struct buf *mistakes, bool *ret_named);

struct net_tls;

// Reads all certificates. It does not stop at the first mistake: `mistakes`
// gets one line for each, "file: reason\n", and then the result is RC_INVALID.
// Expired certificates are used, with a warning in the log.
MUST_CHECK enum rc net_tls_new(const struct net_tls_config *config,
    struct buf *mistakes, struct net_tls **ret_tls);
// Call it after every server that uses it is freed.
void net_tls_free(struct net_tls **tls);

// Reads the pairs again (their files may have other names) and uses them for
// new connections. Tickets stay valid. After a mistake everything stays as it
// was. May be called on any thread.
MUST_CHECK enum rc net_tls_reload(struct net_tls *tls,
    const struct net_tls_config *config, struct buf *mistakes);

// Whether a certificate is for this host: a DNS name in lower case. May be
// called on any thread.
bool net_tls_is_for(struct net_tls *tls, struct view name);

// Signs `content` with the certificate that clients get who ask for `name`:
// adds a CMS signature (RFC 5652) in DER form, with the content and the chain
// in it. RC_NOT_FOUND: there is no certificate for that name, or only a
// self-signed one, with which a signature would show nothing. RC_IO: OpenSSL
// fails.
MUST_CHECK enum rc net_tls_sign(struct net_tls *tls, struct view name,
    struct view content, struct buf *ret_signed);

// Certificates beside those of the configuration, which go before them for
// their names, except for stand-ins. They replace those of the last such call;
// the others are not read again. RC_INVALID: one or more cannot be used; the
// others are.
MUST_CHECK enum rc net_tls_add(struct net_tls *tls,
    const struct net_tls_pair *pairs, size_t count, struct buf *mistakes);

// Whether the configuration has a certificate for the name, stand-ins apart.
bool net_tls_is_configured(struct net_tls *tls, const char *name);
// Calls `each` with every certificate of the configuration in PEM form, without
// its chain. `each` must not call this room.
void net_tls_configured(struct net_tls *tls,
    void (*each)(
	void *context, const char *path, bool stand_in, struct view pem),
    void *context);

// Calls `each` with every certificate that clients get who ask for one of its
// names: the first such name, and when the certificate ends, in seconds since
// 1970. May be called on any thread.
void net_tls_ends(struct net_tls *tls,
    void (*each)(void *context, const char *name, int64_t end), void *context);

// Answers a certificate authority that checks `name` by tls-alpn-01 (RFC 8737),
// on all listeners with TLS, until the challenges end. `pem` has a certificate
// made for this, and its key. Other clients do not see it. After such a
// handshake the connection is closed. RC_INVALID: `pem` cannot be used.
MUST_CHECK enum rc net_tls_challenge(
    struct net_tls *tls, const char *name, struct view pem);
void net_tls_challenges_end(struct net_tls *tls);

// Makes a self-signed ECDSA P-256 certificate for `names` (DNS names or numeric
// addresses, at least one) that is valid for 820 days. The key file has mode
// 0600. An existing file is never overwritten: RC_EXISTS.
MUST_CHECK enum rc net_tls_self_signed(const char *certificate_path,
    const char *key_path, const char *const *names, size_t name_count,
    struct fault *fault);

#endif
