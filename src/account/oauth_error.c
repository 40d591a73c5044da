// SPDX-License-Identifier: Apache-2.0
#include "account/oauth_error.h"

static const struct {
	unsigned status;
	const char *code;
} errors[] = {
#define X(name, status, code) [name] = {status, code},
    OAUTH_ERROR_TABLE(X)
#undef X
};

const char *oauth_error_code(enum oauth_error error)
{
	return errors[error].code;
}

unsigned oauth_error_status(enum oauth_error error)
{
	return errors[error].status;
}
