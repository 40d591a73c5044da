// SPDX-License-Identifier: Apache-2.0
// Any bytes as a user name, as a password, and as the stored password of
// another server. What was prepared does not change when it is prepared again,
// and limits hold.
#include "auth/password.h"

static void prepare_name(struct view text)
{
	struct auth_name name;
	struct auth_name again;
	if (auth_name_prepare(text, NULL, &name) != RC_OK)
		return;
	struct view prepared = auth_name_view(&name);
	if (prepared.len == 0 || prepared.len > AUTH_NAME_MAX ||
	    view_find_char(prepared, '/') != SIZE_MAX ||
	    view_find_char(prepared, ' ') != SIZE_MAX ||
	    auth_name_prepare(prepared, NULL, &again) != RC_OK ||
	    !view_eq(auth_name_view(&again), prepared))
		abort();
}

static void prepare_password(struct view text)
{
	struct auth_secret secret;
	if (auth_password_prepare(text, NULL, &secret) != RC_OK)
		return;
	if (secret.len == 0 || secret.len > AUTH_PASSWORD_MAX ||
	    strlen(secret.text) != secret.len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct auth_hashing hashing = {.cost = 1};
	struct view text = view_of(data, size);
	struct auth_credentials kept, again;
	prepare_name(text);
	prepare_password(text);
	// Hashing a password in clear takes milliseconds.
	if (view_starts_with_nocase(text, VIEW("{plain")) ||
	    view_starts_with_nocase(text, VIEW("{clear")) ||
	    auth_credentials_import(&hashing, text, NULL, &kept) != RC_OK)
		return 0;
	// What is stored can be read again, and does not fit this password.
	if (auth_credentials_import(
		&hashing, view_of_string(kept.hash), NULL, &again) != RC_OK ||
	    strcmp(kept.hash, again.hash) != 0)
		abort();
	if (kept.hash[0] == '{' && kept.hash[2] != 'C' &&
	    auth_password_check(kept.hash, VIEW("\x01 fuzzing")) == RC_OK)
		abort();
	return 0;
}
