// SPDX-License-Identifier: Apache-2.0
// The trace fields a server puts on top of a message: Received and Return-Path
// (RFC 5321 section 4.4), Delivered-To (RFC 9228). Folded under 78 columns,
// ended by CRLF. What a peer said about itself may be hostile: it comes out as
// a domain, a literal or an escaped comment, never as anything else.
#ifndef ROOST_WIRE_TRACE_FIELD_H
#define ROOST_WIRE_TRACE_FIELD_H

#include "base/buf.h"
#include "wire/date.h"
#include "wire/smtp_path.h"
#include "wire/smtp_terms.h"

// An empty view: leave that part out.
struct trace_received {
	struct view helo;              // what HELO, EHLO or LHLO said
	struct view client_name;       // by reverse DNS, if it was looked up
	struct view client_address;    // "192.0.2.1" or "2001:db8::1", as text
	struct view by;                // this host
	struct smtp_protocol protocol; // the with-clause
	// The message's header is not US-ASCII without this field, either. Else
	// nothing here makes it so: a recipient who needs UTF-8 is not named.
	bool utf8_header;
	// "TLS_AES_256_GCM_SHA384", for the tls-clause (RFC 8314 section 4.3).
	struct view tls_cipher;
	struct view id;
	const struct smtp_mailbox *recipient; // for-clause; NULL: none
	struct date date;
};

void trace_received_write(
    const struct trace_received *received, struct buf *out);

// "Return-Path: <…>"; the null path gives "<>".
void trace_return_path_write(const struct smtp_mailbox *from, struct buf *out);
// "Delivered-To: …".
void trace_delivered_to_write(const struct smtp_mailbox *to, struct buf *out);

#endif
