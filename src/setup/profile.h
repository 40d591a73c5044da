// SPDX-License-Identifier: Apache-2.0
// Apple's configuration profile with a mail account (.mobileconfig, payload
// com.apple.mail.managed), and a QR code that leads a phone to it.
#ifndef ROOST_SETUP_PROFILE_H
#define ROOST_SETUP_PROFILE_H

#include "setup/account.h"

#define SETUP_PROFILE_TYPE     "application/x-apple-aspen-config"
#define SETUP_PROFILE_PATH     "/apple/mail.mobileconfig"
#define SETUP_PROFILE_NAME_MAX 128 // bytes of a user's name

// The longest text that a QR code takes: with more, cameras do not read it from
// a screen.
#define SETUP_QR_TEXT_MAX 600

struct setup_profile {
	struct setup_account account; // with an address
	struct view name;             // of the user, in From; may be empty
	// A number for each address. A device replaces an installed profile by
	// a new one that has the same, so this must not change.
	unsigned char id[16];
};

// Writes the profile, unsigned.
void setup_profile_write(const struct setup_profile *profile, struct buf *out);

// Writes a QR code as an SVG picture, black on white with the quiet zone that
// the standard asks for. RC_LIMIT: the text is empty or too long.
MUST_CHECK enum rc setup_qr_svg(struct view text, struct buf *out);

#endif
