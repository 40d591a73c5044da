// SPDX-License-Identifier: Apache-2.0
// What can be wrong with a mail server, or with what a user typed: one table,
// with a sentence for users and a mend for each. The identifiers do not change:
// translations and programs refer to them.
#ifndef ROOST_PROBE_CAUSE_H
#define ROOST_PROBE_CAUSE_H

#include "base/buf.h"

// What has to be changed, or that nothing has.
#define PROBE_PART_TABLE(X)                                                    \
	X(PROBE_PART_NONE, "none")                                             \
	X(PROBE_PART_ADDRESS, "address")                                       \
	X(PROBE_PART_NAME, "server-name")                                      \
	X(PROBE_PART_PORT, "port")                                             \
	X(PROBE_PART_ENCRYPTION, "encryption")                                 \
	X(PROBE_PART_CERTIFICATE, "certificate")                               \
	X(PROBE_PART_PASSWORD, "password")                                     \
	X(PROBE_PART_NETWORK, "network")                                       \
	X(PROBE_PART_SERVER, "server")

enum probe_part {
#define X(name, id) name,
	PROBE_PART_TABLE(X)
#undef X
};

enum probe_severity {
	PROBE_GOOD,
	PROBE_DOUBT, // it works, but not for everybody, or not always
	PROBE_FAULT,
};

// Identifier in C, identifier for others, part, severity, sentence, mend. The
// words in braces are those of struct probe_words.
// clang-format off
#define PROBE_CAUSE_TABLE(X)                                                   \
X(PROBE_OK, "ok", NONE, GOOD, "This works.", "")                               \
X(PROBE_BAD_ADDRESS, "bad-address", ADDRESS, FAULT,                            \
  "{detail} is not a mail address.",                                           \
  "Type the whole address, such as anna@example.org.")                         \
X(PROBE_NO_DOMAIN, "no-domain", ADDRESS, FAULT,                                \
  "There is no domain {host}.",                                                \
  "Look for a typing mistake in the part of the address after the @.")         \
X(PROBE_NOTHING_FOUND, "nothing-found", NAME, FAULT,                           \
  "No mail server for {host} was found: it publishes no settings, and the "    \
  "usual names lead nowhere.",                                                 \
  "Ask your mail provider for the server's name, and give it.")                \
X(PROBE_NO_NAME, "no-name", NAME, FAULT,                                       \
  "There is no server named {host}.",                                          \
  "Check the server's name for typing mistakes.")                              \
X(PROBE_NO_ADDRESS, "no-address", NAME, FAULT,                                 \
  "The name {host} exists, but no server has it.",                             \
  "Check the server's name; its owner has to give it an A or AAAA record.")    \
X(PROBE_PRIVATE_ADDRESS, "private-address", NAME, FAULT,                       \
  "{host} is at {detail}, an address of a private network or of this "         \
  "machine. The domain of a stranger may not lead there.",                     \
  "If the server is in your own network, say so: --private, or --server "      \
  "{host}")                                                                    \
X(PROBE_NO_DNS, "no-dns", NETWORK, FAULT,                                      \
  "The address of {host} could not be looked up: {detail}.",                   \
  "Check this machine's connection to the Internet and its DNS resolver.")     \
X(PROBE_REFUSED, "refused", PORT, FAULT,                                       \
  "{host} is there, but nothing listens at port {port}.",                      \
  "Check the port number; perhaps the server's program is not running.")       \
X(PROBE_SILENT, "silent", NETWORK, FAULT,                                      \
  "{host} does not answer at port {port}.",                                    \
  "A firewall drops the connection, here, on the way or at the server, or the "\
  "server is off: allow the port, or try from another network.")               \
X(PROBE_UNREACHABLE, "unreachable", NETWORK, FAULT,                            \
  "There is no way from here to {host}: {detail}.",                            \
  "Check this machine's network, and the server's address.")                   \
X(PROBE_IPV6_BROKEN, "ipv6-broken", NETWORK, DOUBT,                            \
  "{host} is reached by IPv4, but not by its IPv6 address {detail}.",          \
  "Mend the server's IPv6, or remove its AAAA record: mail programs that try " \
  "IPv6 first wait or fail.")                                                  \
X(PROBE_IPV4_BROKEN, "ipv4-broken", NETWORK, DOUBT,                            \
  "{host} is reached by IPv6, but not by its IPv4 address {detail}.",          \
  "Mend the server's IPv4, or remove its A record.")                           \
X(PROBE_FROM_INSIDE, "from-inside", NETWORK, DOUBT,                            \
  "The server itself does not reach port {port} of {host} at its address "     \
  "{detail}, so the port was tested from inside.",                             \
  "Behind a router this is usual. Otherwise the address in DNS is wrong, or a "\
  "firewall is in the way: try from another network.")                         \
X(PROBE_NOT_TLS, "not-tls", ENCRYPTION, FAULT,                                 \
  "Port {port} of {host} does not begin with TLS.",                            \
  "Choose STARTTLS for this port, or the port for TLS.")                       \
X(PROBE_NOT_STARTTLS, "not-starttls", ENCRYPTION, FAULT,                       \
  "Port {port} of {host} expects TLS from the first byte, not STARTTLS.",      \
  "Choose TLS (also called SSL/TLS) for this port, or the port for STARTTLS.") \
X(PROBE_NO_ENCRYPTION, "no-encryption", ENCRYPTION, FAULT,                     \
  "{host} offers no encryption at port {port}.",                               \
  "Use another port. Do not send a password here: everybody on the way could " \
  "read it. The server's owner has to switch on TLS.")                         \
X(PROBE_STARTTLS_REFUSED, "starttls-refused", ENCRYPTION, FAULT,               \
  "{host} offers STARTTLS at port {port}, but refuses it: {detail}",           \
  "The server's owner has to look at its certificate and its log.")            \
X(PROBE_TLS_FAILED, "tls-failed", ENCRYPTION, FAULT,                           \
  "No encrypted connection with {host} at port {port} could be made: "         \
  "{detail}.",                                                                 \
  "The server needs TLS 1.2 or newer and a certificate that it can read.")     \
X(PROBE_NO_GREETING, "no-greeting", SERVER, FAULT,                             \
  "{host} took the connection at port {port}, but said nothing for {detail} "  \
  "seconds.",                                                                  \
  "The server is overloaded or hangs, or something else listens there. Try "   \
  "again later; its owner has to look at its log.")                            \
X(PROBE_SLOW, "slow", SERVER, DOUBT,                                           \
  "{host} took {detail} seconds to greet at port {port}.",                     \
  "Mail programs may give up: the server is overloaded, or waits for DNS or "  \
  "for a delay that its owner set.")                                           \
X(PROBE_NO_ANSWER, "no-answer", SERVER, FAULT,                                 \
  "{host} greeted at port {port}, but then did not answer for {detail} "       \
  "seconds.",                                                                  \
  "The server is overloaded or hangs: its owner has to look at its log.")      \
X(PROBE_WRONG_PROTOCOL, "wrong-protocol", PORT, FAULT,                         \
  "At port {port} of {host} there is no {protocol} server: it says "           \
  "\"{detail}\".",                                                             \
  "Check the port number.")                                                    \
X(PROBE_TURNED_AWAY, "turned-away", SERVER, FAULT,                             \
  "{host} turned the connection at port {port} away: {detail}",                \
  "Wait a while and try again; too many connections may come from your "       \
  "network, or it may be blocked.")                                            \
X(PROBE_HUNG_UP, "hung-up", SERVER, FAULT,                                     \
  "{host} closed the connection at port {port} in the middle.",                \
  "The server's owner finds the reason in its log.")                           \
X(PROBE_NONSENSE, "nonsense", SERVER, FAULT,                                   \
  "{host} gave an answer at port {port} that is not {protocol}: \"{detail}\".",\
  "Check the port number; its owner has to look at the server.")               \
X(PROBE_EXPIRED, "certificate-expired", CERTIFICATE, FAULT,                    \
  "The certificate of {host} expired on {detail}.",                            \
  "The server's owner has to renew it. If that was done, the server has to "   \
  "be told to read it again.")                                                 \
X(PROBE_NOT_YET, "certificate-not-yet", CERTIFICATE, FAULT,                    \
  "The certificate of {host} is not valid before {detail}.",                   \
  "Check the clock of this machine and of the server.")                        \
X(PROBE_SELF_SIGNED, "certificate-self-signed", CERTIFICATE, FAULT,            \
  "The certificate of {host} is self-signed: nobody vouches for it.",          \
  "The server's owner has to get one from an authority, such as Let's "        \
  "Encrypt.")                                                                  \
X(PROBE_UNKNOWN_ISSUER, "certificate-unknown-issuer", CERTIFICATE, FAULT,      \
  "The certificate of {host} was issued by {detail}, for whom no trusted "     \
  "authority vouches.",                                                        \
  "The server has to send the whole chain (the file is often called "          \
  "fullchain.pem); or its authority must be trusted on this machine.")         \
X(PROBE_CHAIN_EXPIRED, "certificate-chain-expired", CERTIFICATE, FAULT,        \
  "{host} sends an expired certificate of its authority {detail}.",            \
  "The server's owner has to replace the chain that is sent.")                 \
X(PROBE_WRONG_NAME, "certificate-wrong-name", CERTIFICATE, FAULT,              \
  "The certificate of {host} is for other names: {detail}.",                   \
  "Use one of these names as the server's name, if it is your provider's; or " \
  "the server's owner has to get a certificate with the name {host}.")         \
X(PROBE_BAD_CERTIFICATE, "certificate-bad", CERTIFICATE, FAULT,                \
  "The certificate of {host} cannot be verified: {detail}.",                   \
  "The server's owner has to replace it.")                                     \
X(PROBE_LOGIN_NEEDS_TLS, "login-needs-tls", ENCRYPTION, FAULT,                 \
  "{host} takes no password at port {port} without encryption, and offers no " \
  "encryption there.",                                                         \
  "Use another port; the server's owner has to switch on TLS.")                \
X(PROBE_NO_LOGIN, "no-login", PORT, FAULT,                                     \
  "Nobody can log in at port {port} of {host}.",                               \
  "Use port 465 or 587 for sending: port 25 is for other servers.")            \
X(PROBE_NO_MECHANISM, "no-mechanism", SERVER, FAULT,                           \
  "{host} takes no passwords at port {port}, only: {detail}.",                 \
  "Your mail program has to log in another way (OAuth2, Kerberos or a "        \
  "certificate); perhaps the provider gives out an application's password.")   \
X(PROBE_WITHHELD, "password-withheld", CERTIFICATE, DOUBT,                     \
  "The password was not sent to {host}, because it is not certain who would "  \
  "get it.",                                                                   \
  "Mend the certificate first. --insecure sends the password nevertheless.")   \
X(PROBE_NOT_VOUCHED, "server-not-proven", NAME, DOUBT,                         \
  "It is not certain that {host} is a server of your provider: it was named "  \
  "by {detail}, where anybody on the way can change it. It got no password.",  \
  "Ask your provider. If the name is right, give it: --server {host}")         \
X(PROBE_WRONG_PASSWORD, "wrong-password", PASSWORD, FAULT,                     \
  "{host} does not accept this name and password: {detail}",                   \
  "Type the password again. Many servers say the same when the account is "    \
  "disabled, or for a while after several wrong passwords.")                   \
X(PROBE_DISABLED, "disabled", PASSWORD, FAULT,                                 \
  "The account is disabled or its password has expired: {detail}",             \
  "Ask your provider.")                                                        \
X(PROBE_LIMITED, "limited", PASSWORD, FAULT,                                   \
  "{host} accepts no log-ins from here for a while: {detail}",                 \
  "There were too many attempts. Wait a quarter of an hour, then check every " \
  "device that uses an old password.")                                         \
X(PROBE_LOGIN_TROUBLE, "login-trouble", SERVER, FAULT,                         \
  "{host} cannot check passwords now: {detail}",                               \
  "The trouble is the server's. Try again later; its owner finds the reason "  \
  "in its log.")                                                               \
X(PROBE_FALSE_SERVER, "false-server", SERVER, FAULT,                           \
  "{host} could not prove that it knows the password.",                        \
  "Send no password there: somebody else may answer in its place.")            \
X(PROBE_NO_MAILBOX, "no-mailbox", SERVER, FAULT,                               \
  "The log-in at {host} works, but the inbox cannot be opened: {detail}",      \
  "The server's owner finds the reason in its log.")                           \
X(PROBE_SENDER_REFUSED, "sender-refused", ADDRESS, FAULT,                      \
  "The log-in at {host} works, but it does not let you send as this address: " \
  "{detail}",                                                                  \
  "Check the address. Its owner has to be the user who logs in.")              \
X(PROBE_TIME_OVER, "time-over", NETWORK, FAULT,                                \
  "There was no time left to try {host} at port {port}.",                      \
  "Give more time (--seconds), or the server's name (--server).")              \
X(PROBE_STOPPED, "stopped", NONE, FAULT, "The test was stopped.", "Run it again.")
// clang-format on

enum probe_cause {
#define X(name, id, part, severity, sentence, mend) name,
	PROBE_CAUSE_TABLE(X)
#undef X
	    PROBE_CAUSES
};

struct probe_words {
	const char *host;
	const char *protocol;
	uint16_t port;
	const char *detail;
};

const char *probe_cause_id(enum probe_cause cause); // static
const char *probe_part_id(enum probe_part part);
enum probe_part probe_cause_part(enum probe_cause cause);
enum probe_severity probe_cause_severity(enum probe_cause cause);
// The sentences in English, with the words filled in.
void probe_cause_sentence(
    enum probe_cause cause, const struct probe_words *words, struct buf *out);
void probe_cause_mend(
    enum probe_cause cause, const struct probe_words *words, struct buf *out);
// Fills the words into a template of a translation.
void probe_fill(
    const char *template, const struct probe_words *words, struct buf *out);

#endif
