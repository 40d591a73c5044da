// SPDX-License-Identifier: Apache-2.0
// roost export maildir: writes a Maildir++ with dovecot-uidlist (so that UIDs
// stay the same after a move), dovecot-keywords and subscriptions. A message's
// date is its file's date.
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "admin/commands.h"
#include "admin/folder.h"
#include "admin/line_end.h"
#include "admin/maildir_name.h"
#include "admin/place.h"
#include "admin/show.h"
#include "base/map.h"
#include "store/mailbox.h"
#include "store/snapshot.h"

#define MESSAGE_MAX ((size_t)1 << 30)   // bytes
#define LIST_MAX    ((size_t)256 << 20) // bytes of dovecot-uidlist

struct export_run {
	struct place *place;
	struct folder root;
	struct fault *fault;
	struct arena arena;   // of the mailbox
	struct folder folder; // its descriptor is -1 before the first
	struct folder cur;    // inside it
	char *name;           // of the mailbox, for messages
	json_t *message;      // the message whose bytes are coming; NULL: none
	struct buf text;
	struct buf file;
	struct buf uids;
	struct view keywords[MAILDIR_KEYWORDS];
	size_t keyword_count;
	uint64_t stored; // in this mailbox
	uint64_t bad;
	uint64_t lost_keywords;
	struct arena kept;      // to the end
	struct map short_names; // a mailbox -> its folder, if that is short
};

// ---- Files -----------------------------------------------------------------

static enum rc write_file(struct export_run *run, const struct folder *folder,
    const char *name, struct view text, int64_t date)
{
	int fd;
	enum rc rc = folder_make_file(folder, name, run->fault, &fd);
	if (rc != RC_OK)
		return rc;
	bool good = true;
	while (good && text.len > 0) {
		ssize_t done = write(fd, text.ptr, text.len);
		good = done >= 0 || errno == EINTR;
		text = view_from(text, done > 0 ? (size_t)done : 0);
	}
	struct timespec times[2] = {{.tv_sec = date}, {.tv_sec = date}};
	if (good && date != 0)
		good = futimens(fd, times) == 0;
	int error = errno;
	if (close(fd) != 0 && good) {
		good = false;
		error = errno;
	}
	if (!good)
		return fault_set(run->fault, RC_IO, "%s/%s: %s", folder->path,
		    name, strerror(error));
	return RC_OK;
}

// Makes the three folders of a Maildir in run->folder, and keeps cur/ open.
static enum rc make_parts(struct export_run *run)
{
	struct folder ignored;
	static const char *const parts[] = {"new", "tmp"};
	enum rc rc = folder_make(
	    &run->arena, &run->folder, "cur", run->fault, &run->cur);
	for (size_t i = 0; rc == RC_OK && i < ARRAY_LEN(parts); i++) {
		rc = folder_make(
		    &run->arena, &run->folder, parts[i], run->fault, &ignored);
		if (rc == RC_OK)
			folder_close(&ignored);
	}
	return rc;
}

static void close_folders(struct export_run *run)
{
	folder_close(&run->cur);
	if (run->folder.fd != run->root.fd)
		folder_close(&run->folder);
	run->folder.fd = -1;
}

// Adds the name of a mailbox's folder, or the short one.
static enum rc add_folder_name(
    struct export_run *run, struct view mailbox, bool is_short, struct buf *out)
{
	enum rc rc = is_short ? maildir_path_shorten(mailbox, out)
			      : maildir_path_encode(mailbox, out);
	if (rc != RC_OK)
		return fault_set(run->fault, rc, "%.*s has no name as a folder",
		    VIEW_FMT(mailbox));
	return RC_OK;
}

static enum rc make_box(struct export_run *run, bool is_short)
{
	struct buf name;
	struct view mailbox = view_of_string(run->name);
	buf_init(&name, 16 * STORE_NAME_MAX);
	enum rc rc = add_folder_name(run, mailbox, is_short, &name);
	if (rc == RC_OK)
		rc = folder_make(&run->arena, &run->root,
		    arena_string(&run->arena, buf_view(&name)), run->fault,
		    &run->folder);
	buf_done(&name);
	return rc;
}

static void keep_short(struct export_run *run, struct view mailbox)
{
	struct buf name;
	buf_init(&name, 16 * STORE_NAME_MAX);
	if (maildir_path_shorten(mailbox, &name) == RC_OK)
		map_put(&run->short_names, mailbox,
		    arena_string(&run->kept, buf_view(&name)));
	buf_done(&name);
}

// Makes the folder of run->name. If the file system has no such name, or
// another mailbox has it there (without regard to case), it gets a short one.
static enum rc make_folder(struct export_run *run)
{
	enum rc rc = make_box(run, false);
	if (rc != RC_INVALID && rc != RC_EXISTS)
		return rc;
	rc = make_box(run, true);
	if (rc != RC_OK)
		return rc;
	struct view mailbox = view_of_string(run->name);
	keep_short(run, mailbox);
	cli_complain("%s: the file system cannot hold this name; the mailbox "
		     "is in %s, and its name in the file %s there",
	    run->name, run->folder.path, MAILDIR_NAME_FILE);
	return write_file(run, &run->folder, MAILDIR_NAME_FILE, mailbox, 0);
}

// ---- Mailboxes -------------------------------------------------------------

static enum rc end_mailbox(struct export_run *run)
{
	enum rc rc = RC_OK;
	if (run->folder.fd < 0)
		return RC_OK;
	show_print(stdout, view_of_string(run->name));
	printf(": %" PRIu64 "\n", run->stored);
	rc = write_file(
	    run, &run->folder, "dovecot-uidlist", buf_view(&run->uids), 0);
	if (rc == RC_OK && run->keyword_count > 0) {
		struct buf list;
		buf_init(&list, LIST_MAX);
		for (size_t i = 0; i < run->keyword_count; i++)
			buf_printf(
			    &list, "%zu %.*s\n", i, VIEW_FMT(run->keywords[i]));
		rc = write_file(
		    run, &run->folder, "dovecot-keywords", buf_view(&list), 0);
		buf_done(&list);
	}
	close_folders(run);
	return rc;
}

static enum rc begin_mailbox(struct export_run *run, const json_t *message)
{
	enum rc rc = end_mailbox(run);
	if (rc != RC_OK)
		return rc;
	arena_reset(&run->arena);
	free(run->name);
	run->name = view_to_string(link_member(message, "name"));
	run->stored = 0;
	run->keyword_count = 0;
	bool inbox = strcmp(run->name, "INBOX") == 0;
	if (inbox)
		run->folder = run->root;
	else
		rc = make_folder(run);
	buf_reset(&run->uids);
	buf_printf(&run->uids, "3 V%lld N%lld\n",
	    (long long)json_integer_value(
		json_object_get(message, "uidvalidity")),
	    (long long)json_integer_value(json_object_get(message, "uidnext")));
	if (rc == RC_OK)
		rc = make_parts(run);
	if (rc == RC_OK && !inbox) // this file marks a folder of Maildir++
		rc =
		    write_file(run, &run->folder, "maildirfolder", VIEW(""), 0);
	return rc;
}

// ---- Messages --------------------------------------------------------------

// The bit of a keyword's letter; 0 when all letters are in use.
static uint32_t keyword_bit(struct export_run *run, struct view name)
{
	size_t n = 0;
	while (n < run->keyword_count && !view_eq(run->keywords[n], name))
		n++;
	if (n == MAILDIR_KEYWORDS) {
		run->lost_keywords++;
		return 0;
	}
	if (n == run->keyword_count)
		run->keywords[run->keyword_count++] =
		    arena_copy(&run->arena, name);
	return 1u << n;
}

static void add_flags(struct export_run *run, struct buf *name)
{
	const json_t *flags = json_object_get(run->message, "flags"), *flag;
	unsigned system = 0;
	bool forwarded = false;
	uint32_t keywords = 0;
	size_t i;
	json_array_foreach(flags, i, flag)
	{
		struct view text =
		    view_of(json_string_value(flag), json_string_length(flag));
		if (view_eq(text, VIEW("\\Seen")))
			system |= STORE_FLAG_SEEN;
		else if (view_eq(text, VIEW("\\Answered")))
			system |= STORE_FLAG_ANSWERED;
		else if (view_eq(text, VIEW("\\Flagged")))
			system |= STORE_FLAG_FLAGGED;
		else if (view_eq(text, VIEW("\\Deleted")))
			system |= STORE_FLAG_DELETED;
		else if (view_eq(text, VIEW("\\Draft")))
			system |= STORE_FLAG_DRAFT;
		else if (view_eq_nocase(text, VIEW("$Forwarded")))
			forwarded = true;
		else
			keywords |= keyword_bit(run, text);
	}
	maildir_name_add_flags(system, forwarded, keywords, name);
}

static enum rc write_message(struct export_run *run)
{
	struct view mail = buf_view(&run->text);
	bool regular = line_end_is_regular(mail);
	long long date = (long long)json_integer_value(
	    json_object_get(run->message, "date"));
	long long uid =
	    (long long)json_integer_value(json_object_get(run->message, "uid"));
	struct buf name;
	buf_reset(&run->file);
	if (regular)
		line_end_to_file(mail, &run->file);
	else
		buf_add(&run->file, mail);
	buf_init(&name, 512);
	buf_printf(&name, "%lld.U%lld.roost,S=%zu,W=%zu", date > 0 ? date : 0,
	    uid, run->file.len, mail.len);
	buf_printf(&run->uids, "%lld :%.*s\n", uid, VIEW_FMT(buf_view(&name)));
	add_flags(run, &name);
	const char *file = arena_string(&run->arena, buf_view(&name));
	buf_done(&name);
	run->stored++;
	return write_file(run, &run->cur, file, buf_view(&run->file), date);
}

static enum rc take_piece(struct export_run *run, const json_t *piece)
{
	uint64_t left = link_payload(piece);
	enum rc rc = RC_OK;
	while (rc == RC_OK && left > 0) {
		struct view bytes;
		size_t most = left < SIZE_MAX ? (size_t)left : SIZE_MAX;
		rc = link_read(&run->place->link, most, &bytes);
		if (rc != RC_OK)
			return fault_set(run->fault, rc, "the server hung up");
		buf_add(&run->text, bytes);
		left -= bytes.len;
	}
	if (!run->message ||
	    (json_int_t)run->text.len !=
		json_integer_value(json_object_get(run->message, "size")))
		return buf_status(&run->text);
	rc = write_message(run);
	json_decref(run->message);
	run->message = NULL;
	return rc;
}

static void drop_message(struct export_run *run, const json_t *note)
{
	struct view text = link_member(note, "text");
	long long uid =
	    (long long)json_integer_value(json_object_get(run->message, "uid"));
	if (text.len > 0) { // no text: the message has been expunged
		run->bad++;
		cli_complain(
		    "%s, UID %lld: %.*s", run->name, uid, VIEW_FMT(text));
	}
	json_decref(run->message);
	run->message = NULL;
}

static enum rc add_subscription(
    struct export_run *run, struct view mailbox, struct buf *list)
{
	struct buf folder;
	const char *kept = map_get(&run->short_names, mailbox);
	enum rc rc = RC_OK;
	buf_init(&folder, 16 * STORE_NAME_MAX);
	if (kept)
		buf_add_string(&folder, kept);
	else
		rc = add_folder_name(run, mailbox, false, &folder);
	if (rc == RC_OK)
		buf_printf(
		    list, "%.*s\n", VIEW_FMT(view_from(buf_view(&folder), 1)));
	buf_done(&folder);
	return rc;
}

static enum rc write_subscriptions(
    struct export_run *run, const json_t *message)
{
	const json_t *names = json_object_get(message, "names"), *name;
	struct buf list;
	size_t i;
	enum rc rc = RC_OK;
	buf_init(&list, LIST_MAX);
	json_array_foreach(names, i, name)
	{
		struct view plain =
		    view_of(json_string_value(name), json_string_length(name));
		rc = add_subscription(run, plain, &list);
	}
	if (rc == RC_OK)
		rc = write_file(
		    run, &run->root, "subscriptions", buf_view(&list), 0);
	buf_done(&list);
	return rc;
}

// ---- The whole -------------------------------------------------------------

static enum rc take_note(struct export_run *run, json_t *message)
{
	struct view note = link_member(message, "note");
	if (view_eq(note, VIEW("mailbox")))
		return begin_mailbox(run, message);
	if (view_eq(note, VIEW("subscriptions")))
		return write_subscriptions(run, message);
	if (view_eq(note, VIEW("piece")))
		return take_piece(run, message);
	if (view_eq(note, VIEW("message"))) {
		json_decref(run->message);
		run->message = json_incref(message);
		buf_reset(&run->text);
		return RC_OK;
	}
	if (run->message)
		drop_message(run, message);
	return RC_OK;
}

static enum rc receive_all(struct export_run *run, const char *user)
{
	json_t *message;
	json_t *request = json_pack("{s:s}", "do", "export");
	json_object_set_new(request, "user", link_text(view_of_string(user)));
	enum rc rc = link_send(&run->place->link, request, VIEW(""));
	while (rc == RC_OK) {
		rc = place_receive(run->place, run->fault, &message);
		if (rc == RC_OK)
			rc = take_note(run, message);
		json_decref(message);
	}
	if (rc == RC_END)
		rc = run->fault->rc;
	return rc == RC_OK ? end_mailbox(run) : rc;
}

static enum rc export_to(
    struct export_run *run, const struct cli_call *call, const char *user)
{
	struct place place;
	enum rc rc = folder_make_named(
	    &run->kept, call->arguments[0], run->fault, &run->root);
	if (rc == RC_OK)
		rc = place_open(&call->place, false, run->fault, &place);
	if (rc != RC_OK)
		return rc;
	// Nobody reads it after this call.
	// cppcheck-suppress autoVariables
	run->place = &place;
	rc = receive_all(run, user);
	place_close(&place);
	return rc;
}

enum cli_exit cmd_export_maildir(const struct cli_call *call)
{
	struct fault fault = {0};
	struct export_run run = {
	    .fault = &fault, .root.fd = -1, .folder.fd = -1, .cur.fd = -1};
	const char *user = cli_value(call, "user");
	if (!user) {
		cli_complain("say whose mail: --user USER");
		return CLI_USAGE;
	}
	arena_init(&run.arena);
	arena_init(&run.kept);
	map_init(&run.short_names);
	buf_init(&run.text, MESSAGE_MAX);
	buf_init(&run.file, MESSAGE_MAX);
	buf_init(&run.uids, LIST_MAX);
	enum rc rc = export_to(&run, call, user);
	if (run.lost_keywords > 0)
		cli_complain("%" PRIu64 " keywords were left out: a Maildir "
			     "folder has room for 26",
		    run.lost_keywords);
	json_decref(run.message);
	free(run.name);
	buf_done(&run.text);
	buf_done(&run.file);
	buf_done(&run.uids);
	close_folders(&run);
	folder_close(&run.root);
	map_done(&run.short_names);
	arena_done(&run.kept);
	arena_done(&run.arena);
	if (rc != RC_OK)
		return cli_fail(rc, &fault);
	return run.bad + run.lost_keywords > 0 ? CLI_PROBLEM : CLI_OK;
}
