// SPDX-License-Identifier: Apache-2.0
// Files in which other servers keep users and what they know of passwords. Pure
// syntax: whether a name or a hash is any good is found out when it is used.
#ifndef ROOST_ADMIN_USER_FILE_H
#define ROOST_ADMIN_USER_FILE_H

#include "base/arena.h"
#include "base/buf.h"

#define USER_FILE_TABLE(X)                                                     \
	X(USER_FILE_PASSWD, "passwd-file")                                     \
	X(USER_FILE_CSV, "csv")                                                \
	X(USER_FILE_SASLDB, "sasldb")                                          \
	X(USER_FILE_USERDB, "userdb")                                          \
	X(USER_FILE_JSON, "json")                                              \
	X(USER_FILE_TOML, "toml")

enum user_file_format {
#define X(name, word) name,
	USER_FILE_TABLE(X)
#undef X
};

// A user of the file. Views live in the file's text or the arena.
struct user_entry {
	size_t line; // in the file, from 1
	struct view name;
	// What was kept of the password, as auth_credentials_import() wants it.
	struct view stored;
	bool disabled;
	// Why it is no user, for a person; NULL: it is one. Never has anything
	// of a password in it.
	const char *problem;
};

struct user_file_reader {
	// Gets each user, in the file's order, and each line that is none.
	void (*entry)(void *context, const struct user_entry *entry);
	void *context;
	struct arena *arena;
	// The scheme of passwords that do not say theirs; empty: crypt(3)'s
	// forms, where the format has no other rule.
	struct view scheme;
};

const char *user_file_word(enum user_file_format format);
// By the word for it; false when there is none such.
bool user_file_by_word(struct view word, enum user_file_format *ret_format);
// By what is in the file. RC_UNSUPPORTED: it is known, but not read here; or
// there is no telling.
MUST_CHECK enum rc user_file_find_format(
    struct view text, struct fault *fault, enum user_file_format *ret_format);
// RC_SYNTAX when all of it is not what the format says.
MUST_CHECK enum rc user_file_read(enum user_file_format format,
    struct view text, const struct user_file_reader *reader,
    struct fault *fault);

// ---- For the formats' own files --------------------------------------------

MUST_CHECK enum rc user_file_read_json(struct view text,
    const struct user_file_reader *reader, struct fault *fault);
void user_file_read_toml(
    struct view text, const struct user_file_reader *reader);
// Hands on a user whose password is `kept`; with `clear` one that does not say
// its scheme, and does not look like crypt(3)'s, is the password itself.
void user_file_hand_on(const struct user_file_reader *reader,
    struct user_entry *entry, struct view kept, bool clear);

#endif
