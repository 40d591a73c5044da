// SPDX-License-Identifier: Apache-2.0
// Microsoft's Autodiscover: POX for IMAP, POP3 and SMTP (Outlook; MS-OXDSCLI),
// and the JSON form that leads to it. Other protocols (Exchange, ActiveSync)
// are not served here.
#ifndef ROOST_SETUP_AUTODISCOVER_H
#define ROOST_SETUP_AUTODISCOVER_H

#include "setup/account.h"

#define SETUP_AUTODISCOVER_TYPE "text/xml; charset=utf-8"
// Of a request. Real ones have less than 1 KiB.
#define SETUP_AUTODISCOVER_REQUEST_MAX ((size_t)16384)

// Reads a request. RC_INVALID: it is not one (error 600), which includes
// everything that XML readers must be careful with, see wire/xml_reader.h.
// RC_UNSUPPORTED: it asks for another kind of settings (error 601).
// `ret_address` is what it has as the address, unchecked.
MUST_CHECK enum rc setup_autodiscover_read(
    struct arena *arena, struct view body, struct view *ret_address);

// Writes the settings: the best of each protocol. The account must have an
// address.
void setup_autodiscover_write(
    const struct setup_account *account, struct buf *out);

enum setup_autodiscover_error {
	SETUP_AUTODISCOVER_INVALID = 600,   // "Invalid Request"
	SETUP_AUTODISCOVER_NO_SCHEMA = 601, // no provider for this schema
};
// Writes an error. `unix_ms` is the time now, of which the number of the error
// is made, too.
void setup_autodiscover_write_error(
    enum setup_autodiscover_error error, uint64_t unix_ms, struct buf *out);

// The JSON form. `protocol` is what the request asks for: RC_OK with the URL of
// the POX form at `authority` (a name, perhaps with a port, as the request had
// it); RC_INVALID: it asks for nothing; RC_UNSUPPORTED: for what is not served.
// Something is written in each case.
MUST_CHECK enum rc setup_autodiscover_json(
    struct view protocol, struct view authority, struct buf *out);

#endif
