// SPDX-License-Identifier: Apache-2.0
// Reading the file with libconfuse, so that all mistakes come out at once.
// Values are text to libconfuse and are checked here as they come, which stops
// nothing. What does stop it (a setting that does not exist, bad syntax) is
// remembered and blanked out, and the text is parsed again.
#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/mem.h"
#include "server/config_value.h"

#define MISTAKES_MAX 100 // more are not told
#define SENTENCE_MAX 320 // bytes
#define SEEN_MAX     64  // settings of one section
#define READ_STEP    65536

struct mistake {
	unsigned line; // 0: of no line
	char text[SENTENCE_MAX];
};

struct parse {
	struct config *config;
	struct mistake mistakes[MISTAKES_MAX];
	size_t count;
	size_t stopping; // the first so many stopped libconfuse
	bool stopped;    // one did so just now
	bool has_listeners;
	// The section that is being read.
	struct config_listener listener;
	unsigned address_line;
	struct net_tls_pair pair;
	const char *seen[SEEN_MAX]; // settings of the section so far
	size_t seen_count;
	const char *seen_top[SEEN_MAX]; // and outside of sections
	size_t seen_top_count;
};

// libconfuse hands its callbacks no context. Set only while it parses.
static _Thread_local struct parse *current;

static void note(struct parse *parse, unsigned line, const char *format, ...)
    PRINTF_LIKE(3, 4);
static void note(struct parse *parse, unsigned line, const char *format, ...)
{
	va_list args;
	if (parse->count == MISTAKES_MAX)
		return;
	struct mistake *mistake = &parse->mistakes[parse->count++];
	mistake->line = line;
	va_start(args, format);
	vsnprintf(mistake->text, sizeof(mistake->text), format, args);
	va_end(args);
}

// ---- What libconfuse calls -------------------------------------------------

static void PRINTF_LIKE(2, 0)
    on_error(cfg_t *cfg, const char *format, va_list args)
{
	char text[SENTENCE_MAX];
	vsnprintf(text, sizeof(text), format, args);
	current->stopped = true;
	note(current, (unsigned)cfg->line, "%s", text);
}

static const struct setting *find(
    const struct setting *settings, const char *name)
{
	for (; settings->name; settings++)
		if (strcmp(settings->name, name) == 0)
			return settings;
	return NULL;
}

// The same setting twice is a mistake: the first would be lost.
static void see(
    const char **seen, size_t *count, const struct setting *s, unsigned line)
{
	for (size_t i = 0; i < *count; i++)
		if (seen[i] == s->name)
			note(current, line, "%s is set a second time", s->name);
	if (*count < SEEN_MAX)
		seen[(*count)++] = s->name;
}

static int set(
    cfg_t *cfg, cfg_opt_t *opt, const struct setting *settings, void *base)
{
	struct fault fault;
	const struct setting *s = find(settings, opt->name);
	const char *text = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
	if (!s || !text)
		return 0;
	enum rc rc = config_value_set(
	    s, view_of_string(text), &current->config->arena, base, &fault);
	if (rc != RC_OK)
		note(current, (unsigned)cfg->line, "%s", fault.text);
	return 0;
}

static int on_setting(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct setting *s = find(config_settings, opt->name);
	see(current->seen_top, &current->seen_top_count, s,
	    (unsigned)cfg->line);
	return set(cfg, opt, config_settings, current->config);
}

// The addresses of a section, once it is whole: libconfuse tells of a list more
// than once.
static void take_addresses(struct parse *parse, cfg_t *section)
{
	struct config_listener *l = &parse->listener;
	for (unsigned i = 0; i < cfg_size(section, "address"); i++) {
		const char *text = cfg_getnstr(section, "address", i);
		if (!config_value_is_address(text))
			note(parse, parse->address_line,
			    "address wants an IP address or \"*\", not "
			    "\"%.80s\"",
			    text);
		else if (l->address_count == CONFIG_ADDRESSES_MAX)
			note(parse, parse->address_line,
			    "more than %d addresses in one section",
			    CONFIG_ADDRESSES_MAX);
		else
			l->addresses[l->address_count++] = arena_string(
			    &parse->config->arena, view_of_string(text));
	}
	if (l->address_count == 0)
		l->addresses[l->address_count++] = "*";
}

static int on_listen_setting(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct setting *s = find(config_listen_settings, opt->name);
	if (s->kind == SETTING_ADDRESSES) {
		current->address_line = (unsigned)cfg->line;
		return 0;
	}
	see(current->seen, &current->seen_count, s, (unsigned)cfg->line);
	return set(cfg, opt, config_listen_settings, &current->listener);
}

static bool was_seen(const struct parse *parse, const char *name)
{
	for (size_t i = 0; i < parse->seen_count; i++)
		if (strcmp(parse->seen[i], name) == 0)
			return true;
	return false;
}

static int on_listen(cfg_t *cfg, cfg_opt_t *opt)
{
	struct parse *parse = current;
	struct config *config = parse->config;
	cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	struct config_listener *l = &parse->listener;
	l->line = (unsigned)cfg->line;
	l->name = arena_string(
	    &config->arena, view_of_string(section ? section->title : NULL));
	if (!was_seen(parse, "port"))
		note(parse, l->line, "listen \"%s\" has no port", l->name);
	if (section)
		take_addresses(parse, section);
	if (!parse->has_listeners)
		config->listener_count = 0; // those of the defaults
	parse->has_listeners = true;
	if (config->listener_count == CONFIG_LISTENERS_MAX)
		note(parse, l->line, "more than %d listen sections",
		    CONFIG_LISTENERS_MAX);
	else
		config->listeners[config->listener_count++] = *l;
	*l = (struct config_listener){0};
	parse->seen_count = 0;
	return 0;
}

static int on_certificate_setting(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct setting *s = find(config_certificate_settings, opt->name);
	see(current->seen, &current->seen_count, s, (unsigned)cfg->line);
	return set(cfg, opt, config_certificate_settings, &current->pair);
}

static int on_certificate(cfg_t *cfg, cfg_opt_t *opt)
{
	struct parse *parse = current;
	struct config *config = parse->config;
	unsigned line = (unsigned)cfg->line;
	(void)opt;
	for (const struct setting *s = config_certificate_settings; s->name;
	     s++)
		if (!was_seen(parse, s->name))
			note(parse, line, "this certificate section has no %s",
			    s->name);
	if (config->certificate_count == CONFIG_CERTIFICATES_MAX)
		note(parse, line, "more than %d certificates",
		    CONFIG_CERTIFICATES_MAX);
	else if (parse->pair.certificate_path && parse->pair.key_path)
		config->certificates[config->certificate_count++] = parse->pair;
	parse->pair = (struct net_tls_pair){0};
	parse->seen_count = 0;
	return 0;
}

// ---- One pass --------------------------------------------------------------

// libconfuse's table for `settings`; `more` entries are left free at the end.
static cfg_opt_t *make_options(
    const struct setting *settings, size_t more, size_t *ret_count)
{
	size_t count = 0;
	while (settings[count].name)
		count++;
	cfg_opt_t *options = mem_zalloc((count + more + 1) * sizeof(*options));
	for (size_t i = 0; i < count; i++) {
		bool list = settings[i].kind == SETTING_ADDRESSES;
		cfg_opt_t one = CFG_STR(settings[i].name, NULL, CFGF_NODEFAULT);
		cfg_opt_t many =
		    CFG_STR_LIST(settings[i].name, NULL, CFGF_NODEFAULT);
		options[i] = list ? many : one;
	}
	cfg_opt_t end = CFG_END();
	options[count + more] = end;
	*ret_count = count;
	return options;
}

static void set_validators(cfg_t *cfg, const char *section,
    const struct setting *settings, cfg_validate_callback_t call)
{
	char name[80];
	for (; settings->name; settings++) {
		snprintf(name, sizeof(name), "%s%s%s", section,
		    *section ? "|" : "", settings->name);
		cfg_set_validate_func(cfg, name, call);
	}
}

static void parse_once(struct parse *parse, const char *text)
{
	size_t count, unused;
	cfg_opt_t *listen = make_options(config_listen_settings, 0, &unused);
	cfg_opt_t *certificate =
	    make_options(config_certificate_settings, 0, &unused);
	cfg_opt_t *options = make_options(config_settings, 2, &count);
	cfg_opt_t listen_section =
	    CFG_SEC("listen", listen, CFGF_MULTI | CFGF_TITLE);
	cfg_opt_t certificate_section =
	    CFG_SEC("certificate", certificate, CFGF_MULTI);
	options[count] = listen_section;
	options[count + 1] = certificate_section;
	current = parse;
	cfg_t *cfg = cfg_init(options, CFGF_NONE);
	cfg_set_error_function(cfg, on_error);
	set_validators(cfg, "", config_settings, on_setting);
	set_validators(
	    cfg, "listen", config_listen_settings, on_listen_setting);
	set_validators(cfg, "certificate", config_certificate_settings,
	    on_certificate_setting);
	cfg_set_validate_func(cfg, "listen", on_listen);
	cfg_set_validate_func(cfg, "certificate", on_certificate);
	if (cfg_parse_buf(cfg, text) != CFG_SUCCESS && !parse->stopped) {
		parse->stopped = true;
		note(parse, (unsigned)cfg->line, "this is not well formed");
	}
	cfg_free(cfg);
	current = NULL;
	free(options);
	free(listen);
	free(certificate);
}

// ---- Once more without what stopped it -------------------------------------

// The end of the statement that begins at `at`: its line's, or with a brace
// open the line's of the one that closes it.
static size_t statement_end(struct view text, size_t at)
{
	int depth = 0;
	char quote = '\0';
	for (; at < text.len; at++) {
		char c = text.ptr[at];
		if (quote) {
			quote = c == quote ? '\0' : quote;
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (c == '#') {
			size_t end = view_find_char(view_from(text, at), '\n');
			at = end == SIZE_MAX ? text.len : at + end;
			if (depth == 0)
				return at;
		} else if (c == '{') {
			depth++;
		} else if (c == '}') {
			depth--;
		} else if (c == '\n' && depth <= 0) {
			return at;
		}
	}
	return text.len;
}

// Blanks the statement in `line`, keeping line ends; false when there is none.
static bool blank_statement(char *text, size_t len, unsigned line)
{
	struct view all = view_of(text, len);
	size_t at = 0;
	bool found = false;
	while (line > 1) {
		size_t end = view_find_char(view_from(all, at), '\n');
		if (end == SIZE_MAX)
			return false;
		at += end + 1;
		line--;
	}
	size_t end = statement_end(all, at);
	for (; at < end; at++) {
		if (text[at] == '\n' || text[at] == ' ')
			continue;
		text[at] = ' ';
		found = true;
	}
	return found;
}

static void begin_pass(struct parse *parse, const struct config *before)
{
	parse->count = parse->stopping;
	parse->stopped = false;
	parse->has_listeners = false;
	parse->listener = (struct config_listener){0};
	parse->pair = (struct net_tls_pair){0};
	parse->seen_count = 0;
	parse->seen_top_count = 0;
	struct arena arena = parse->config->arena;
	*parse->config = *before;
	parse->config->arena = arena;
}

// What stopped libconfuse was noted last, behind what this pass found.
static bool go_round(struct parse *parse, char *text, size_t len)
{
	if (!parse->stopped || parse->count == 0 ||
	    parse->count == MISTAKES_MAX)
		return false;
	struct mistake last = parse->mistakes[parse->count - 1];
	if (!blank_statement(text, len, last.line))
		return false;
	parse->mistakes[parse->stopping++] = last;
	return true;
}

// ---- What only the whole shows ---------------------------------------------

static bool addresses_meet(
    const struct config_listener *a, const struct config_listener *b)
{
	for (size_t i = 0; i < a->address_count; i++)
		for (size_t j = 0; j < b->address_count; j++)
			if (strcmp(a->addresses[i], "*") == 0 ||
			    strcmp(b->addresses[j], "*") == 0 ||
			    strcmp(a->addresses[i], b->addresses[j]) == 0)
				return true;
	return false;
}

static void check_ports(struct parse *parse)
{
	const struct config *config = parse->config;
	for (size_t i = 0; i < config->listener_count; i++)
		for (size_t j = 0; j < i; j++) {
			const struct config_listener *a = &config->listeners[j];
			const struct config_listener *b = &config->listeners[i];
			if (a->port == b->port && a->port != 0 &&
			    addresses_meet(a, b))
				note(parse, b->line,
				    "listen \"%s\" has the port %u of listen "
				    "\"%s\"",
				    b->name, b->port, a->name);
		}
}

static void check_whole(struct parse *parse)
{
	const char *user = parse->config->user;
	struct passwd entry, *found = NULL;
	char room[16384];
	check_ports(parse);
	if (parse->config->data[0] == '\0')
		note(parse, 0, "data is empty");
	if (user[0] &&
	    getpwnam_r(user, &entry, room, sizeof(room), &found) == 0 && !found)
		note(parse, 0, "user: this system has no user \"%.80s\"", user);
}

static int compare_lines(const void *a, const void *b)
{
	const struct mistake *x = a, *y = b;
	return x->line < y->line ? -1 : x->line > y->line;
}

static enum rc tell(struct parse *parse, const char *path, struct buf *mistakes)
{
	qsort(parse->mistakes, parse->count, sizeof(*parse->mistakes),
	    compare_lines);
	for (size_t i = 0; i < parse->count; i++) {
		const struct mistake *m = &parse->mistakes[i];
		buf_add_string(mistakes, path);
		if (m->line > 0)
			buf_printf(mistakes, ":%u", m->line);
		buf_printf(mistakes, ": %s\n", m->text);
	}
	return parse->count > 0 ? RC_INVALID : RC_OK;
}

enum rc config_parse(struct config *config, const char *path, struct view text,
    struct buf *mistakes)
{
	struct parse *parse = mem_zalloc(sizeof(*parse));
	struct config before = *config;
	char *copy = view_to_string(text);
	parse->config = config;
	do {
		begin_pass(parse, &before);
		parse_once(parse, copy);
	} while (go_round(parse, copy, text.len));
	check_whole(parse);
	enum rc rc = tell(parse, path, mistakes);
	config->path = arena_string(&config->arena, view_of_string(path));
	free(copy);
	free(parse);
	return rc;
}

static enum rc read_file(int fd, struct buf *text)
{
	for (;;) {
		char *to = buf_reserve(text, READ_STEP);
		if (!to)
			return RC_LIMIT;
		ssize_t got = read(fd, to, READ_STEP);
		if (got <= 0)
			return got == 0 ? RC_OK : RC_IO;
		buf_commit(text, (size_t)got);
	}
}

enum rc config_read(
    struct config *config, const char *path, struct buf *mistakes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		int error = errno;
		buf_printf(mistakes, "%s: %s\n", path, strerror(error));
		if (error == ENOENT)
			return RC_NOT_FOUND;
		return error == EACCES ? RC_DENIED : RC_IO;
	}
	struct buf text;
	buf_init(&text, CONFIG_FILE_MAX);
	enum rc rc = read_file(fd, &text);
	if (rc != RC_OK)
		buf_printf(mistakes, "%s: %s\n", path, rc_text(rc));
	else if (memchr(text.ptr ? text.ptr : "", '\0', text.len)) {
		buf_printf(mistakes, "%s: it holds NUL bytes\n", path);
		rc = RC_INVALID;
	} else {
		rc = config_parse(config, path, buf_view(&text), mistakes);
	}
	close(fd);
	buf_done(&text);
	return rc;
}
