// SPDX-License-Identifier: Apache-2.0
// Files in which other servers keep users and the stored forms of their
// passwords. This checks only the syntax. A name or a hash that cannot be used
// is found later, when the user is added.
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

// A user in the file. The views are in the file's text or in the arena.
struct user_entry {
	size_t line; // its number in the file, from 1
	struct view name;
	// The stored form of the password, as auth_credentials_import() needs
	// it.
	struct view stored;
	bool disabled;
	// NULL if the line is a user. Otherwise a text for a person that says
	// what is wrong. It never contains any part of a password.
	const char *problem;
};

struct user_file_reader {
	// The reader calls this for each user and for each line that is not a
	// user, in the file's order.
	void (*entry)(void *context, const struct user_entry *entry);
	void *context;
	struct arena *arena;
	// The scheme of passwords that do not name one. If this is empty, they
	// have one of crypt(3)'s schemes, unless the format has another rule.
	struct view scheme;
};

const char *user_file_word(enum user_file_format format);
// Finds the format with this name; false when there is none.
bool user_file_by_word(struct view word, enum user_file_format *ret_format);
// Recognizes the format by the file's contents. RC_UNSUPPORTED if it cannot
// recognize the format, or if this program cannot read that format.
MUST_CHECK enum rc user_file_find_format(
    struct view text, struct fault *fault, enum user_file_format *ret_format);
// RC_SYNTAX when the file as a whole does not have the format.
MUST_CHECK enum rc user_file_read(enum user_file_format format,
    struct view text, const struct user_file_reader *reader,
    struct fault *fault);

// ---- For the formats' own files --------------------------------------------

MUST_CHECK enum rc user_file_read_json(struct view text,
    const struct user_file_reader *reader, struct fault *fault);
void user_file_read_toml(
    struct view text, const struct user_file_reader *reader);
// Reports a user whose stored password is `kept`. With `clear`, a password that
// names no scheme and does not look like crypt(3)'s is the password itself.
void user_file_hand_on(const struct user_file_reader *reader,
    struct user_entry *entry, struct view kept, bool clear);

#endif
