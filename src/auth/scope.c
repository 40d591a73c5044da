// SPDX-License-Identifier: Apache-2.0
#include "auth/scope.h"

static const struct {
	uint32_t bit;
	const char *word;
} scopes_known[] = {
#define X(name, bit, word) {name, word},
    AUTH_SCOPE_TABLE(X)
#undef X
};

void auth_scopes_write(uint32_t scopes, char separator, struct buf *out)
{
	bool first = true;
	for (size_t i = 0; i < ARRAY_LEN(scopes_known); i++) {
		if (!(scopes & scopes_known[i].bit))
			continue;
		if (!first)
			buf_add_char(out, separator);
		buf_add_string(out, scopes_known[i].word);
		first = false;
	}
}

// The scope of a word that a user can give; 0: there is none.
static uint32_t scope_of(struct view word)
{
	for (size_t i = 0; i < ARRAY_LEN(scopes_known); i++)
		if (view_eq_nocase(word, view_of_string(scopes_known[i].word)))
			return scopes_known[i].bit & AUTH_SCOPES_MAIL;
	return 0;
}

enum rc auth_scopes_read(struct view text, uint32_t *ret_scopes)
{
	uint32_t scopes = 0;
	struct view part, word;
	while (view_split(&text, ',', &part))
		while (view_split(&part, ' ', &word)) {
			uint32_t scope = scope_of(word);
			if (word.len > 0 && scope == 0)
				return RC_INVALID;
			scopes |= scope;
		}
	if (scopes == 0)
		return RC_INVALID;
	*ret_scopes = scopes;
	return RC_OK;
}

uint32_t auth_scopes_read_oauth(struct view text)
{
	uint32_t scopes = 0;
	struct view word;
	while (view_split(&text, ' ', &word))
		scopes |= view_eq(word, VIEW(AUTH_OAUTH_SCOPE_MAIL))
			      ? AUTH_SCOPES_MAIL
			      : scope_of(word);
	return scopes;
}

void auth_scopes_write_oauth(uint32_t scopes, struct buf *out)
{
	if ((scopes & AUTH_SCOPES_MAIL) == AUTH_SCOPES_MAIL)
		buf_add_literal(out, AUTH_OAUTH_SCOPE_MAIL);
	else
		auth_scopes_write(scopes & AUTH_SCOPES_MAIL, ' ', out);
}
