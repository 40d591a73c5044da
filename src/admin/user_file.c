// SPDX-License-Identifier: Apache-2.0
// The formats that consist of lines: Dovecot's passwd-file, CSV, a sasldb as
// db_dump(1) prints it, and Courier's userdb.
#include "admin/user_file.h"

#include "base/ascii.h"
#include "base/bytes.h"

const char *user_file_word(enum user_file_format format)
{
	static const char *const words[] = {
#define X(name, word) word,
	    USER_FILE_TABLE(X)
#undef X
	};
	return words[format];
}

bool user_file_by_word(struct view word, enum user_file_format *ret_format)
{
	for (int i = USER_FILE_PASSWD; i <= USER_FILE_TOML; i++)
		if (view_eq_nocase(word, view_of_string(user_file_word(
					     (enum user_file_format)i)))) {
			*ret_format = (enum user_file_format)i;
			return true;
		}
	return false;
}

// ---- Lines -----------------------------------------------------------------

struct lines {
	struct view rest;
	size_t number; // the number of the line that was read last
};

static bool next_line(struct lines *lines, struct view *ret_line)
{
	if (!view_split(&lines->rest, '\n', ret_line))
		return false;
	if (view_ends_with(*ret_line, VIEW("\r")))
		ret_line->len--;
	lines->number++;
	return true;
}

static bool is_blank(struct view line)
{
	struct view text = view_trim(line);
	return text.len == 0 || text.ptr[0] == '#';
}

static void tell(const struct user_file_reader *reader, size_t line,
    struct view name, const char *problem)
{
	struct user_entry entry = {
	    .line = line, .name = name, .problem = problem};
	reader->entry(reader->context, &entry);
}

// ---- A user ----------------------------------------------------------------

static bool is_locked(struct view kept)
{
	return kept.len == 0 || kept.ptr[0] == '!' || kept.ptr[0] == '*' ||
	       view_eq(kept, VIEW("x"));
}

static struct view with_scheme(
    struct arena *arena, struct view scheme, struct view kept)
{
	size_t len = scheme.len + 2 + kept.len;
	char *text = arena_alloc(arena, len);
	text[0] = '{';
	memcpy(text + 1, scheme.ptr, scheme.len);
	text[1 + scheme.len] = '}';
	if (kept.len > 0)
		memcpy(text + 2 + scheme.len, kept.ptr, kept.len);
	return view_of(text, len);
}

void user_file_hand_on(const struct user_file_reader *reader,
    struct user_entry *entry, struct view kept, bool clear)
{
	bool says = view_starts_with(kept, VIEW("{"));
	bool looks = view_starts_with(kept, VIEW("$"));
	entry->stored = kept;
	if (entry->name.len == 0)
		entry->problem = "there is no name";
	else if (kept.len == 0 || (!clear && is_locked(kept)))
		entry->problem = "there is no password, or it is locked";
	else if (!says && !looks && reader->scheme.len > 0)
		entry->stored =
		    with_scheme(reader->arena, reader->scheme, kept);
	else if (!says && !looks && clear)
		entry->stored = with_scheme(reader->arena, VIEW("PLAIN"), kept);
	reader->entry(reader->context, entry);
}

// ---- passwd-file -----------------------------------------------------------

// Dovecot's extra fields, after user, password, uid, gid, gecos, home and
// shell: "nologin" means that the user may not log in.
static bool has_nologin(struct view rest)
{
	struct view field;
	for (int i = 0; i < 5; i++)
		if (!view_split(&rest, ':', &field))
			return false;
	while (view_split(&rest, ' ', &field))
		if (view_eq(field, VIEW("nologin")) ||
		    view_eq(field, VIEW("nologin=y")) ||
		    view_eq(field, VIEW("nologin=yes")))
			return true;
	return false;
}

static void read_passwd(struct view text, const struct user_file_reader *reader)
{
	struct lines lines = {.rest = text};
	struct view line;
	while (next_line(&lines, &line)) {
		struct user_entry entry = {.line = lines.number};
		struct view kept;
		if (is_blank(line))
			continue;
		if (!view_split(&line, ':', &entry.name) ||
		    !view_split(&line, ':', &kept)) {
			tell(reader, lines.number, VIEW(""),
			    "the line has no \":\" with a password behind it");
			continue;
		}
		entry.disabled = has_nologin(line);
		user_file_hand_on(reader, &entry, kept, false);
	}
}

// ---- CSV -------------------------------------------------------------------

#define COLUMNS_MAX 64

// Reads a field, which may be quoted (RFC 4180). A field with a line end in it
// is not supported. False after the last field.
static bool next_field(struct arena *arena, struct view *line, char separator,
    bool *more, struct view *ret_field)
{
	if (!*more)
		return false;
	if (!view_starts_with(*line, VIEW("\""))) {
		size_t end = view_find_char(*line, separator);
		*ret_field = view_slice(*line, 0, end);
		*more = end != SIZE_MAX;
		*line = *more ? view_from(*line, end + 1) : VIEW("");
		return true;
	}
	char *field = arena_alloc(arena, line->len);
	size_t len = 0, i = 1;
	for (; i < line->len; i++) {
		if (line->ptr[i] == '"' &&
		    (i + 1 == line->len || line->ptr[++i] != '"'))
			break;
		field[len++] = line->ptr[i];
	}
	*ret_field = view_of(field, len);
	*more = i < line->len && line->ptr[i] == separator;
	*line = view_from(*line, i + 1);
	return true;
}

static size_t split_fields(struct arena *arena, struct view line,
    char separator, struct view ret_fields[COLUMNS_MAX])
{
	size_t count = 0;
	bool more = true;
	while (count < COLUMNS_MAX &&
	       next_field(arena, &line, separator, &more, &ret_fields[count]))
		count++;
	return count;
}

struct columns {
	size_t name, password, active; // SIZE_MAX: there is no such column
};

static bool is_one_of(struct view field, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (view_eq_nocase(view_trim(field), view_of_string(words[i])))
			return true;
	return false;
}

// True if the line is a header. Then it also finds the columns.
static bool read_header(
    const struct view *fields, size_t count, struct columns *ret_columns)
{
	static const char *const names[] = {
	    "username", "user", "login", "email", "name", "mailbox", "address"};
	static const char *const passwords[] = {
	    "password", "passwd", "hash", "secret", "crypt", "password_hash"};
	static const char *const active[] = {"active", "enabled"};
	struct columns columns = {SIZE_MAX, SIZE_MAX, SIZE_MAX};
	for (size_t i = count; i-- > 0;) {
		if (is_one_of(fields[i], names, ARRAY_LEN(names)))
			columns.name = i;
		if (is_one_of(fields[i], passwords, ARRAY_LEN(passwords)))
			columns.password = i;
		if (is_one_of(fields[i], active, ARRAY_LEN(active)))
			columns.active = i;
	}
	if (columns.name == SIZE_MAX || columns.password == SIZE_MAX)
		return false;
	*ret_columns = columns;
	return true;
}

static char find_separator(struct view line)
{
	static const char separators[] = {'\t', ';', ','};
	for (size_t i = 0; i < sizeof(separators); i++)
		if (view_find_char(line, separators[i]) != SIZE_MAX)
			return separators[i];
	return ',';
}

static void read_csv_line(const struct user_file_reader *reader,
    const struct view *fields, size_t count, const struct columns *columns,
    size_t line)
{
	struct user_entry entry = {.line = line};
	if (columns->name >= count || columns->password >= count) {
		tell(reader, line, VIEW(""),
		    "the line has no columns with a name and a password");
		return;
	}
	entry.name = view_trim(fields[columns->name]);
	if (columns->active < count) {
		static const char *const no[] = {"0", "no", "false", "n", "f"};
		entry.disabled =
		    is_one_of(fields[columns->active], no, ARRAY_LEN(no));
	}
	user_file_hand_on(reader, &entry, fields[columns->password], false);
}

static void read_csv(struct view text, const struct user_file_reader *reader)
{
	struct lines lines = {.rest = text};
	struct columns columns = {0, 1, SIZE_MAX};
	struct view fields[COLUMNS_MAX];
	struct view line;
	char separator = '\0';
	while (next_line(&lines, &line)) {
		if (is_blank(line))
			continue;
		bool first = separator == '\0';
		if (first)
			separator = find_separator(line);
		size_t count =
		    split_fields(reader->arena, line, separator, fields);
		if (first && read_header(fields, count, &columns))
			continue;
		read_csv_line(reader, fields, count, &columns, lines.number);
	}
}

// ---- sasldb ----------------------------------------------------------------

// Decodes a line of db_dump(1): in "format=print" "\xx" is a byte and "\\" a
// backslash; in "format=bytevalue" everything is hexadecimal.
static bool read_dump(
    struct arena *arena, struct view line, bool print, struct view *ret_bytes)
{
	char *bytes = arena_alloc(arena, line.len + 1);
	size_t len = 0;
	for (size_t i = 0; i < line.len; i++) {
		bool escape = print && line.ptr[i] == '\\';
		if (escape && i + 1 < line.len && line.ptr[i + 1] == '\\') {
			bytes[len++] = '\\';
			i++;
			continue;
		}
		if (print && !escape) {
			bytes[len++] = line.ptr[i];
			continue;
		}
		i += escape;
		if (i + 1 >= line.len)
			return false;
		int high = ascii_hex_value(line.ptr[i]);
		int low = ascii_hex_value(line.ptr[i + 1]);
		if (high < 0 || low < 0)
			return false;
		bytes[len++] = (char)(high * 16 + low);
		i++;
	}
	*ret_bytes = view_of(bytes, len);
	return true;
}

// A key of Cyrus SASL is a user, a realm and a property, with a NUL between
// them. Only the property "userPassword" can be used. It is the password in
// clear.
static void read_sasldb_pair(const struct user_file_reader *reader,
    struct view key, struct view value, size_t line)
{
	struct user_entry entry = {.line = line};
	struct view user, realm;
	if (!view_split(&key, '\0', &user) || !view_split(&key, '\0', &realm) ||
	    user.len == 0) {
		tell(reader, line, VIEW(""), "the key is not one of a sasldb");
		return;
	}
	entry.name = user;
	if (realm.len > 0) {
		char *name =
		    arena_alloc(reader->arena, user.len + 1 + realm.len);
		memcpy(name, user.ptr, user.len);
		name[user.len] = '@';
		memcpy(name + user.len + 1, realm.ptr, realm.len);
		entry.name = view_of(name, user.len + 1 + realm.len);
	}
	if (view_eq(key, VIEW("userPassword"))) {
		entry.stored = with_scheme(reader->arena, VIEW("PLAIN"), value);
		reader->entry(reader->context, &entry);
	} else if (!view_starts_with(key, VIEW("cmusaslsecret"))) {
		// A "cmusaslsecret…" is skipped: it is an older form of a
		// password that has its own entry.
		tell(reader, line, entry.name,
		    "the entry is not the user's password");
	}
}

static void read_sasldb(struct view text, const struct user_file_reader *reader)
{
	struct lines lines = {.rest = text};
	struct view line, key = VIEW(""), bytes;
	bool print = false, data = false, has_key = false;
	while (next_line(&lines, &line)) {
		if (!data) {
			if (view_eq(line, VIEW("format=print")))
				print = true;
			data = view_eq(line, VIEW("HEADER=END"));
			continue;
		}
		if (view_eq(line, VIEW("DATA=END")))
			break;
		if (!view_starts_with(line, VIEW(" ")) ||
		    !read_dump(
			reader->arena, view_from(line, 1), print, &bytes)) {
			tell(reader, lines.number, VIEW(""),
			    "that is not what db_dump prints");
			has_key = false;
		} else if (!has_key) {
			key = bytes;
			has_key = true;
		} else {
			read_sasldb_pair(reader, key, bytes, lines.number - 1);
			has_key = false;
		}
	}
	if (has_key)
		tell(reader, lines.number, VIEW(""),
		    "the file ends behind a key");
}

// ---- userdb ----------------------------------------------------------------

// Reads a line like "name<TAB>uid=1000|home=/x|systempw=$1$…|imappw=…".
static void read_userdb(struct view text, const struct user_file_reader *reader)
{
	struct lines lines = {.rest = text};
	struct view line;
	while (next_line(&lines, &line)) {
		struct user_entry entry = {.line = lines.number};
		struct view field, system = VIEW(""), imap = VIEW("");
		if (is_blank(line))
			continue;
		if (!view_split(&line, '\t', &entry.name)) {
			tell(reader, lines.number, VIEW(""),
			    "the line has no name");
			continue;
		}
		while (view_split(&line, '|', &field)) {
			field = view_trim(field);
			if (view_starts_with(field, VIEW("systempw=")))
				system = view_from(field, 9);
			else if (view_starts_with(field, VIEW("imappw=")))
				imap = view_from(field, 7);
		}
		user_file_hand_on(
		    reader, &entry, imap.len > 0 ? imap : system, false);
	}
}

// ---- Recognizing the format
// -----------------------------------------------------------

static const char *known_binary(struct view text)
{
	static const uint32_t berkeley[] = {
	    0x00061561, 0x00053162, 0x61150600, 0x62310500};
	if (text.len >= 16)
		for (size_t i = 0; i < ARRAY_LEN(berkeley); i++)
			if (get_le32(text.ptr + 12) == berkeley[i])
				return "it is a Berkeley DB file (a sasldb?): "
				       "give what \"db_dump -p FILE\" prints";
	if (view_starts_with(text, VIEW("SQLite format 3")))
		return "it is an SQLite database: export its users as CSV, "
		       "with a line \"username,password\" first";
	if (view_starts_with(text, VIEW("\x1f\x8b")))
		return "it is compressed: unpack it";
	if (view_find_char(text, '\0') != SIZE_MAX)
		return "it is not text";
	if (view_find(view_slice(text, 0, 65536), VIEW("INSERT INTO")) !=
		SIZE_MAX ||
	    view_find(view_slice(text, 0, 65536), VIEW("CREATE TABLE")) !=
		SIZE_MAX)
		return "it is an SQL dump: export the users as CSV, with a "
		       "line \"username,password\" first";
	return NULL;
}

static bool is_toml(struct view text)
{
	struct lines lines = {.rest = text};
	struct view line;
	while (next_line(&lines, &line)) {
		line = view_trim(line);
		if (view_starts_with(line, VIEW("[")))
			return view_ends_with(line, VIEW("]")) &&
			       line.len > 2 && line.ptr[1] != '{' &&
			       line.ptr[1] != '"';
		if (!is_blank(line) && view_find(line, VIEW(" = ")) == SIZE_MAX)
			return false;
	}
	return false;
}

static bool by_line(struct view line, enum user_file_format *ret_format)
{
	size_t tab = view_find_char(line, '\t');
	size_t colon = view_find_char(line, ':');
	size_t comma = view_find_char(line, find_separator(line));
	struct view behind = view_from(line, tab == SIZE_MAX ? 0 : tab + 1);
	size_t equals = view_find_char(behind, '=');
	size_t bar = view_find_char(behind, '|');
	if (tab != SIZE_MAX && equals != SIZE_MAX && equals < bar &&
	    equals < view_find_char(behind, '\t') &&
	    view_find_char(view_slice(behind, 0, equals), '$') == SIZE_MAX)
		*ret_format = USER_FILE_USERDB;
	else if (comma != SIZE_MAX && comma < colon)
		*ret_format = USER_FILE_CSV;
	else if (colon != SIZE_MAX)
		*ret_format = USER_FILE_PASSWD;
	else
		return false;
	return true;
}

enum rc user_file_find_format(
    struct view text, struct fault *fault, enum user_file_format *ret_format)
{
	struct lines lines = {.rest = text};
	struct view line = VIEW("");
	struct view start = view_trim(text);
	const char *binary = known_binary(text);
	if (binary)
		return fault_set(fault, RC_UNSUPPORTED, "%s", binary);
	if (view_starts_with(start, VIEW("VERSION="))) {
		*ret_format = USER_FILE_SASLDB;
		return RC_OK;
	}
	if (is_toml(text)) {
		*ret_format = USER_FILE_TOML;
		return RC_OK;
	}
	if (view_starts_with(start, VIEW("{")) ||
	    view_starts_with(start, VIEW("["))) {
		*ret_format = USER_FILE_JSON;
		return RC_OK;
	}
	while (next_line(&lines, &line) && is_blank(line))
		line = VIEW("");
	if (by_line(line, ret_format))
		return RC_OK;
	return fault_set(fault, RC_UNSUPPORTED,
	    start.len > 0 ? "there is no telling what kind of file it is: say "
			    "--format"
			  : "it is empty");
}

enum rc user_file_read(enum user_file_format format, struct view text,
    const struct user_file_reader *reader, struct fault *fault)
{
	switch (format) {
	case USER_FILE_PASSWD: read_passwd(text, reader); break;
	case USER_FILE_CSV: read_csv(text, reader); break;
	case USER_FILE_SASLDB: read_sasldb(text, reader); break;
	case USER_FILE_USERDB: read_userdb(text, reader); break;
	case USER_FILE_TOML: user_file_read_toml(text, reader); break;
	case USER_FILE_JSON: return user_file_read_json(text, reader, fault);
	}
	return RC_OK;
}
