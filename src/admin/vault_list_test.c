// SPDX-License-Identifier: Apache-2.0
// Which lists of a backup are read. Each row gets the first line, and the last
// one with the right hash.
#include "admin/vault_list.h"

#include <openssl/evp.h>

#include "base/test.h"

#define HASH          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define FILE_AT(path) "file " HASH " 10 20 30 " path "\n"

static const struct {
	const char *lines;
	size_t len;
	bool good;
} rows[] = {
#define ROW(lines, good)                                                       \
	{                                                                      \
		lines, sizeof(lines) - 1, good                                 \
	}
    ROW("", true),
    ROW("version 0.1.0\n" FILE_AT("store/000012.sst"), true),
    ROW(FILE_AT("tls/key.pem") FILE_AT("store/CURRENT"), true),
    ROW("file " HASH " 0 0 18446744073709551615 tls/a b\n", true),
    ROW(FILE_AT("certificates/crt._server.pem"), true),
    ROW(FILE_AT("store/"), false),
    ROW(FILE_AT("store"), false),
    ROW(FILE_AT("store/../control.sock"), false),
    ROW(FILE_AT("store/.hidden"), false),
    ROW(FILE_AT("store/a/b"), false),
    ROW(FILE_AT("queue/a"), false),
    ROW(FILE_AT("/etc/passwd"), false),
    ROW(FILE_AT("store/a\0b"), false),
    ROW(FILE_AT("store/a\r"), false),
    ROW("file x 10 20 30 store/a\n", false),
    ROW("file " HASH "0 10 20 30 store/a\n", false),
    ROW("file " HASH " -1 20 30 store/a\n", false),
    ROW("file " HASH " 10 20 store/a\n", false),
    ROW("file\n", false),
    ROW("other 1\n", false),
    ROW("roost backup 1\n", false),
};

static void add_end(struct buf *list)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	assert_int_equal(
	    EVP_Digest(list->ptr, list->len, hash, &len, EVP_sha256(), NULL),
	    1);
	buf_add_literal(list, "end ");
	for (unsigned i = 0; i < len; i++)
		buf_printf(list, "%02x", hash[i]);
	buf_add_char(list, '\n');
}

static bool reads(struct view text)
{
	struct arena arena;
	struct vault_backup backup = {.version = ""};
	arena_init(&arena);
	bool good = vault_list_read(&arena, text, &backup);
	arena_done(&arena);
	return good;
}

static void test_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf list;
		buf_init(&list, 10000);
		buf_add_literal(&list, "roost backup 1\n");
		buf_add(&list, view_of(rows[i].lines, rows[i].len));
		assert_false(reads(buf_view(&list))); // it has no end
		add_end(&list);
		if (reads(buf_view(&list)) != rows[i].good)
			fail_msg("row %zu: %s", i, rows[i].lines);
		list.ptr[0] ^= 1; // a flipped bit
		assert_false(reads(buf_view(&list)));
		buf_done(&list);
	}
}

static void test_what_is_written_is_read(void **state)
{
	(void)state;
	struct vault_file files[] = {
	    {.path = "store/000012.sst",
		.hash = HASH,
		.size = 10,
		.inode = 20,
		.changed = -1},
	    {.path = "tls/key.pem", .hash = HASH},
	};
	struct vault_backup backup = {
	    .version = "0.1.0", .files = files, .count = ARRAY_LEN(files)};
	struct vault_backup read = {.version = ""};
	struct arena arena;
	struct buf list;
	arena_init(&arena);
	buf_init(&list, 10000);
	vault_list_write(&backup, &list);
	assert_true(vault_list_read(&arena, buf_view(&list), &read));
	assert_int_equal(read.count, 2);
	assert_int_equal(read.bytes, 10);
	assert_string_equal(read.version, "0.1.0");
	assert_string_equal(read.files[0].path, files[0].path);
	assert_string_equal(read.files[0].hash, HASH);
	assert_int_equal(read.files[0].inode, 20);
	assert_int_equal(read.files[0].changed, -1);
	buf_done(&list);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lists),
	    cmocka_unit_test(test_what_is_written_is_read),
	};
	return cmocka_run_group_tests_name(
	    "admin_vault_list", tests, NULL, NULL);
}
