// SPDX-License-Identifier: Apache-2.0
#include "admin/import.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <unistd.h>

#include "admin/foreign.h"
#include "admin/line_end.h"
#include "admin/show.h"
#include "admin/unpack.h"
#include "base/clock.h"
#include "base/mem.h"

// A batch is one commit. While the store commits one batch, the import reads
// the files of the next one.
#define BATCH_MESSAGES  200
#define BATCH_BYTES     ((size_t)4 << 20)
#define SOURCE_MAX      300 // how many bytes of a source's name are sent
#define PROGRESS_MS     100 // between two lines on a terminal
#define READ_STEP       ((size_t)256 << 10)
#define SMALL_FILE_MAX  ((size_t)64 << 20) // bytes of dovecot-uidlist and such
#define SHA256_HEX      (2 * EVP_MAX_MD_SIZE)
#define TOTAL_MAILBOXES "all"

struct count {
	uint64_t stored;
	uint64_t known;
	uint64_t bad;
};

struct import {
	struct place *place;
	struct fault *fault;
	char *name;          // of the mailbox; NULL before the first
	struct count here;   // in this mailbox
	struct count before; // in those before
	uint64_t expected;
	struct buf text; // the batch's bytes
	struct buf file; // one file
	struct buf unpacked;
	bool doubted;     // import_doubt() has named something
	json_t *messages; // the batch's messages
	bool waiting;     // a batch was sent and not answered yet
	bool terminal;
	bool quiet;
	uint64_t shown_ms;
};

// ---- What a person sees ----------------------------------------------------

static void clear_line(const struct import *import)
{
	if (import->terminal)
		fputs("\r\033[K", stderr);
}

static void show_progress(struct import *import)
{
	uint64_t now = clock_monotonic_ms();
	if (!import->terminal || now - import->shown_ms < PROGRESS_MS)
		return;
	import->shown_ms = now;
	const struct count *c = &import->here;
	clear_line(import);
	fprintf(stderr, "%s: %" PRIu64, import->name,
	    c->stored + c->known + c->bad);
	if (import->expected > 0)
		fprintf(stderr, " of %" PRIu64, import->expected);
}

static void print_count(
    const struct import *import, const char *name, const struct count *c)
{
	if (import->quiet)
		return;
	show_print(stdout, view_of_string(name));
	printf(": %" PRIu64 " new, %" PRIu64 " known, %" PRIu64 " bad\n",
	    c->stored, c->known, c->bad);
}

static void end_mailbox(struct import *import)
{
	if (import->name) {
		clear_line(import);
		print_count(import, import->name, &import->here);
	}
	// Without a name: what was bad before the first mailbox.
	import->before.stored += import->here.stored;
	import->before.known += import->here.known;
	import->before.bad += import->here.bad;
	import->here = (struct count){0};
	free(import->name);
	import->name = NULL;
}

void import_bad(struct import *import, const char *source, const char *text)
{
	clear_line(import);
	import->here.bad++;
	cli_complain("%s: %s", source, text);
}

void import_doubt(struct import *import, const char *source, const char *text)
{
	clear_line(import);
	import->doubted = true;
	cli_complain("%s: %s", source, text);
}

// ---- Batches ---------------------------------------------------------------

static void take_bad(struct import *import, const json_t *bad)
{
	const json_t *item;
	size_t i;
	json_array_foreach(bad, i, item)
	{
		char *source = view_to_string(link_member(item, "source"));
		char *text = view_to_string(link_member(item, "text"));
		import_bad(import, source, text);
		free(source);
		free(text);
	}
}

// Receives the next message from the other side; a failure ends the import.
static enum rc receive(struct import *import, json_t **ret_message)
{
	enum rc rc = place_receive(import->place, import->fault, ret_message);
	if (rc == RC_END) {
		json_decref(*ret_message);
		*ret_message = NULL;
		return import->fault->rc == RC_OK ? RC_IO : import->fault->rc;
	}
	return rc;
}

static enum rc await_batch(struct import *import)
{
	json_t *message;
	if (!import->waiting)
		return RC_OK;
	import->waiting = false;
	enum rc rc = receive(import, &message);
	if (rc != RC_OK)
		return rc;
	import->here.stored +=
	    (uint64_t)json_integer_value(json_object_get(message, "new"));
	import->here.known +=
	    (uint64_t)json_integer_value(json_object_get(message, "known"));
	take_bad(import, json_object_get(message, "bad"));
	json_decref(message);
	show_progress(import);
	return RC_OK;
}

static enum rc send_batch(struct import *import)
{
	enum rc rc = await_batch(import);
	if (rc != RC_OK || json_array_size(import->messages) == 0)
		return rc;
	json_t *message = json_object();
	json_object_set_new(message, "messages", import->messages);
	import->messages = json_array();
	rc = link_send(&import->place->link, message, buf_view(&import->text));
	buf_reset(&import->text);
	import->waiting = rc == RC_OK;
	if (rc != RC_OK)
		return fault_set(import->fault, rc, "the server hung up");
	return RC_OK;
}

static enum rc flush_batches(struct import *import)
{
	enum rc rc = send_batch(import);
	return rc == RC_OK ? await_batch(import) : rc;
}

// ---- Beginning and end -----------------------------------------------------

enum rc import_open(struct place *place, const char *user, struct fault *fault,
    struct import **ret_import)
{
	struct import import = {
	    .place = place,
	    .fault = fault,
	    .terminal = isatty(STDERR_FILENO) == 1,
	};
	json_t *go;
	json_t *request = json_pack("{s:s}", "do", "import");
	json_object_set_new(request, "user", link_text(view_of_string(user)));
	enum rc rc = link_send(&place->link, request, VIEW(""));
	if (rc == RC_OK)
		rc = receive(&import, &go);
	if (rc != RC_OK)
		return rc;
	json_decref(go);
	buf_init(&import.text, 2 * IMPORT_FILE_MAX + BATCH_BYTES);
	buf_init(&import.file, IMPORT_FILE_MAX);
	buf_init(&import.unpacked, IMPORT_FILE_MAX);
	import.messages = json_array();
	*ret_import = mem_alloc(sizeof(import));
	**ret_import = import;
	return RC_OK;
}

void import_set_quiet(struct import *import)
{
	import->quiet = true;
	import->terminal = false;
}

enum rc import_begin(const struct cli_call *call, struct place *ret_place,
    struct fault *fault, struct import **ret_import)
{
	const char *user = cli_value(call, "user");
	if (!user)
		return fault_set(
		    fault, RC_SYNTAX, "say whose mail: --user USER");
	enum rc rc = place_open(&call->place, false, fault, ret_place);
	if (rc != RC_OK)
		return rc;
	rc = import_open(ret_place, user, fault, ret_import);
	if (rc != RC_OK)
		place_close(ret_place);
	return rc;
}

static enum rc await_end(struct import *import)
{
	json_t *answer = NULL;
	enum rc rc = link_send(
	    &import->place->link, json_pack("{s:b}", "end", 1), VIEW(""));
	if (rc == RC_OK)
		rc = place_receive(import->place, import->fault, &answer);
	if (rc == RC_END)
		rc = import->fault->rc;
	json_decref(answer);
	return rc;
}

enum cli_exit import_close(
    struct import **import_at, enum rc rc, struct fault *fault)
{
	struct import *import = *import_at;
	*import_at = NULL;
	if (rc == RC_OK)
		rc = flush_batches(import);
	end_mailbox(import);
	if (rc == RC_OK)
		rc = await_end(import);
	print_count(import, TOTAL_MAILBOXES, &import->before);
	enum cli_exit exit = CLI_OK;
	if (import->before.bad > 0 || import->doubted)
		exit = CLI_PROBLEM;
	json_decref(import->messages);
	buf_done(&import->text);
	buf_done(&import->file);
	buf_done(&import->unpacked);
	free(import);
	return rc == RC_OK ? exit : cli_fail(rc, fault);
}

static enum rc enter(struct import *import, json_t *message, struct view name)
{
	json_t *answer;
	json_object_set_new(message, "mailbox", link_text(name));
	enum rc rc = link_send(&import->place->link, message, VIEW(""));
	if (rc == RC_OK)
		rc = receive(import, &answer);
	if (rc != RC_OK)
		return rc;
	char *text = view_to_string(link_member(answer, "text"));
	if (*text) {
		char *plain = view_to_string(name);
		import_bad(import, plain, text);
		free(plain);
		rc = RC_INVALID;
	}
	free(text);
	json_decref(answer);
	return rc;
}

enum rc import_mailbox(
    struct import *import, struct view name, bool subscribe, uint64_t expected)
{
	enum rc rc = flush_batches(import);
	if (rc != RC_OK)
		return rc;
	end_mailbox(import);
	import->name = view_to_string(name);
	import->expected = expected;
	return enter(import, json_pack("{s:b}", "subscribe", subscribe), name);
}

enum rc import_subscribe(struct import *import, struct view name)
{
	enum rc rc = flush_batches(import);
	if (rc == RC_OK)
		rc = enter(import,
		    json_pack("{s:b, s:b}", "subscribe", 1, "create", 0), name);
	return rc == RC_INVALID ? RC_OK : rc;
}

// ---- Messages --------------------------------------------------------------

static void add_hash(json_t *item, struct view bytes)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char hash[EVP_MAX_MD_SIZE];
	char hex[SHA256_HEX];
	unsigned len = 0;
	if (EVP_Digest(bytes.ptr, bytes.len, hash, &len, EVP_sha256(), NULL) !=
	    1)
		return;
	for (unsigned i = 0; i < len; i++) {
		hex[2 * i] = digits[hash[i] >> 4];
		hex[2 * i + 1] = digits[hash[i] & 15];
	}
	json_object_set_new(item, "sha256", json_stringn(hex, 2 * len));
}

enum rc import_message(
    struct import *import, const struct import_message *message)
{
	size_t before = import->text.len;
	line_end_to_mail(message->text, &import->text);
	struct view bytes = view_from(buf_view(&import->text), before);
	json_t *item = json_object();
	json_object_set_new(item, "size", json_integer((json_int_t)bytes.len));
	add_hash(item, bytes);
	if (message->flags)
		json_object_set_new(item, "flags", message->flags);
	if (message->has_date) {
		json_object_set_new(item, "date", json_integer(message->date));
		json_object_set_new(
		    item, "zone", json_integer(message->zone_minutes));
	}
	json_object_set_new(item, "source",
	    link_text(
		view_slice(view_of_string(message->source), 0, SOURCE_MAX)));
	json_array_append_new(import->messages, item);
	if (json_array_size(import->messages) < BATCH_MESSAGES &&
	    import->text.len < BATCH_BYTES)
		return RC_OK;
	return send_batch(import);
}

enum rc import_read_all(int fd, struct fault *fault, struct buf *ret_text)
{
	enum rc rc = RC_OK;
	for (;;) {
		char *to = buf_reserve(ret_text, READ_STEP);
		if (!to) {
			rc = fault_set(fault, RC_LIMIT, "it is over %zu MiB",
			    ret_text->max >> 20);
			break;
		}
		ssize_t got = read(fd, to, READ_STEP);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			rc = fault_set(fault, RC_IO, "%s", strerror(errno));
		if (got <= 0)
			break;
		buf_commit(ret_text, (size_t)got);
	}
	close(fd);
	return rc;
}

struct view import_read_small(struct import *import, struct arena *arena,
    const struct folder *folder, const char *name)
{
	struct fault fault = {0};
	struct stat info;
	struct buf text;
	struct view copy = VIEW("");
	int fd;
	buf_init(&text, SMALL_FILE_MAX);
	enum rc rc = folder_open_file(folder, name, &fault, &fd, &info);
	if (rc == RC_OK)
		rc = import_read_all(fd, &fault, &text);
	if (rc == RC_OK)
		copy = arena_copy(arena, buf_view(&text));
	else if (rc != RC_NOT_FOUND)
		import_doubt(import, listing_join(arena, folder->path, name),
		    fault.text);
	buf_done(&text);
	return copy;
}

enum rc import_open_file(struct import *import, const struct folder *folder,
    const char *name, int *ret_fd, struct stat *ret_info)
{
	struct fault fault = {0};
	struct arena arena;
	if (folder_open_file(folder, name, &fault, ret_fd, ret_info) == RC_OK)
		return RC_OK;
	arena_init(&arena);
	import_bad(
	    import, listing_join(&arena, folder->path, name), fault.text);
	arena_done(&arena);
	return RC_DENIED;
}

// Unpacks a file that Dovecot keeps compressed, or says why it is not a
// message.
static const char *unpack_file(struct import *import, struct view *text)
{
	if (!unpack_is_packed(*text))
		return foreign_file(*text);
	buf_reset(&import->unpacked);
	enum rc rc = unpack(*text, &import->unpacked);
	*text = buf_view(&import->unpacked);
	if (rc == RC_LIMIT)
		return "it is compressed, and too large when unpacked";
	return rc == RC_OK ? NULL : "it is compressed, and damaged";
}

enum rc import_file(struct import *import, int fd, const char *path,
    struct import_message *message)
{
	struct fault fault = {0};
	buf_reset(&import->file);
	enum rc rc = import_read_all(fd, &fault, &import->file);
	if (rc != RC_OK) {
		import_bad(import, path, fault.text);
		json_decref(message->flags);
		return RC_OK;
	}
	message->text = buf_view(&import->file);
	message->source = path;
	const char *why = unpack_file(import, &message->text);
	if (why) {
		import_bad(import, path, why);
		json_decref(message->flags);
		return RC_OK;
	}
	return import_message(import, message);
}
