// SPDX-License-Identifier: Apache-2.0
#include "server/config_value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pwd.h>
#include <sys/un.h>
#include <unistd.h>

#include "dns/dns.h"
#include "net/networks.h"
#include "wire/base64url.h"
#include "wire/domain_name.h"

#define NAMES_MAX ((size_t)32 << 10) // bytes

static enum rc set_number(const struct setting *s, struct view text,
    uint32_t *to, struct fault *fault)
{
	uint64_t number;
	if (!view_to_u64(text, &number))
		return fault_set(fault, RC_INVALID,
		    "%s wants a number%s%s, not \"%.*s\"", s->name,
		    s->unit ? " of " : "", s->unit ? s->unit : "",
		    VIEW_FMT(view_slice(text, 0, 40)));
	if (number < s->min || number > s->max)
		return fault_set(fault, RC_INVALID,
		    "%s = %llu is out of range: %u to %u%s%s", s->name,
		    (unsigned long long)number, s->min, s->max,
		    s->unit ? " " : "", s->unit ? s->unit : "");
	*to = (uint32_t)number;
	return RC_OK;
}

static enum rc set_switch(const struct setting *s, struct view text,
    uint32_t *to, struct fault *fault)
{
	static const char *const words[] = {
	    "no", "yes", "off", "on", "false", "true", "0", "1"};
	for (uint32_t i = 0; i < ARRAY_LEN(words); i++)
		if (view_eq_nocase(text, view_of_string(words[i]))) {
			*to = i & 1;
			return RC_OK;
		}
	return fault_set(fault, RC_INVALID, "%s is yes or no, not \"%.*s\"",
	    s->name, VIEW_FMT(view_slice(text, 0, 40)));
}

static enum rc set_choice(const struct setting *s, struct view text,
    uint32_t *to, struct fault *fault)
{
	char all[100] = "";
	size_t len = 0;
	for (uint32_t i = 0; s->words[i]; i++) {
		if (view_eq_nocase(text, view_of_string(s->words[i]))) {
			*to = i;
			return RC_OK;
		}
		int more = snprintf(all + len, sizeof(all) - len, "%s%s",
		    i ? ", " : "", s->words[i]);
		len += more > 0 && len + (size_t)more < sizeof(all)
			   ? (size_t)more
			   : 0;
	}
	return fault_set(fault, RC_INVALID, "%s is one of %s, not \"%.*s\"",
	    s->name, all, VIEW_FMT(view_slice(text, 0, 40)));
}

static enum rc check_file(
    const struct setting *s, const char *path, struct fault *fault)
{
	if (*path == '\0') // none
		return RC_OK;
	if (path[0] != '/')
		return fault_set(fault, RC_INVALID,
		    "%s wants a path from the root, not \"%s\"", s->name, path);
	if (access(path, F_OK) != 0)
		return fault_set(fault, RC_INVALID, "%s: %s: %s", s->name, path,
		    strerror(errno));
	return RC_OK;
}

static enum rc check_user(
    const struct setting *s, const char *name, struct fault *fault)
{
	struct passwd entry, *found = NULL;
	char room[16384];
	if (*name == '\0' ||
	    getpwnam_r(name, &entry, room, sizeof(room), &found) != 0 || found)
		// If it cannot be found out now, the server will see it later.
		return RC_OK;
	return fault_set(fault, RC_INVALID,
	    "%s: this system has no user \"%.80s\"", s->name, name);
}

static bool is_ip_of(int family, const char *text)
{
	struct in6_addr any;
	return inet_pton(family, text, &any) == 1;
}

static bool is_ip(const char *text)
{
	return is_ip_of(AF_INET, text) || is_ip_of(AF_INET6, text);
}

static bool is_port(struct view text)
{
	uint64_t port;
	return view_to_u64(text, &port) && port > 0 && port < 65536;
}

static enum rc check_ip(
    const struct setting *s, const char *text, int family, struct fault *fault)
{
	if (*text == '\0' || is_ip_of(family, text))
		return RC_OK;
	return fault_set(fault, RC_INVALID,
	    "%s wants an IPv%d address, not \"%.80s\"", s->name,
	    family == AF_INET ? 4 : 6, text);
}

// "name:port", "192.0.2.1:port" or "[2001:db8::1]:port".
static bool is_host(struct arena *arena, const char *text)
{
	const char *colon = strrchr(text, ':');
	struct view name, ascii;
	if (!colon || colon == text || !is_port(view_of_string(colon + 1)))
		return false;
	name = view_of(text, (size_t)(colon - text));
	if (name.ptr[0] == '[' && name.ptr[name.len - 1] == ']')
		return is_ip_of(AF_INET6,
		    arena_string(arena, view_slice(name, 1, name.len - 2)));
	return domain_name_to_ascii(
		   arena, name, DOMAIN_NAME_UNDERSCORE, &ascii) == RC_OK;
}

static enum rc check_host(const struct setting *s, const char *text,
    struct arena *arena, struct fault *fault)
{
	if (*text == '\0' || is_host(arena, text))
		return RC_OK;
	return fault_set(fault, RC_INVALID,
	    "%s wants \"name:port\", not \"%.80s\"", s->name, text);
}

static enum rc check_servers(
    const struct setting *s, const char *text, struct fault *fault)
{
	struct view rest = view_of_string(text), one, port;
	size_t count = 0;
	while (view_split(&rest, ' ', &one)) {
		if (one.len > 0 && ++count > DNS_SERVERS_MAX)
			return fault_set(fault, RC_LIMIT,
			    "%s has more than %d addresses", s->name,
			    DNS_SERVERS_MAX);
		char address[64] = "";
		struct view name = one;
		bool ok = one.len < sizeof(address);
		port = view_of("53", 2);
		if (ok && memchr(one.ptr, '@', one.len)) {
			struct view all = one;
			ok = view_split(&all, '@', &name);
			port = all;
		}
		if (ok)
			memcpy(address, name.ptr, name.len);
		if (one.len > 0 && (!ok || !is_ip(address) || !is_port(port)))
			return fault_set(fault, RC_INVALID,
			    "%s wants \"address\" or \"address@port\", not "
			    "\"%.*s\"",
			    s->name, VIEW_FMT(view_slice(one, 0, 80)));
	}
	return RC_OK;
}

static enum rc check_networks(
    const struct setting *s, const char *text, struct fault *fault)
{
	struct net_networks networks;
	struct fault why;
	enum rc rc = net_networks_parse(view_of_string(text), &networks, &why);
	if (rc == RC_OK)
		return RC_OK;
	return fault_set(fault, rc, "%s: %s", s->name, why.text);
}

// Other servers get the name in the form that is in DNS: A-labels.
static enum rc make_name(const struct setting *s, struct arena *arena,
    struct fault *fault, const char **text)
{
	struct view ascii;
	if (**text == '\0')
		return RC_OK;
	if (domain_name_to_ascii(arena, view_of_string(*text), DOMAIN_NAME_HOST,
		&ascii) != RC_OK)
		return fault_set(fault, RC_INVALID,
		    "%s wants the name of a host, not \"%.80s\"", s->name,
		    *text);
	*text = arena_string(arena, ascii);
	return RC_OK;
}

// The same for each of several names.
static enum rc make_names(const struct setting *s, struct arena *arena,
    struct fault *fault, const char **text)
{
	struct buf all;
	struct view rest = view_of_string(*text), one;
	enum rc rc = RC_OK;
	buf_init(&all, NAMES_MAX);
	while (rc == RC_OK && view_split(&rest, ' ', &one)) {
		const char *name = arena_string(arena, one);
		if (one.len == 0)
			continue;
		rc = make_name(s, arena, fault, &name);
		buf_printf(&all, "%s%s", all.len ? " " : "", name);
	}
	if (rc == RC_OK && buf_status(&all) != RC_OK)
		rc = fault_set(fault, RC_LIMIT, "%s is too long", s->name);
	if (rc == RC_OK)
		*text = arena_string(arena, buf_view(&all));
	buf_done(&all);
	return rc;
}

// The host and the port of "https://host:port/path". Returns false if it is
// not one.
static bool split_url(
    const char *url, struct view *ret_host, uint16_t *ret_port)
{
	static const struct view scheme = {"https://", 8};
	struct view rest = view_of_string(url);
	uint32_t port = 443;
	for (size_t i = 0; i < rest.len; i++)
		if (url[i] <= ' ' || (unsigned char)url[i] >= 0x7f)
			return false;
	if (!view_starts_with_nocase(rest, scheme))
		return false;
	rest = view_from(rest, scheme.len);
	rest.len = strcspn(rest.ptr, "/?#");
	size_t colon = SIZE_MAX;
	for (size_t i = rest.len; i > 0 && colon == SIZE_MAX; i--)
		if (rest.ptr[i - 1] == ':')
			colon = i - 1;
		else if (rest.ptr[i - 1] == ']')
			break;
	if (colon != SIZE_MAX &&
	    (!is_port(view_from(rest, colon + 1)) ||
		!view_to_u32(view_from(rest, colon + 1), &port)))
		return false;
	*ret_host = view_slice(rest, 0, colon);
	*ret_port = (uint16_t)port;
	return ret_host->len > 0 && view_find_char(*ret_host, '@') == SIZE_MAX;
}

bool config_is_base64url(const char *text)
{
	struct buf bytes;
	buf_init(&bytes, NAMES_MAX);
	enum rc rc = base64url_decode(view_of_string(text), &bytes);
	bool any = bytes.len > 0;
	buf_done_secret(&bytes);
	return rc == RC_OK && any;
}

uint16_t config_url_port(const char *url)
{
	struct view host;
	uint16_t port;
	return split_url(url, &host, &port) ? port : 443;
}

static enum rc check_url(
    const struct setting *s, const char *text, struct fault *fault)
{
	struct view host;
	uint16_t port;
	if (split_url(text, &host, &port))
		return RC_OK;
	return fault_set(fault, RC_INVALID,
	    "%s wants \"https://host/path\", not \"%.80s\"", s->name, text);
}

static enum rc check_text(const struct setting *s, struct arena *arena,
    struct fault *fault, const char **text_at)
{
	const char *text = *text_at;
	switch (s->kind) {
	case SETTING_FILE: return check_file(s, text, fault);
	case SETTING_USER: return check_user(s, text, fault);
	case SETTING_NAME: return make_name(s, arena, fault, text_at);
	case SETTING_ADDRESS:
		if (config_value_is_address(text) && *text != '/')
			return RC_OK;
		return fault_set(fault, RC_INVALID,
		    "%s wants an IP address or \"*\"", s->name);
	case SETTING_NAMES: return make_names(s, arena, fault, text_at);
	case SETTING_URL: return check_url(s, text, fault);
	case SETTING_IPV4: return check_ip(s, text, AF_INET, fault);
	case SETTING_IPV6: return check_ip(s, text, AF_INET6, fault);
	case SETTING_HOST: return check_host(s, text, arena, fault);
	case SETTING_SERVERS: return check_servers(s, text, fault);
	case SETTING_NETWORKS: return check_networks(s, text, fault);
	case SETTING_FOLDER:
		if (*text != '\0')
			return RC_OK;
		return fault_set(fault, RC_INVALID, "%s is empty", s->name);
	case SETTING_TEXT:
	case SETTING_NUMBER:
	case SETTING_SWITCH:
	case SETTING_CHOICE:
	case SETTING_ADDRESSES: return RC_OK;
	}
	return RC_OK;
}

bool config_value_is_address(const char *text)
{
	struct sockaddr_un socket;
	if (text[0] == '/')
		return strlen(text) < sizeof(socket.sun_path);
	return strcmp(text, "*") == 0 || is_ip(text);
}

enum rc config_value_set(const struct setting *setting, struct view text,
    struct arena *arena, void *base, struct fault *fault)
{
	void *to = (char *)base + setting->offset;
	const char *string;
	enum rc rc;
	switch (setting->kind) {
	case SETTING_NUMBER: return set_number(setting, text, to, fault);
	case SETTING_SWITCH: return set_switch(setting, text, to, fault);
	case SETTING_CHOICE: return set_choice(setting, text, to, fault);
	case SETTING_ADDRESSES: return RC_OK; // config_parse.c's
	case SETTING_FILE:
	case SETTING_USER:
	case SETTING_FOLDER:
	case SETTING_NAME:
	case SETTING_ADDRESS:
	case SETTING_NAMES:
	case SETTING_URL:
	case SETTING_IPV4:
	case SETTING_IPV6:
	case SETTING_HOST:
	case SETTING_SERVERS:
	case SETTING_NETWORKS:
	case SETTING_TEXT:
		string = arena_string(arena, text);
		rc = check_text(setting, arena, fault, &string);
		if (rc == RC_OK)
			*(const char **)to = string;
		return rc;
	}
	return RC_INVALID;
}
