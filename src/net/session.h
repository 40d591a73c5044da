// SPDX-License-Identifier: Apache-2.0
// What a protocol session is to the network: bytes in, bytes out, and a word on
// what should happen next. A session knows no socket and no TLS; the network
// does not know what the bytes mean. Tests and fuzzers drive a session through
// these same calls.
#ifndef ROOST_NET_SESSION_H
#define ROOST_NET_SESSION_H

#include "base/buf.h"

// What the session waits for after a call.
enum net_next {
	// More input, or a wake.
	NET_READ,
	// It has more to say: call resume() when `out` is sent; with nothing to
	// send, when others had their turn.
	NET_DRAIN,
	// Send `out`, throw away unread input, shake hands: as the TLS server
	// if the peer came, as the client if it was connected to (connect.h).
	NET_START_TLS,
	// Send `out`, then raw DEFLATE both ways (RFC 4978).
	NET_COMPRESS,
	// Send `out`, then hang up.
	NET_CLOSE,
	// Send `out`, read nothing, and call resume() after pause_ms().
	NET_PAUSE,
	// Send `out`, and call wake() when the waker was called. What the peer
	// says meanwhile is kept for input(), NET_WAIT_MAX bytes of it; the
	// rest stays in the kernel.
	NET_WAIT,
};

// A session that can go on producing output returns NET_DRAIN when `out` holds
// this much. `out` itself takes NET_OUTPUT_MAX bytes in all; a connection whose
// session wants to say more is cut off.
#define NET_OUTPUT_HIGH ((size_t)128 * 1024)
#define NET_OUTPUT_MAX  ((size_t)64 * 1024 * 1024)

// The most that a session may leave unread; over it the connection is cut off.
// A session answers an overlong line itself, long before.
#define NET_INPUT_MAX ((size_t)1024 * 1024)

// The most that is read ahead while a session waits (NET_WAIT): a stranger that
// has to wait costs no more memory than this, and nobody is cut off for it.
#define NET_WAIT_MAX ((size_t)16 * 1024)

// Lets another thread ask that the session's wake() be called soon. Cheap, any
// thread, any lock held; wakes that come together may be answered once. Valid
// until the session's free() returns.
struct net_waker {
	void (*wake)(void *context);
	void *context;
};

#define NET_BINDING_MAX 64
#define NET_VERIFY_MAX  160

// The TLS connection under a session. Valid during the call that hands it over;
// a session copies what it needs later. A binding that this connection does not
// have (or that is not safe on it) has length 0.
struct net_tls_info {
	char version[16];      // "TLSv1.3"
	char cipher[64];       // "TLS_AES_256_GCM_SHA384"
	char server_name[256]; // SNI as asked for (by us, as the client), or ""
	// As the client: the certificate leads to a trusted authority and holds
	// the server's name; if not, why ("self-signed certificate").
	bool verified;
	char unverified[NET_VERIFY_MAX];
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
	NET_END_CLOSED,  // the session said NET_CLOSE
	NET_END_PEER,    // the peer closed
	NET_END_LOST,    // reset by the peer, or cut off for a breach
	NET_END_TIMEOUT, // the peer took too long; to connect to, too
	NET_END_TLS,     // there was no TLS handshake to be had
	NET_END_REFUSED, // nobody could be connected to
	NET_END_STOPPED, // the server stops
};

// Sees what goes over the connections of users being looked at. Passwords and
// SASL data are replaced before; messages are left out. Any thread.
struct net_trace {
	// Whether `user` is looked at now. Cheap: asked for every command. The
	// empty name: somebody who has not logged in.
	bool (*wants)(void *context, struct view user);
	// One line, without its end. `from_client` says who said it.
	void (*line)(void *context, uint64_t session_id, struct view user,
	    bool from_client, struct view line);
	void *context;
};

// Who is at the other end; addresses as text without the port. On a Unix socket
// both addresses are "unix" and the ports 0.
struct net_peer {
	char address[64];
	uint16_t port;
	char local_address[64];
	uint16_t local_port;
	uint64_t session_id; // unique in this process, for the log
};

// The calls of one protocol. Never two at once for one session, but each may
// come on another thread. They may block on the disk, never on the network.
struct net_session_ops {
	const char *protocol; // "imap", for the log

	// The connection is up; `tls` is NULL on a plain one. Greets. Always
	// the first call, and never a second time.
	enum net_next (*start)(
	    void *session, const struct net_tls_info *tls, struct buf *out);
	// `in` is all that is unread. Takes the first *ret_consumed bytes; what
	// is left comes again with the next call. Having returned NET_READ, it
	// is called again when there is more than it left, or after a wake().
	// What is left
	// may be at most NET_INPUT_MAX bytes. Never called while `out` holds
	// NET_OUTPUT_HIGH or more that the peer has not taken.
	// On an outgoing connection that breaks while it sends, also in the
	// middle of a NET_DRAIN: what the peer had said before (a refusal,
	// most likely). What it answers then is not sent; the end follows.
	enum net_next (*input)(void *session, struct view in, struct buf *out,
	    size_t *ret_consumed);
	// After NET_DRAIN: `out` has been sent. After NET_PAUSE: its time is
	// over. When it then gives NET_READ, what input() left unread is given
	// again at once.
	enum net_next (*resume)(void *session, struct buf *out);
	// Someone called the waker. Comes only where input() could come, and
	// in a NET_WAIT: never before start() or in the middle of a NET_DRAIN
	// or NET_PAUSE. A wake may come late, when nobody waits for it any
	// more. When it gives NET_READ, what input() left unread, or what came
	// in a NET_WAIT, is given at once.
	enum net_next (*wake)(void *session, struct buf *out);
	// After NET_START_TLS: the handshake is done. All that was unread has
	// been thrown away; the session must do so with what it holds itself.
	enum net_next (*tls_started)(
	    void *session, const struct net_tls_info *tls, struct buf *out);
	// Seconds without input after which timed_out() is called; 0: never.
	// Asked after each call. Wakes do not put it off; output that is still
	// being sent does. Of a NET_WAIT it is the longest time, counted from
	// the call that gave it, whatever the peer says in it; a peer that
	// closes its side meanwhile ends the connection. On an outgoing
	// connection it counts from the last input or output: so long the peer
	// has for its answer.
	uint32_t (*timeout)(const void *session);
	// Milliseconds of a NET_PAUSE, counted from its return; asked once,
	// right after it. timeout() does not count meanwhile; a peer that
	// closes is noticed at the end of the pause. NULL: this protocol never
	// pauses.
	uint32_t (*pause_ms)(const void *session);
	// Called before the resume() after a NET_PAUSE if the peer has said
	// something in it. NULL: nobody wants to know.
	void (*spoke_early)(void *session);
	// The last words (a BYE), then the connection closes.
	void (*timed_out)(void *session, struct buf *out);
	// The server stops: the last words, then the connection closes. May
	// come in the middle of a NET_DRAIN, NET_PAUSE or NET_WAIT: the session
	// knows whether a BYE fits there, and else adds nothing.
	void (*shut_down)(void *session, struct buf *out);
	// How it all ended, and why in a sentence's part ("TLS: certificate has
	// expired"), valid during the call; free() follows. Once for every
	// session that was made. May be NULL.
	void (*ended)(void *session, enum net_end end, const char *why);
	// The connection is gone. Frees the session; no call follows.
	void (*free)(void *session);
};

#endif
