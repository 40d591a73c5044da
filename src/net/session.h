// SPDX-License-Identifier: Apache-2.0
// The contract between a protocol session and the network: bytes in, bytes out,
// and what should happen next. A session knows no socket and no TLS. The
// network does not know what the bytes mean. Tests and fuzzers use a session
// through these same calls.
#ifndef ROOST_NET_SESSION_H
#define ROOST_NET_SESSION_H

#include "base/buf.h"

// What the session waits for after a call.
enum net_next {
	// Call input() when there is more input, or wake() after a wake.
	NET_READ,
	// The session has more to say. Call resume() when `out` is sent; if
	// there is nothing to send, when others have had their turn.
	NET_DRAIN,
	// Send `out`, drop unread input, and begin the TLS handshake: as the
	// server on an accepted connection, as the client on an outgoing one
	// (connect.h).
	NET_START_TLS,
	// Send `out`, then use raw DEFLATE in both directions (RFC 4978).
	NET_COMPRESS,
	// Send `out`, then close.
	NET_CLOSE,
	// Send `out`, read nothing, and call resume() after pause_ms().
	NET_PAUSE,
	// Send `out`, and call wake() after the waker was called. What the peer
	// says meanwhile is kept for input(), up to NET_WAIT_MAX bytes; the
	// rest stays in the kernel.
	NET_WAIT,
};

// A session that could produce more output returns NET_DRAIN when `out` holds
// this much. `out` accepts NET_OUTPUT_MAX bytes at most; if the session adds
// more, the connection is cut off.
#define NET_OUTPUT_HIGH ((size_t)128 * 1024)
#define NET_OUTPUT_MAX  ((size_t)64 * 1024 * 1024)

// A session may leave at most this many bytes unread; otherwise the connection
// is cut off. A session answers an overlong line itself, long before.
#define NET_INPUT_MAX ((size_t)1024 * 1024)

// While a session waits (NET_WAIT), at most this much is read ahead. So a
// stranger who has to wait costs no more memory than this. A peer that sends
// more is not cut off.
#define NET_WAIT_MAX ((size_t)16 * 1024)

// With a waker another thread asks that the session's wake() be called soon.
// This is cheap, and allowed on any thread with any lock held. Several wakes
// close together may lead to a single call. Valid until the session's free()
// returns.
//
// cut() ends the connection soon, without last words, whatever it is doing: it
// is for a peer that does not read. It may be called like wake().
struct net_waker {
	void (*wake)(void *context);
	void *context;
	void (*cut)(void *context); // NULL in tests
};

#define NET_BINDING_MAX 64
#define NET_VERIFY_MAX  160

// The TLS connection of a session. Valid during the call that gets it, so a
// session copies what it needs later. A binding that does not exist on this
// connection, or that is not safe on it, has length 0.
struct net_tls_info {
	char version[16];      // "TLSv1.3"
	char cipher[64];       // "TLS_AES_256_GCM_SHA384"
	char server_name[256]; // the SNI that the client sent, or ""
	char protocol[32];     // that ALPN chose ("h2"), or ""
	// For a client: whether the certificate leads to a trusted authority
	// and contains the server's name. If not, the reason ("self-signed
	// certificate").
	bool verified;
	char unverified[NET_VERIFY_MAX];
	// For a client, and for certificate.h only: the peer's certificate,
	// valid during the call, and OpenSSL's verdict.
	const void *peer_certificate;
	int verdict;
	// Channel bindings: RFC 9266 tls-exporter, and RFC 5929 tls-unique
	// (length 0 under TLS 1.3) and tls-server-end-point.
	unsigned char exporter[NET_BINDING_MAX];
	size_t exporter_len;
	unsigned char unique[NET_BINDING_MAX];
	size_t unique_len;
	unsigned char end_point[NET_BINDING_MAX];
	size_t end_point_len;
};

// How a connection ended.
enum net_end {
	NET_END_CLOSED, // the session said NET_CLOSE
	NET_END_PEER,   // the peer closed
	NET_END_LOST,   // reset by the peer, or cut off because it broke a rule
	NET_END_TIMEOUT, // the peer, or the attempt to connect, took too long
	NET_END_TLS,     // the TLS handshake failed
	NET_END_REFUSED, // the connection could not be made
	NET_END_STOPPED, // the server is stopping
};

// Receives the lines of the connections of users who are being traced.
// Passwords and SASL data are replaced before, and messages are left out.
// Called on any thread.
struct net_trace {
	// Whether `user` is being traced now. Cheap, because it is called for
	// every command. The empty name: nobody has logged in yet.
	bool (*wants)(void *context, struct view user);
	// One line, without its line end. `from_client` says which side sent
	// it.
	void (*line)(void *context, uint64_t session_id, struct view user,
	    bool from_client, struct view line);
	void *context;
};

// The other end of the connection. Addresses are text without the port. On a
// Unix socket both addresses are "unix" and the ports 0.
struct net_peer {
	char address[64];
	uint16_t port;
	char local_address[64];
	uint16_t local_port;
	uint64_t session_id; // unique in this process, for the log
};

// How long a session should work in one call. Other sessions wait for the
// thread meanwhile. If it has more to do, it keeps its place and returns
// NET_DRAIN; its resume() is called when its turn comes again.
#define NET_SLICE_MS 10

// The functions of one protocol. Two of them never run at the same time for one
// session, but each call may come on another thread. They may wait for the
// disk, but never for the network.
struct net_session_ops {
	const char *protocol; // "imap", for the log

	// The connection is up; `tls` is NULL on a plain one. The session
	// greets. This is always the first call, and it is made only once.
	enum net_next (*start)(
	    void *session, const struct net_tls_info *tls, struct buf *out);
	// `in` is all unread input. The session consumes the first
	// *ret_consumed bytes. The rest comes again with the next call; it may
	// be at most NET_INPUT_MAX bytes. After NET_READ it is called again
	// when there is more than the session left, or after a wake(). It is
	// never called while `out` holds NET_OUTPUT_HIGH bytes or more that the
	// peer has not accepted.
	//
	// When an outgoing connection breaks while it sends, also in the middle
	// of a NET_DRAIN, input() gets what the peer said before, which is
	// probably a refusal. The session's answer is not sent then, and the
	// end follows.
	enum net_next (*input)(void *session, struct view in, struct buf *out,
	    size_t *ret_consumed);
	// After NET_DRAIN: `out` has been sent. After NET_PAUSE: the pause is
	// over. If it returns NET_READ, the input that input() left is given
	// again at once.
	enum net_next (*resume)(void *session, struct buf *out);
	// Somebody called the waker, or wake_ms() is over. It is called only
	// when input() could be called, and in a NET_WAIT. So it is never
	// called before start() or in the middle of a NET_DRAIN or NET_PAUSE.
	// It may come late, when nobody waits for it any more. If it returns
	// NET_READ, the input that input() left, or that came in a NET_WAIT, is
	// given at once.
	enum net_next (*wake)(void *session, struct buf *out);
	// After NET_START_TLS: the handshake is done. All unread input has been
	// dropped; the session must also drop what it holds itself.
	enum net_next (*tls_started)(
	    void *session, const struct net_tls_info *tls, struct buf *out);
	// The seconds without input after which timed_out() is called; 0:
	// never. Asked after each call. The time begins again with input, and
	// with output that is still being sent, but not with a wake. In a
	// NET_WAIT it is the longest time to wait, counted from the call that
	// returned NET_WAIT, whatever the peer says; if the peer closes its
	// side meanwhile, the connection ends. On an outgoing connection the
	// time counts from the last input or output, because it is the peer's
	// time to answer.
	uint32_t (*timeout)(const void *session);
	// A moment (clock_monotonic_ms()) at which the connection ends as at
	// the end of timeout(), whatever the peer sends or reads until then; 0:
	// there is none. A peer that takes single bytes slowly has no other
	// limit. Asked after each call, and for the last words, too. NULL:
	// there is none.
	uint64_t (*end_ms)(const void *session);
	// A moment (clock_monotonic_ms()) at which wake() is called as if the
	// waker had been; 0: there is none. It may come up to a quarter of a
	// second late. Asked after each call, so a moment that has passed is
	// given up by the wake(). NULL: there is none.
	uint64_t (*wake_ms)(const void *session);
	// The account of the user for whom the session works; 0: nobody has
	// logged in. All connections of a user together get a fair share of the
	// threads, and so do all strangers of one address. NULL: nobody ever
	// logs in.
	uint64_t (*owner)(const void *session);
	// The milliseconds of a NET_PAUSE, counted from the moment when the
	// call returned it. Asked once, right afterwards. During the pause
	// timeout() does not count, and a peer that closes is noticed only at
	// its end. NULL: this protocol never pauses.
	uint32_t (*pause_ms)(const void *session);
	// Called before the resume() that follows a NET_PAUSE, if the peer has
	// sent something in the pause. May be NULL.
	void (*spoke_early)(void *session);
	// The session adds its last words (a BYE), then the connection closes.
	void (*timed_out)(void *session, struct buf *out);
	// The server is stopping: the session adds its last words, then the
	// connection closes. This may come in the middle of a NET_DRAIN,
	// NET_PAUSE or NET_WAIT. The session knows whether a BYE can stand
	// there; if it cannot, the session adds nothing.
	void (*shut_down)(void *session, struct buf *out);
	// How the connection ended, and why, as a part of a sentence ("TLS:
	// certificate has expired"), valid during the call. free() follows.
	// Called once for every session that was made. May be NULL.
	void (*ended)(void *session, enum net_end end, const char *why);
	// Whether somebody has logged in; until then the client is a stranger
	// (server.h). Asked after each run. NULL: nobody ever does.
	bool (*is_known)(const void *session);
	// About how many bytes the session holds. Asked after each run, so it
	// must be cheap. NULL: few.
	size_t (*memory)(const void *session);
	// The connection is gone. Frees the session; no other call follows.
	void (*free)(void *session);
};

#endif
