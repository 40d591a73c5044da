// SPDX-License-Identifier: Apache-2.0
// A cursor moves over the path. The code collects the local part without its
// quoting. domain_name.h gives the canonical form of the domain.
#include "wire/smtp_path.h"

#include <string.h>

#include "base/ascii.h"
#include "wire/domain_name.h"
#include "wire/utf8.h"

// ---- Characters ---------------------------------------------------------

// Tells whether `c` is an atext (RFC 5322 section 3.2.3) in US-ASCII.
static bool is_atext(char c)
{
	return ascii_is_alnum(c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

// Tells whether `c` may be in a local part without quotes. Bytes over 0x7f are
// checked later, when the local part is complete.
static bool is_bare(char c)
{
	return is_atext(c) || c == '.' || ((unsigned char)c & 0x80);
}

// In UTF-8, the C1 controls are C2 80 to C2 9F.
static bool has_control(struct view text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (ascii_is_control(text.ptr[i]))
			return true;
		if (c == 0xc2 && i + 1 < text.len &&
		    (unsigned char)text.ptr[i + 1] < 0xa0)
			return true;
	}
	return false;
}

// Tells whether `local` is a Dot-string (RFC 5321 section 4.1.2), which needs
// no quotes.
static bool is_dot_string(struct view local)
{
	bool after_dot = true;
	for (size_t i = 0; i < local.len; i++) {
		char c = local.ptr[i];
		bool dot = c == '.';
		if (dot ? after_dot
			: !is_atext(c) && !((unsigned char)c & 0x80))
			return false;
		after_dot = dot;
	}
	return !after_dot;
}

// ---- Parts of a mailbox --------------------------------------------------

static enum rc bad(struct fault *fault, const char *text)
{
	return fault_set(fault, RC_SYNTAX, "%s", text);
}

static bool starts_with_char(struct view text, char c)
{
	return text.len && text.ptr[0] == c;
}

// Reads a Quoted-string at the front of `*text` and returns its content without
// escapes.
static enum rc take_quoted(struct arena *arena, struct view *text,
    struct fault *fault, struct view *ret_local)
{
	struct view rest = view_from(*text, 1);
	size_t close = 0;
	while (close < rest.len && rest.ptr[close] != '"')
		close += rest.ptr[close] == '\\' ? 2 : 1;
	if (close >= rest.len)
		return bad(fault, "the quoted local part has no end");
	char *content = arena_alloc(arena, close + 1);
	size_t len = 0;
	for (size_t i = 0; i < close; i++) {
		if (rest.ptr[i] == '\\')
			i++;
		content[len++] = rest.ptr[i];
	}
	*ret_local = view_of(content, len);
	*text = view_from(rest, close + 1);
	return RC_OK;
}

static enum rc take_bare(
    struct view *text, struct fault *fault, struct view *ret_local)
{
	size_t len = 0;
	while (len < text->len && is_bare(text->ptr[len]))
		len++;
	if (len == 0)
		return bad(fault, "the address has no local part");
	*ret_local = view_slice(*text, 0, len);
	*text = view_from(*text, len);
	return RC_OK;
}

static enum rc take_local(struct arena *arena, struct view *text,
    struct fault *fault, struct view *ret_local)
{
	struct view local;
	enum rc rc = starts_with_char(*text, '"')
			 ? take_quoted(arena, text, fault, &local)
			 : take_bare(text, fault, &local);
	if (rc != RC_OK)
		return rc;
	if (has_control(local))
		return bad(fault, "control characters in the local part");
	if (!utf8_is_valid(local))
		return bad(fault, "the local part is not valid UTF-8");
	if (local.len > SMTP_LOCAL_MAX)
		return fault_set(fault, RC_LIMIT,
		    "the local part is longer than %d octets", SMTP_LOCAL_MAX);
	*ret_local = local;
	return RC_OK;
}

static enum rc domain_fault(enum rc rc, struct fault *fault)
{
	const char *text = rc == RC_LIMIT     ? "the domain is too long"
			   : rc == RC_INVALID ? "the domain is not valid"
					      : "the domain is not well formed";
	return fault_set(fault, rc, "%s", text);
}

static enum rc parse_literal(struct arena *arena, struct view text,
    struct fault *fault, struct smtp_mailbox *mailbox)
{
	struct smtp_literal literal;
	if (smtp_literal_parse(text, &literal) != RC_OK)
		return fault_set(fault, RC_INVALID,
		    "the address literal is neither [IPv4] nor [IPv6:...]");
	struct buf canonical;
	buf_init(&canonical, 64);
	smtp_literal_print(&literal, &canonical);
	mailbox->domain_ascii = arena_copy(arena, buf_view(&canonical));
	buf_done(&canonical);
	mailbox->domain = text;
	mailbox->domain_is_literal = true;
	return RC_OK;
}

// Reads all of `text` as the domain or literal after the "@".
static enum rc parse_domain(struct arena *arena, struct view text,
    struct fault *fault, struct smtp_mailbox *mailbox)
{
	if (starts_with_char(text, '['))
		return parse_literal(arena, text, fault, mailbox);
	enum rc rc = domain_name_to_ascii(
	    arena, text, DOMAIN_NAME_UNDERSCORE, &mailbox->domain_ascii);
	if (rc != RC_OK)
		return domain_fault(rc, fault);
	mailbox->domain = text;
	mailbox->domain_is_literal = false;
	return RC_OK;
}

enum rc smtp_mailbox_parse(struct arena *arena, struct view text,
    struct fault *fault, struct smtp_mailbox *ret_mailbox)
{
	struct smtp_mailbox mailbox = {0};
	struct view rest = text;
	if (text.len > 2 * SMTP_MAILBOX_MAX)
		return fault_set(fault, RC_LIMIT, "the address is too long");
	enum rc rc = take_local(arena, &rest, fault, &mailbox.local);
	if (rc != RC_OK)
		return rc;
	if (!starts_with_char(rest, '@'))
		return bad(fault, rest.len ? "the local part has a character "
					     "that must be quoted"
					   : "the address has no domain");
	rc = parse_domain(arena, view_from(rest, 1), fault, &mailbox);
	if (rc != RC_OK)
		return rc;
	size_t domain_len = mailbox.domain.len > mailbox.domain_ascii.len
				? mailbox.domain.len
				: mailbox.domain_ascii.len;
	if (mailbox.local.len + 1 + domain_len > SMTP_MAILBOX_MAX)
		return fault_set(fault, RC_LIMIT,
		    "the address is longer than %d octets", SMTP_MAILBOX_MAX);
	*ret_mailbox = mailbox;
	return RC_OK;
}

// ---- Paths --------------------------------------------------------------

// Finds the ">" that ends a path. `text` begins after the "<". A ">" in a
// quoted string does not end the path. Returns SIZE_MAX if there is no such
// ">".
static size_t path_end(struct view text)
{
	bool quoted = false;
	for (size_t i = 0; i < text.len && i <= SMTP_PATH_MAX; i++) {
		char c = text.ptr[i];
		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (c == '>' && !quoted)
			return i;
	}
	return SIZE_MAX;
}

// Skips A-d-l ":" (RFC 5321 section 4.1.2). It checks every domain but keeps
// none.
static enum rc skip_route(
    struct arena *arena, struct view *path, struct fault *fault)
{
	struct view rest = *path;
	struct smtp_mailbox host;
	while (starts_with_char(rest, '@')) {
		size_t len = 1;
		bool literal = rest.len > 1 && rest.ptr[1] == '[';
		while (len < rest.len && rest.ptr[len] != ',' &&
		       (literal || rest.ptr[len] != ':')) {
			literal = literal && rest.ptr[len] != ']';
			len++;
		}
		if (len == rest.len)
			return bad(fault, "the address has no local part");
		enum rc rc = parse_domain(
		    arena, view_slice(rest, 1, len - 1), fault, &host);
		if (rc != RC_OK)
			return rc;
		bool last = rest.ptr[len] == ':';
		rest = view_from(rest, len + 1);
		if (!last && !starts_with_char(rest, '@'))
			return bad(
			    fault, "the source route is not well formed");
		if (last)
			break;
	}
	*path = rest;
	return RC_OK;
}

// Reads the text between "<" and ">".
static enum rc parse_inside(struct arena *arena, struct view path,
    enum smtp_path_kind kind, struct fault *fault,
    struct smtp_mailbox *ret_mailbox)
{
	if (path.len == 0 && kind == SMTP_PATH_REVERSE) {
		*ret_mailbox = (struct smtp_mailbox){0};
		return RC_OK;
	}
	if (path.len == 0)
		return bad(fault, "the recipient is empty");
	// RFC 5321 section 4.1.1.3: only this address needs no domain.
	if (kind == SMTP_PATH_FORWARD &&
	    view_eq_nocase(path, VIEW("postmaster"))) {
		*ret_mailbox = (struct smtp_mailbox){.local = path};
		return RC_OK;
	}
	enum rc rc = skip_route(arena, &path, fault);
	if (rc != RC_OK)
		return rc;
	return smtp_mailbox_parse(arena, path, fault, ret_mailbox);
}

enum rc smtp_path_parse(struct arena *arena, struct view *text,
    enum smtp_path_kind kind, struct fault *fault,
    struct smtp_mailbox *ret_mailbox)
{
	if (!starts_with_char(*text, '<'))
		return bad(fault, "the address is not in angle brackets");
	struct view rest = view_from(*text, 1);
	size_t end = path_end(rest);
	if (end == SIZE_MAX && rest.len > SMTP_PATH_MAX)
		return fault_set(fault, RC_LIMIT, "the path is too long");
	if (end == SIZE_MAX)
		return bad(fault, "the address has no closing bracket");
	enum rc rc = parse_inside(
	    arena, view_slice(rest, 0, end), kind, fault, ret_mailbox);
	if (rc == RC_OK)
		*text = view_from(rest, end + 1);
	return rc;
}

// ---- Printing ------------------------------------------------------------

static void print_local(struct view local, struct buf *out)
{
	if (is_dot_string(local)) {
		buf_add(out, local);
		return;
	}
	buf_add_char(out, '"');
	for (size_t i = 0; i < local.len; i++) {
		if (local.ptr[i] == '"' || local.ptr[i] == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, local.ptr[i]);
	}
	buf_add_char(out, '"');
}

static void print(struct view local, struct view domain, struct buf *out)
{
	if (local.len == 0 && domain.len == 0)
		return;
	print_local(local, out);
	if (domain.len == 0)
		return;
	buf_add_char(out, '@');
	buf_add(out, domain);
}

void smtp_mailbox_print(const struct smtp_mailbox *mailbox, struct buf *out)
{
	print(mailbox->local, mailbox->domain, out);
}

void smtp_mailbox_print_ascii(
    const struct smtp_mailbox *mailbox, struct buf *out)
{
	print(mailbox->local, mailbox->domain_ascii, out);
}

bool smtp_mailbox_needs_utf8(const struct smtp_mailbox *mailbox)
{
	return !utf8_is_ascii(mailbox->local);
}

bool smtp_mailbox_is_utf8(const struct smtp_mailbox *mailbox)
{
	return !utf8_is_ascii(mailbox->local) ||
	       !utf8_is_ascii(mailbox->domain);
}
