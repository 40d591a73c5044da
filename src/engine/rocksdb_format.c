// SPDX-License-Identifier: Apache-2.0
// The file FORMAT in the database's folder:
//
//   roost data format 3
//   upgrading from 2
//   check 0123456789abcdef
//
// The second line is there only while an upgrade is not finished. The last line
// has the XXH3 hash of the lines before. A later version may add lines, but
// never changes the first and the last one, so that every version since the
// first one with this file can tell that data is newer than itself.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>
#include <xxhash.h>

#include "engine/rocksdb_folder.h"

#define FILE_NAME  "FORMAT"
#define TEXT_MAX   ((size_t)4096)
#define CHECK_LINE (sizeof("check 0123456789abcdef\n") - 1)

// ---- Text ------------------------------------------------------------------

static void compose(const struct engine_format *format, struct buf *text)
{
	buf_printf(text, "roost data format %" PRIu32 "\n", format->number);
	if (format->from)
		buf_printf(text, "upgrading from %" PRIu32 "\n", format->from);
	buf_printf(text, "check %016" PRIx64 "\n",
	    (uint64_t)XXH3_64bits(text->ptr, text->len));
}

static bool check_is_right(struct view text)
{
	char line[CHECK_LINE + 1];
	if (text.len <= CHECK_LINE || text.len > TEXT_MAX)
		return false;
	size_t len = text.len - CHECK_LINE;
	if (text.ptr[len - 1] != '\n')
		return false;
	snprintf(line, sizeof(line), "check %016" PRIx64 "\n",
	    (uint64_t)XXH3_64bits(text.ptr, len));
	return view_eq(view_from(text, len), view_of_string(line));
}

static bool take_number(
    struct view *text, struct view before, uint32_t *ret_number)
{
	struct view line;
	struct view rest = *text;
	if (!view_split(&rest, '\n', &line) || !view_starts_with(line, before))
		return false;
	if (!view_to_u32(view_from(line, before.len), ret_number) ||
	    *ret_number == 0)
		return false;
	*text = rest;
	return true;
}

static enum rc damaged(struct fault *fault)
{
	return fault_set(fault, RC_CORRUPT,
	    FILE_NAME
	    " is damaged; if no newer version of Roost has used the folder, it "
	    "may be removed: the data is then upgraded from the first format");
}

enum rc engine_format_read(struct view text, uint32_t newest,
    struct fault *fault, struct engine_format *ret_format)
{
	struct engine_format format = {0};
	if (!check_is_right(text))
		return damaged(fault);
	struct view rest = view_slice(text, 0, text.len - CHECK_LINE);
	if (!take_number(&rest, VIEW("roost data format "), &format.number))
		return damaged(fault);
	if (format.number > newest)
		return fault_set(fault, RC_UNSUPPORTED,
		    "the data has format %" PRIu32
		    ", and this version of Roost knows the formats up to "
		    "%" PRIu32
		    ": it was used by a newer version, which is needed to open "
		    "it",
		    format.number, newest);
	if (rest.len > 0 &&
	    (!take_number(&rest, VIEW("upgrading from "), &format.from) ||
		format.from >= format.number || rest.len > 0))
		return damaged(fault);
	*ret_format = format;
	return RC_OK;
}

// ---- File ------------------------------------------------------------------

static enum rc io_failed(struct fault *fault, const char *name)
{
	return fault_set(fault, RC_IO, "%s: %s", name, strerror(errno));
}

enum rc rocks_folder_sync(const char *path, struct fault *fault)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return io_failed(fault, path);
	enum rc rc = fsync(fd) == 0 ? RC_OK : io_failed(fault, path);
	close(fd);
	return rc;
}

// RC_NOT_FOUND: there is no such file.
static enum rc read_file(
    const char *path, struct fault *fault, struct buf *ret_text)
{
	char name[4160];
	snprintf(name, sizeof(name), "%s/" FILE_NAME, path);
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? RC_NOT_FOUND : io_failed(fault, name);
	char bytes[TEXT_MAX];
	ssize_t len = read(fd, bytes, sizeof(bytes));
	enum rc rc = len < 0 ? io_failed(fault, name) : RC_OK;
	close(fd);
	if (rc == RC_OK)
		buf_add(ret_text, view_of(bytes, (size_t)len));
	return rc;
}

enum rc rocks_format_read(const char *path, uint32_t newest,
    struct fault *fault, struct engine_format *ret_format)
{
	struct fault why = {0};
	struct buf text;
	buf_init(&text, TEXT_MAX);
	enum rc rc = read_file(path, fault, &text);
	if (rc == RC_OK) {
		rc = engine_format_read(
		    buf_view(&text), newest, &why, ret_format);
		if (rc != RC_OK)
			rc = fault_set(fault, rc, "%s: %s", path, why.text);
	}
	buf_done(&text);
	return rc;
}

enum rc rocks_format_write(
    const char *path, const struct engine_format *format, struct fault *fault)
{
	char name[4160];
	char temporary[4160];
	struct buf text;
	snprintf(name, sizeof(name), "%s/" FILE_NAME, path);
	snprintf(temporary, sizeof(temporary), "%s/" FILE_NAME ".new", path);
	buf_init(&text, TEXT_MAX);
	compose(format, &text);
	int fd =
	    open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool done = fd >= 0 &&
		    write(fd, text.ptr, text.len) == (ssize_t)text.len &&
		    fsync(fd) == 0;
	done = done && rename(temporary, name) == 0;
	enum rc rc = done ? RC_OK : io_failed(fault, name);
	if (fd >= 0)
		close(fd);
	buf_done(&text);
	return rc == RC_OK ? rocks_folder_sync(path, fault) : rc;
}

enum rc rocks_format_flipped(const char *path, uint64_t *ret_bit)
{
	struct buf text;
	enum rc rc = RC_NOT_FOUND;
	buf_init(&text, TEXT_MAX);
	if (read_file(path, NULL, &text) == RC_OK)
		for (uint64_t bit = 0; bit < 8 * text.len; bit++) {
			text.ptr[bit / 8] ^= (char)(1 << bit % 8);
			bool right = check_is_right(buf_view(&text));
			text.ptr[bit / 8] ^= (char)(1 << bit % 8);
			if (!right)
				continue;
			*ret_bit = bit;
			rc = RC_OK;
			break;
		}
	buf_done(&text);
	return rc;
}

// ---- The engine's ----------------------------------------------------------

enum rc rocks_format_set(struct engine *engine,
    const struct engine_format *format, struct fault *fault)
{
	return rocks_format_write(rocks_of(engine)->path, format, fault);
}
