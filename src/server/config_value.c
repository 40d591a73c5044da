// SPDX-License-Identifier: Apache-2.0
#include "server/config_value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pwd.h>
#include <unistd.h>

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
		return RC_OK; // what cannot be found out now is seen later
	return fault_set(fault, RC_INVALID,
	    "%s: this system has no user \"%.80s\"", s->name, name);
}

bool config_value_is_address(const char *text)
{
	struct in6_addr any;
	return strcmp(text, "*") == 0 || inet_pton(AF_INET, text, &any) == 1 ||
	       inet_pton(AF_INET6, text, &any) == 1;
}

enum rc config_value_set(const struct setting *setting, struct view text,
    struct arena *arena, void *base, struct fault *fault)
{
	void *to = (char *)base + setting->offset;
	const char *string;
	enum rc rc = RC_OK;
	switch (setting->kind) {
	case SETTING_NUMBER: return set_number(setting, text, to, fault);
	case SETTING_SWITCH: return set_switch(setting, text, to, fault);
	case SETTING_CHOICE: return set_choice(setting, text, to, fault);
	case SETTING_ADDRESSES: return RC_OK; // config_parse.c's
	case SETTING_FILE:
	case SETTING_USER:
	case SETTING_FOLDER:
	case SETTING_TEXT:
		string = arena_string(arena, text);
		if (setting->kind == SETTING_FILE)
			rc = check_file(setting, string, fault);
		if (setting->kind == SETTING_USER)
			rc = check_user(setting, string, fault);
		if (setting->kind == SETTING_FOLDER && *string == '\0')
			rc = fault_set(
			    fault, RC_INVALID, "%s is empty", setting->name);
		if (rc == RC_OK)
			*(const char **)to = string;
		return rc;
	}
	return RC_INVALID;
}
