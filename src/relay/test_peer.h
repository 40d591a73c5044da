// SPDX-License-Identifier: Apache-2.0
// Mail servers for tests, on loopback addresses and one port: they say what
// they are told to, and write down what they get.
#ifndef ROOST_RELAY_TEST_PEER_H
#define ROOST_RELAY_TEST_PEER_H

#include <pthread.h>
#include <stdatomic.h>

#include "net/server.h"

struct test_peer {
	const char *address; // "127.0.0.2"
	// Replies without CRLF; NULL: what a good server says.
	const char *greeting;
	const char *capabilities; // lines of EHLO, "SIZE 1\nDSN"; NULL: none
	const char *mail;
	const char *rcpt;
	const char *end;
	bool deaf;        // nobody listens
	bool hangs_up;    // at the first MAIL
	bool closes;      // after each message, without a word
	atomic_uint room; // connections it takes at a time; 0: any number
	atomic_uint busy; // so many RCPTs are put off first
	atomic_uint mute; // the end of so many messages is not answered
	bool tls;         // offers STARTTLS
	bool tls_breaks;  // … and then there is no handshake to be had
	bool auth;        // wants AUTH PLAIN before MAIL
	// What happened.
	atomic_uint connections;
	atomic_uint open;
	atomic_uint most_open; // that it took
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

// All at the same port. `peers` outlives it.
void test_peers_begin(
    struct test_peers *all, struct test_peer *peers, size_t count);
const char *test_peers_certificate(struct test_peers *all, char *path);
void test_peers_end(
    struct test_peers *all, struct test_peer *peers, size_t count);

#endif
