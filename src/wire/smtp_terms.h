// SPDX-License-Identifier: Apache-2.0
// The words of SMTP that describe a message's envelope. Each is named in one
// table here, and all use it: the parser, the client's side, delivery, the
// queue and the relay. The queue stores the numbers of body, ret, notify, by and
// hold on the disk, so none of them may change.
#ifndef ROOST_WIRE_SMTP_TERMS_H
#define ROOST_WIRE_SMTP_TERMS_H

#include "base/view.h"

enum smtp_body { // BODY: RFC 6152, RFC 3030
	SMTP_BODY_7BIT = 0,
	SMTP_BODY_8BITMIME = 1,
	SMTP_BODY_BINARYMIME = 2,
};
const char *smtp_body_name(enum smtp_body body); // "8BITMIME"
bool smtp_body_find(struct view word, enum smtp_body *ret_body);

enum smtp_ret { // RET: RFC 3461 section 4.3
	SMTP_RET_UNSET = 0,
	SMTP_RET_FULL = 1,
	SMTP_RET_HDRS = 2,
};
const char *smtp_ret_name(enum smtp_ret ret); // "HDRS"; "" when it is not set
bool smtp_ret_find(struct view word, enum smtp_ret *ret_ret);

// NOTIFY as a set of bits: RFC 3461 section 4.1. No bit: the parameter was not
// given, which means FAILURE and possibly DELAY.
enum smtp_notify {
	SMTP_NOTIFY_NEVER = 1u << 0, // never together with others
	SMTP_NOTIFY_SUCCESS = 1u << 1,
	SMTP_NOTIFY_FAILURE = 1u << 2,
	SMTP_NOTIFY_DELAY = 1u << 3,
};
#define SMTP_NOTIFY_COUNT 4
const char *smtp_notify_name(unsigned number); // the name of 1u << number
bool smtp_notify_find(struct view word, unsigned *ret_notify);

enum smtp_by { // the mode of BY: RFC 2852 section 4
	SMTP_BY_NONE = 0,
	SMTP_BY_NOTIFY = 1,
	SMTP_BY_RETURN = 2,
};
const char *smtp_by_name(enum smtp_by by); // "N" or "R"; "" for none
bool smtp_by_find(struct view word, enum smtp_by *ret_by);

enum smtp_hold { // HOLDFOR, HOLDUNTIL: RFC 4865 section 4
	SMTP_HOLD_NONE = 0,
	SMTP_HOLD_FOR = 1,   // for so many seconds
	SMTP_HOLD_UNTIL = 2, // until a time
};

// The protocol by which a message came, for the with-clause of Received.
enum smtp_family {
	SMTP_FAMILY_SMTP, // the client said HELO
	SMTP_FAMILY_ESMTP,
	SMTP_FAMILY_LMTP,
	SMTP_FAMILY_HTTP, // JMAP
};
struct smtp_protocol {
	enum smtp_family family;
	// Each of these implies ESMTP. HTTP has one name.
	bool utf8; // this message used SMTPUTF8
	bool tls;
	bool authenticated;
};
// The protocol's name, such as "UTF8SMTPSA" (RFC 3848, RFC 6531 section 4.3).
const char *smtp_protocol_name(const struct smtp_protocol *protocol);

#endif
