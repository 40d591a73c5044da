// SPDX-License-Identifier: Apache-2.0
// The database of the backup is opened where it is, in a child process: a
// folder of hard links gives its files their names. The child exports the
// user's mail, and what it sends is imported into the server.
#include "admin/backup_user.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "admin/import.h"
#include "admin/place.h"
#include "store/mailbox.h"

#define MESSAGE_MAX ((size_t)1 << 30)

struct feed {
	const struct vault_backup *backup;
	const struct backup_user *user;
	struct fault *fault;
	struct place from;
	struct import *import;
	bool found; // a mailbox
	bool skip;  // its messages cannot come back
	char *name; // of the mailbox
	json_t *message;
	struct buf text;
};

// ---- What comes from the backup --------------------------------------------

static enum rc enter(struct feed *feed, const json_t *note)
{
	const struct backup_user *user = feed->user;
	struct view name = link_member(note, "name");
	struct buf to;
	free(feed->name);
	feed->name = view_to_string(name);
	feed->found = true;
	buf_init(&to, 4 * STORE_NAME_MAX);
	if (user->into && user->mailbox)
		buf_add_string(&to, user->into);
	else if (user->into)
		buf_printf(&to, "%s/%.*s", user->into, VIEW_FMT(name));
	else if (user->mailbox)
		buf_printf(&to, "Restored/%.*s %.10s", VIEW_FMT(name),
		    feed->backup->id);
	else
		buf_add(&to, name);
	uint64_t expected =
	    (uint64_t)json_integer_value(json_object_get(note, "messages"));
	enum rc rc = import_mailbox(
	    feed->import, buf_view(&to), user->mailbox != NULL, expected);
	buf_done(&to);
	feed->skip = rc == RC_INVALID; // it has been named and counted
	return rc == RC_INVALID ? RC_OK : rc;
}

static enum rc put_message(struct feed *feed)
{
	char source[4200];
	json_t *message = feed->message;
	struct import_message out = {
	    .text = buf_view(&feed->text),
	    .source = source,
	    .flags = json_incref(json_object_get(message, "flags")),
	    .has_date = true,
	    .date = json_integer_value(json_object_get(message, "date")),
	    .zone_minutes =
		(int16_t)json_integer_value(json_object_get(message, "zone")),
	};
	snprintf(source, sizeof(source), "%s, UID %lld", feed->name,
	    (long long)json_integer_value(json_object_get(message, "uid")));
	enum rc rc = RC_OK;
	if (feed->skip)
		json_decref(out.flags);
	else
		rc = import_message(feed->import, &out);
	json_decref(feed->message);
	feed->message = NULL;
	return rc;
}

static enum rc take_piece(struct feed *feed, const json_t *piece)
{
	uint64_t left = link_payload(piece);
	while (left > 0) {
		struct view bytes;
		enum rc rc = link_read(&feed->from.link,
		    left < SIZE_MAX ? (size_t)left : SIZE_MAX, &bytes);
		if (rc != RC_OK)
			return fault_set(
			    feed->fault, rc, "the backup cannot be read");
		buf_add(&feed->text, bytes);
		left -= bytes.len;
	}
	if (!feed->message ||
	    (json_int_t)feed->text.len !=
		json_integer_value(json_object_get(feed->message, "size")))
		return buf_status(&feed->text);
	return put_message(feed);
}

static enum rc subscribe(struct feed *feed, const json_t *note)
{
	const json_t *names = json_object_get(note, "names"), *name;
	enum rc rc = RC_OK;
	size_t i;
	if (feed->user->mailbox || feed->user->into)
		return RC_OK;
	json_array_foreach(names, i, name)
	{
		if (rc == RC_OK)
			rc = import_subscribe(
			    feed->import, view_of(json_string_value(name),
					      json_string_length(name)));
	}
	return rc;
}

static enum rc take_note(struct feed *feed, json_t *note)
{
	struct view kind = link_member(note, "note");
	if (view_eq(kind, VIEW("mailbox")))
		return enter(feed, note);
	if (view_eq(kind, VIEW("piece")))
		return take_piece(feed, note);
	if (view_eq(kind, VIEW("subscriptions")))
		return subscribe(feed, note);
	if (view_eq(kind, VIEW("bad")) && feed->message)
		import_bad(feed->import, feed->name,
		    "a message in the backup is damaged");
	json_decref(feed->message);
	feed->message = NULL;
	buf_reset(&feed->text);
	if (view_eq(kind, VIEW("message")))
		feed->message = json_incref(note);
	return RC_OK;
}

static enum rc feed_all(struct feed *feed)
{
	char room[STORE_NAME_MAX];
	json_t *note;
	json_t *request = json_pack("{s:s}", "do", "export");
	json_object_set_new(
	    request, "user", link_text(view_of_string(feed->user->user)));
	if (feed->user->mailbox)
		json_object_set_new(request, "mailbox",
		    link_text(store_name_canonical(
			view_of_string(feed->user->mailbox), room)));
	enum rc rc = link_send(&feed->from.link, request, VIEW(""));
	while (rc == RC_OK) {
		rc = place_receive(&feed->from, feed->fault, &note);
		if (rc == RC_OK)
			rc = take_note(feed, note);
		json_decref(note);
	}
	if (rc == RC_END)
		rc = feed->fault->rc;
	if (rc == RC_OK && !feed->found)
		rc = fault_set(feed->fault, RC_NOT_FOUND,
		    "there is no such mailbox in the backup %s",
		    feed->backup->id);
	return rc;
}

// ---- The database of the backup --------------------------------------------

// Where hard links are not possible, the file is copied.
static enum rc give_name(const struct vault *vault, const struct folder *to,
    const struct vault_file *file, const char *name, struct fault *fault)
{
	struct vault_pace pace = {0};
	int fd;
	if (linkat(vault->files.fd, file->hash, to->fd, name, 0) == 0)
		return RC_OK;
	if (errno == ENOENT)
		return fault_set(fault, RC_CORRUPT,
		    "%s: the copy in the backup is missing (%s)", file->path,
		    file->hash);
	enum rc rc = folder_make_file(to, name, fault, &fd);
	if (rc != RC_OK)
		return rc;
	rc = vault_take_out(vault, file, fd, &pace, fault);
	close(fd);
	return rc;
}

static enum rc give_names(const struct vault *vault,
    const struct vault_backup *backup, const struct folder *to,
    struct fault *fault)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < backup->count; i++) {
		const struct vault_file *file = &backup->files[i];
		struct view path = view_of_string(file->path);
		if (view_starts_with(path, VIEW("store/")))
			rc = give_name(vault, to, file, file->path + 6, fault);
	}
	return rc;
}

static void remove_named(struct arena *arena, const struct vault *vault,
    struct folder *folder, const char *name)
{
	struct listing list;
	if (folder_list(arena, folder, NULL, &list) == RC_OK)
		for (size_t i = 0; i < list.count; i++)
			(void)unlinkat(folder->fd, list.names[i], 0);
	folder_close(folder);
	(void)unlinkat(vault->root.fd, name, AT_REMOVEDIR);
}

static enum cli_exit import_feed(const struct cli_call *call, struct feed *feed)
{
	struct place to;
	enum rc rc = place_open(&call->place, false, feed->fault, &to);
	if (rc != RC_OK)
		return cli_fail(rc, feed->fault);
	enum cli_exit exit;
	rc = import_open(&to, feed->user->user, feed->fault, &feed->import);
	if (rc == RC_OK) {
		rc = feed_all(feed);
		exit = import_close(&feed->import, rc, feed->fault);
	} else {
		exit = cli_fail(rc, feed->fault);
	}
	place_close(&to);
	return exit;
}

enum cli_exit backup_user_restore(const struct cli_call *call,
    const struct vault *vault, const struct vault_backup *backup,
    const struct backup_user *user)
{
	struct fault fault = {0};
	struct feed feed = {.backup = backup, .user = user, .fault = &fault};
	struct arena arena;
	struct folder folder;
	char name[64];
	arena_init(&arena);
	snprintf(name, sizeof(name), VAULT_OPENED "%ld", (long)getpid());
	enum cli_exit exit = CLI_FAILED;
	enum rc rc = folder_make(&arena, &vault->root, name, &fault, &folder);
	if (rc == RC_OK) {
		rc = give_names(vault, backup, &folder, &fault);
		if (rc == RC_OK)
			rc = place_open_store(
			    &call->place, folder.path, &fault, &feed.from);
		if (rc == RC_OK) {
			buf_init(&feed.text, MESSAGE_MAX);
			exit = import_feed(call, &feed);
			buf_done(&feed.text);
			place_close(&feed.from);
			json_decref(feed.message);
			free(feed.name);
		}
		remove_named(&arena, vault, &folder, name);
	}
	arena_done(&arena);
	return rc == RC_OK ? exit : cli_fail(rc, &fault);
}
