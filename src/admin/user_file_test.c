// SPDX-License-Identifier: Apache-2.0
// Other servers' files of users, as texts, and what is read from each.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "admin/user_file.h"

static void add_entry(void *context, const struct user_entry *entry)
{
	struct buf *out = context;
	buf_printf(out, "%zu %.*s ", entry->line, VIEW_FMT(entry->name));
	if (entry->problem)
		buf_printf(out, "! %s", entry->problem);
	else
		buf_printf(out, "%.*s%s", VIEW_FMT(entry->stored),
		    entry->disabled ? " off" : "");
	buf_add_char(out, '\n');
}

struct row {
	const char *format, *scheme;
	struct view text;
	const char *want; // one line for each user
};

static void check_row(const struct row *row)
{
	enum user_file_format format;
	struct fault fault = {.text = ""};
	struct arena arena;
	struct buf out;
	buf_init(&out, 10000);
	arena_init(&arena);
	struct user_file_reader reader = {.entry = add_entry,
	    .context = &out,
	    .arena = &arena,
	    .scheme = view_of_string(row->scheme)};
	if (user_file_find_format(row->text, &fault, &format) != RC_OK)
		fail_msg("not recognized: %.*s: %s", VIEW_FMT(row->text),
		    fault.text);
	assert_string_equal(user_file_word(format), row->format);
	assert_int_equal(
	    user_file_read(format, row->text, &reader, &fault), RC_OK);
	buf_add_char(&out, '\0');
	assert_string_equal(out.ptr, row->want);
	buf_done(&out);
	arena_done(&arena);
}

static void files_of_lines_are_read(void **state)
{
	(void)state;
	const struct row rows[] = {
	    {"passwd-file", "",
		VIEW("# users\n"
		     "anna:{SSHA256}abc=:1000:1000::/home/anna::\n"
		     "bert@x.example:$6$s$h:::::"
		     ":userdb_quota_rule=*:bytes=1G nologin\r\n"
		     "\n"
		     "cleo:{PLAIN}p w::::::nologin=y\n"
		     "dora:!:1:1::/:\n"
		     "emil\n"
		     ":{PLAIN}x\n"
		     "fred:secret"),
		"2 anna {SSHA256}abc=\n"
		"3 bert@x.example $6$s$h off\n"
		"5 cleo {PLAIN}p w off\n"
		"6 dora ! there is no password, or it is locked\n"
		"7  ! the line has no \":\" with a password behind it\n"
		"8  ! there is no name\n"
		"9 fred secret\n"},
	    {"passwd-file", "PLAIN", VIEW("fred:secret\ngina:$1$a$b\n"),
		"1 fred {PLAIN}secret\n2 gina $1$a$b\n"},
	    {"csv", "",
		VIEW("username,password\nanna@x.example,{BLF-CRYPT}$2y$05$a\n"
		     "\"bert\"\"s\",\"{PLAIN}a,b\"\"\"\nonly\n"),
		"2 anna@x.example {BLF-CRYPT}$2y$05$a\n"
		"3 bert\"s {PLAIN}a,b\"\n"
		"4  ! the line has no columns with a name and a password\n"},
	    {"csv", "",
		VIEW("id\tPassword\tactive\tUsername\n"
		     "1\t$2y$05$a\t1\tanna\n2\t$2y$05$b\t0\tbert\n"),
		"2 anna $2y$05$a\n3 bert $2y$05$b off\n"},
	    {"csv", "", VIEW("anna;{SHA}x\n"), "1 anna {SHA}x\n"},
	    {"sasldb", "",
		VIEW("VERSION=3\nformat=print\ntype=hash\nHEADER=END\n"
		     " anna\\00roost.test\\00userPassword\n geh\\5cei\\\\m\n"
		     " bert\\00\\00userPassword\n {x}\n"
		     " bert\\00\\00cmusaslsecretPLAIN\n zz\n"
		     " bert\\00\\00other\n zz\n"
		     " nokey\n zz\n"
		     "DATA=END\n"),
		"5 anna@roost.test {PLAIN}geh\\ei\\m\n"
		"7 bert {PLAIN}{x}\n"
		"11 bert ! the entry is not the user's password\n"
		"13  ! the key is not one of a sasldb\n"},
	    {"sasldb", "",
		VIEW("VERSION=3\nformat=bytevalue\ntype=hash\nHEADER=END\n"
		     " 616e6e61007800757365725061737377"
		     "6f7264\n 707721\nDATA=END\n"),
		"5 anna@x {PLAIN}pw!\n"},
	    {"userdb", "",
		VIEW("anna\tuid=1000|gid=1000|home=/home/anna|systempw=$1$a$b\n"
		     "bert@x\tsystempw=$1$a$b|imappw=$1$c$d\n"
		     "cleo\tuid=3\n"),
		"1 anna $1$a$b\n2 bert@x $1$c$d\n"
		"3 cleo ! there is no password, or it is locked\n"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_row(&rows[i]);
}

static void principals_are_read(void **state)
{
	(void)state;
	const struct row rows[] = {
	    {"json", "",
		VIEW("{\"data\": {\"items\": [\n"
		     " {\"id\": 1, \"type\": \"individual\", \"name\": "
		     "\"anna\",\n  \"secrets\": [\"otpauth://totp/x\", "
		     "\"$app$phone$x\", \"$6$a$b\"], \"emails\": [\"a@x\"]},\n"
		     " {\"type\": \"group\", \"name\": \"team\"},\n"
		     " {\"type\": \"individual\", \"name\": \"bert\", "
		     "\"secrets\": []},\n"
		     " {\"name\": \"cleo\", \"secret\": \"in clear\"}]}}\n"),
		"2 anna $6$a$b\n"
		"4 team ! it is a group, list or domain, and no user\n"
		"5 bert ! there is no password, or it is locked\n"
		"6 cleo {PLAIN}in clear\n"},
	    {"json", "",
		VIEW("{\"username\":\"anna\",\"password\":\"{SHA}x\"}\n"
		     "{\"username\":\"bert\",\"password\":\"{SHA}y\"}\n"),
		"1 anna {SHA}x\n2 bert {SHA}y\n"},
	    {"json", "", VIEW("[\n{\"name\":\"anna\",\"hash\":\"$2y$05$a\"}]"),
		"2 anna $2y$05$a\n"},
	    {"toml", "",
		VIEW("[directory.\"memory\"]\ntype = \"memory\"\n\n"
		     "[[directory.\"memory\".principals]]\n"
		     "class = \"individual\"\nname = \"anna\"\n"
		     "secret = \"p\\\"w\"\nemail = [\"a@x\", \"b@x\"]\n"
		     "[[directory.\"memory\".principals]]\n"
		     "name = 'bert'\nsecrets = [\n  'otpauth://x',\n"
		     "  '$6$a$b'\n]\n"
		     "[[directory.\"memory\".principals]]\n"
		     "class = \"group\"\nname = \"team\"\n"),
		"4 anna {PLAIN}p\"w\n9 bert $6$a$b\n"
		"15 team ! it is a group, list or domain, and no user\n"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_row(&rows[i]);
}

static void what_is_not_read_is_named(void **state)
{
	(void)state;
	const struct {
		struct view text;
		const char *why;
	} rows[] = {
	    {VIEW(""), "empty"},
	    {VIEW("\n# nothing\n"), "no telling"},
	    {VIEW("anna\n"), "no telling"},
	    {VIEW("\0\0\0\0\0\0\0\0\0\0\0\0\x61\x15\x06\0xxxx"), "db_dump"},
	    {VIEW("\0\0\0\0\0\0\0\0\0\0\0\0\0\x06\x15\x61xxxx"), "db_dump"},
	    {VIEW("SQLite format 3\0"), "SQLite"},
	    {VIEW("\x1f\x8b\x08\0"), "unpack"},
	    {VIEW("anna:x\0y"), "not text"},
	    {VIEW("-- MySQL dump\nINSERT INTO `mailbox` VALUES ('a','b');"),
		"SQL dump"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum user_file_format format;
		struct fault fault = {.text = ""};
		assert_int_equal(
		    user_file_find_format(rows[i].text, &fault, &format),
		    RC_UNSUPPORTED);
		if (!strstr(fault.text, rows[i].why))
			fail_msg("%zu: %s", i, fault.text);
	}
	struct arena arena;
	struct buf out;
	struct fault fault = {.text = ""};
	buf_init(&out, 1000);
	arena_init(&arena);
	struct user_file_reader reader = {
	    .entry = add_entry, .context = &out, .arena = &arena};
	assert_int_equal(user_file_read(USER_FILE_JSON,
			     VIEW("{\"name\": pencil"), &reader, &fault),
	    RC_SYNTAX);
	assert_null(strstr(fault.text, "pencil"));
	assert_int_equal(out.len, 0);
	buf_done(&out);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(files_of_lines_are_read),
	    cmocka_unit_test(principals_are_read),
	    cmocka_unit_test(what_is_not_read_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
