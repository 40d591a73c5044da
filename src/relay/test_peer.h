// SPDX-License-Identifier: Apache-2.0
// Mail servers for tests, on loopback addresses and one port. They reply as the
// test says, and write down what they get.
#ifndef ROOST_RELAY_TEST_PEER_H
#define ROOST_RELAY_TEST_PEER_H

#include <pthread.h>
#include <stdatomic.h>

#include "net/server.h"

struct test_peer {
	const char *address; // "127.0.0.2"
	// Replies, without CRLF. NULL: the reply of a good server.
	const char *greeting;
	const char *capabilities; // lines of EHLO, "SIZE 1\nDSN"; NULL: none
	const char *mail;
	const char *rcpt;
	const char *end;
	bool deaf;     // does not listen at all
	bool hangs_up; // closes the connection at the first MAIL
	bool closes;   // closes after each message, without a reply
	atomic_uint
	    room; // how many connections it accepts at a time; 0: any number
	atomic_uint busy; // this many RCPTs are refused for now
	atomic_uint mute; // the end of this many messages is not answered
	bool tls;         // offers STARTTLS
	bool tls_breaks;  // … but then the handshake fails
	bool auth;        // requires AUTH PLAIN before MAIL
	// What the server has seen.
	atomic_uint connections;
	atomic_uint open;
	atomic_uint most_open; // largest number of connections that it accepted
			       // at a time
	atomic_uint turned_away;
	atomic_uint messages;
	atomic_uint secure; // messages that came over TLS
	atomic_uint authenticated;
	pthread_mutex_t lock;
	struct buf letters; // "sender recipient,recipient\ncontent\n.\n"
};

struct test_peers {
	struct net_server *server;
	struct net_tls *tls;
	uint16_t port;
	char folder[64];
};

// All peers use the same port. `peers` must outlive the servers.
void test_peers_begin(
    struct test_peers *all, struct test_peer *peers, size_t count);
const char *test_peers_certificate(struct test_peers *all, char *path);
void test_peers_end(
    struct test_peers *all, struct test_peer *peers, size_t count);

#endif
