// SPDX-License-Identifier: Apache-2.0
// Writes the trace fields that a server adds at the top of a message: Received
// and Return-Path (RFC 5321 section 4.4), Delivered-To (RFC 9228). They are
// folded under 78 columns and end with CRLF. What a peer says about itself may
// be hostile, so it is written only as a domain, a literal or an escaped
// comment.
#ifndef ROOST_WIRE_TRACE_FIELD_H
#define ROOST_WIRE_TRACE_FIELD_H

#include "base/buf.h"
#include "wire/date.h"
#include "wire/smtp_path.h"
#include "wire/smtp_terms.h"

// A part of the field is left out when its view is empty.
struct trace_received {
	struct view helo;              // the argument of HELO, EHLO or LHLO
	struct view client_name;       // from reverse DNS, if it was looked up
	struct view client_address;    // "192.0.2.1" or "2001:db8::1", as text
	struct view by;                // this host
	struct smtp_protocol protocol; // the with-clause
	// Whether the message's header is not US-ASCII anyway. If it is, this
	// field stays US-ASCII too: a recipient whose address needs UTF-8 is
	// not named.
	bool utf8_header;
	// The cipher for the tls-clause (RFC 8314 section 4.3):
	// "TLS_AES_256_GCM_SHA384".
	struct view tls_cipher;
	struct view id;
	const struct smtp_mailbox *recipient; // for-clause; NULL: none
	struct date date;
};

void trace_received_write(
    const struct trace_received *received, struct buf *out);

// Adds "Return-Path: <…>"; for the null path "<>".
void trace_return_path_write(const struct smtp_mailbox *from, struct buf *out);
// Adds "Delivered-To: …".
void trace_delivered_to_write(const struct smtp_mailbox *to, struct buf *out);

#endif
