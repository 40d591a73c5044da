// SPDX-License-Identifier: Apache-2.0
#include "admin/link.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/mem.h"

void link_init(struct link *link, int fd)
{
	*link = (struct link){.fd = fd};
	buf_init(&link->in, LINK_LINE_MAX + LINK_READ);
}

void link_done(struct link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
	if (link->in.ptr) // overwritten because passwords go over links
		explicit_bzero(link->in.ptr, link->in.capacity);
	buf_done(&link->in);
}

static enum rc send_all(int fd, struct iovec parts[2])
{
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	while (message.msg_iovlen > 0) {
		ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return RC_CLOSED;
		size_t rest = (size_t)sent;
		while (message.msg_iovlen > 0 &&
		       rest >= message.msg_iov->iov_len) {
			rest -= message.msg_iov->iov_len;
			message.msg_iov++;
			message.msg_iovlen--;
		}
		if (message.msg_iovlen > 0) {
			message.msg_iov->iov_base =
			    (char *)message.msg_iov->iov_base + rest;
			message.msg_iov->iov_len -= rest;
		}
	}
	return RC_OK;
}

enum rc link_send(struct link *link, json_t *message, struct view payload)
{
	if (payload.len > 0)
		json_object_set_new(
		    message, "bytes", json_integer((json_int_t)payload.len));
	struct buf line;
	buf_init(&line, LINK_LINE_MAX);
	char *text = json_dumps(message, JSON_COMPACT);
	json_decref(message);
	if (text)
		buf_add_string(&line, text);
	buf_add_char(&line, '\n');
	enum rc rc = text ? buf_status(&line) : RC_INVALID;
	if (rc == RC_OK) {
		struct iovec parts[2] = {
		    {line.ptr, line.len},
		    {(void *)(uintptr_t)payload.ptr, payload.len},
		};
		rc = send_all(link->fd, parts);
	}
	if (text) {
		explicit_bzero(text, strlen(text));
		explicit_bzero(line.ptr, line.len);
	}
	free(text);
	buf_done(&line);
	return rc;
}

// Reads more and adds it to what is there.
static enum rc fill(struct link *link)
{
	if (link->taken > 0) {
		buf_consume(&link->in, link->taken);
		link->taken = 0;
	}
	char *to = buf_reserve(&link->in, LINK_READ);
	if (!to)
		return RC_LIMIT;
	for (;;) {
		ssize_t got = recv(link->fd, to, LINK_READ, 0);
		if (got > 0) {
			buf_commit(&link->in, (size_t)got);
			return RC_OK;
		}
		if (got == 0 || errno != EINTR)
			return RC_CLOSED;
	}
}

static struct view unread(const struct link *link)
{
	return view_from(buf_view(&link->in), link->taken);
}

enum rc link_receive(struct link *link, json_t **ret_message)
{
	size_t looked = 0, end;
	for (;;) {
		struct view rest = unread(link);
		end = view_find_char(view_from(rest, looked), '\n');
		if (end != SIZE_MAX)
			break;
		looked = rest.len;
		if (looked >= LINK_LINE_MAX)
			return RC_LIMIT;
		enum rc rc = fill(link);
		if (rc != RC_OK)
			return rc;
	}
	struct view line = view_slice(unread(link), 0, looked + end);
	json_t *message = json_loadb(line.ptr, line.len, 0, NULL);
	link->taken += line.len + 1;
	if (!json_is_object(message)) {
		json_decref(message);
		return RC_SYNTAX;
	}
	*ret_message = message;
	return RC_OK;
}

enum rc link_read(struct link *link, size_t len, struct view *ret_bytes)
{
	if (unread(link).len == 0) {
		enum rc rc = fill(link);
		if (rc != RC_OK)
			return rc;
	}
	*ret_bytes = view_slice(unread(link), 0, len);
	link->taken += ret_bytes->len;
	return RC_OK;
}

uint64_t link_payload(const json_t *message)
{
	json_int_t bytes =
	    json_integer_value(json_object_get(message, "bytes"));
	return bytes > 0 ? (uint64_t)bytes : 0;
}

json_t *link_text(struct view text)
{
	json_t *string = json_stringn(text.len ? text.ptr : "", text.len);
	if (string)
		return string;
	char *plain = view_to_string(text);
	for (size_t i = 0; i < text.len; i++)
		if (plain[i] < 0)
			plain[i] = '?';
	string = json_stringn(plain, text.len);
	free(plain);
	return string;
}

struct view link_member(const json_t *message, const char *key)
{
	const json_t *member = json_object_get(message, key);
	return view_of(json_string_value(member), json_string_length(member));
}

enum rc link_rc(struct view name)
{
#define X(code, text)                                                          \
	if (view_eq(name, VIEW(#code)))                                        \
		return code;
	RC_TABLE(X)
#undef X
	return RC_IO;
}
