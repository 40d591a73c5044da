// SPDX-License-Identifier: Apache-2.0
// Which mistakes in a configuration are reported, for which lines, and in which
// words.
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/test.h"
#include "server/config.h"

static const struct {
	const char *text;
	const char *mistakes; // all mistakes; "": none
} cases[] = {
    {"", ""},
    {"# only a comment", ""},
    {"threads = 4\ncompress = no\nlog_level = warn\n", ""},
    {"data = \"/a \\\"b\\\" c\"\n", ""},
    {"dta = \"/x\"\n", "f:1: there is no setting \"dta\"\n"},
    {"# a\n\n# b\nthreads = many\n",
	"f:4: threads wants a number, not \"many\"\n"},
    {"cache_mib = -3", "f:1: cache_mib wants a number of MiB, not \"-3\"\n"},
    {"message_max_mib = 0",
	"f:1: message_max_mib = 0 is out of range: 1 to 1024 MiB\n"},
    {"message_max_mib = 99999999999999999999",
	"f:1: message_max_mib wants a number of MiB, not "
	"\"99999999999999999999\"\n"},
    {"compress = perhaps", "f:1: compress is yes or no, not \"perhaps\"\n"},
    {"log_level = loud", "f:1: log_level is one of debug, info, warn, error, "
			 "not \"loud\"\n"},
    {"threads = 1\nthreads = 2\n", "f:2: threads is set a second time\n"},
    {"threads 3\ncompress = no\n",
	"f:1: \"threads\" is followed by neither = nor {\n"},
    {"threads =\ncompress = maybe\n",
	"f:1: threads = lacks its value\n"
	"f:2: compress is yes or no, not \"maybe\"\n"},
    {"data = \"/x\ncompress = maybe\n",
	"f:1: a quotation mark is missing\n"
	"f:2: compress is yes or no, not \"maybe\"\n"},
    {"}\n", "f:1: this } closes nothing\n"},
    {"= 3\n", "f:1: a setting or a section is wanted here\n"},
    {"threads = {1, 2}\n", "f:1: threads takes one value, not a list\n"},
    {"data = \"\"\n", "f:1: data is empty\n"},
    // Lists that are not closed.
    {"listen \"a\" {\n port = 1\n address = {\"::1\"\n}\nthreads = x\n",
	"f:1: this section is not closed with }\n"
	"f:5: there is no setting \"threads\" in section listen\n"},
    {"listen \"a\" {\n port = 1\n address = {\"::1\", = \"::2\"}\n}\n",
	"f:3: this list is not closed with }\n"},
    {"listen \"a\" { port = 1 address = {\"::1\"",
	"f:1: this list is not closed with }\n"
	"f:1: this section is not closed with }\n"},
    {"address = {\"x\"}\nthreads = x\n",
	"f:1: there is no setting \"address\"\n"
	"f:2: threads wants a number, not \"x\"\n"},
    {"user = \"no-such-user-here\"\n",
	"f:1: user: this system has no user \"no-such-user-here\"\n"},
    {"listn \"x\" {\n port = 3\n tls = {a}\n}\nthreads = x\n",
	"f:1: there is no section \"listn\"\n"
	"f:5: threads wants a number, not \"x\"\n"},
    {"listen \"a\" { port = 1 }", ""},
    {"listen \"a\" { port = 1 address = {\"127.0.0.1\", \"::1\"} }", ""},
    {"listen { port = 1 }",
	"f:1: a listen section wants a name: listen \"imap\" {\n"},
    {"listen \"a\" {\n tls = implicit\n}\n", "f:1: listen \"a\" has no port\n"},
    {"listen \"a\" {\n port = 65536\n address = \"here\"\n prt = 1\n}\n",
	"f:2: port = 65536 is out of range: 1 to 65535\n"
	"f:3: address wants an IP address, \"*\" or the path of a Unix "
	"socket, not \"here\"\n"
	"f:4: there is no setting \"prt\" in section listen\n"},
    {"listen \"a\" {\n port = 1\n", "f:1: this section is not closed with }\n"},
    {"listen \"a\" {\n port = 1\n certificate {\n }\n}\n",
	"f:3: there is no section \"certificate\" inside another\n"},
    {"listen \"a\" { port = 5 }\nlisten \"b\" { port = 5 }\n",
	"f:2: listen \"b\" has the port 5 of listen \"a\"\n"},
    {"listen \"a\" { port = 5 address = \"127.0.0.1\" }\n"
     "listen \"b\" { port = 5 address = {\"::1\" \"*\"} }\n",
	"f:2: listen \"b\" has the port 5 of listen \"a\"\n"},
    {"listen \"a\" { port = 5 address = \"127.0.0.1\" }\n"
     "listen \"b\" { port = 5 address = \"127.0.0.2\" }\n",
	""},
    {"listen \"a\" { port = 5 }\n"
     "listen \"b\" { protocol = lmtp address = \"/run/b\" }\n",
	""},
    {"listen \"a\" { protocol = lmtp port = 24 }\n",
	"f:1: listen \"a\" wants an address: whoever reaches LMTP may deliver "
	"mail to all\n"},
    {"listen \"a\" { address = \"/run/b\" }\n"
     "listen \"b\" { protocol = smtp address = \"/run/b\" }\n",
	"f:2: listen \"b\" has the socket of listen \"a\"\n"},
    {"listen \"a\" { port = 5 protocol = ftp }\n",
	"f:1: protocol is one of imap, pop3, smtp, submission, lmtp, http, "
	"not \"ftp\"\n"},
    {"listen \"a\" { port = 443 protocol = http }\n",
	"f:1: listen \"a\": HTTP has no STARTTLS, only tls = implicit or "
	"none\n"},
    {"listen \"a\" { port = 443 protocol = http tls = implicit }\n"
     "listen \"b\" { port = 80 protocol = http tls = none }\n",
	""},
    {"relay_host = \"mail.example.org\"\nrelay_host = \"a:0\"\n",
	"f:1: relay_host wants \"name:port\", not \"mail.example.org\"\n"
	"f:2: relay_host is set a second time\n"
	"f:2: relay_host wants \"name:port\", not \"a:0\"\n"},
    {"relay_host = \"mail.example.org:587\"\n", ""},
    {"metrics_port = 9464\nmetrics_address = \"mail\"\n",
	"f:2: metrics_address wants an IP address or \"*\"\n"},
    {"metrics_port = 993\n",
	"f:1: listen \"metrics\" has the port 993 of listen \"imaps\"\n"},
    {"metrics_port = 9464\nmetrics_address = \"::1\"\n", ""},
    {"relay_address_v4 = here\n",
	"f:1: relay_address_v4 wants an IPv4 address, not \"here\"\n"},
    {"relay_address_v4 = \"::1\"\nrelay_address_v6 = \"127.0.0.1\"\n",
	"f:1: relay_address_v4 wants an IPv4 address, not \"::1\"\n"
	"f:2: relay_address_v6 wants an IPv6 address, not \"127.0.0.1\"\n"},
    {"relay_address_v4 = \"127.0.0.1\"\nrelay_address_v6 = \"::1\"\n", ""},
    {"server_name = \"mail.example.org\"\n", ""},
    {"server_name = \"my host\"\n",
	"f:1: server_name wants the name of a host, not \"my host\"\n"},
    {"server_name = \"mail.example.org.\"\n",
	"f:1: server_name wants the name of a host, not "
	"\"mail.example.org.\"\n"},
    {"dns_servers = \"::1 ::2 ::3 ::4 ::5 ::6 ::7 ::8 ::9\"\n",
	"f:1: dns_servers has more than 8 addresses\n"},
    {"relay_host = \"a b:25\"\n",
	"f:1: relay_host wants \"name:port\", not \"a b:25\"\n"},
    {"relay_host = \"::1:25\"\n",
	"f:1: relay_host wants \"name:port\", not \"::1:25\"\n"},
    {"relay_host = \"[::1]:25\"\n", ""},
    {"relay_host = \"192.0.2.1:25\"\n", ""},
    {"relay_ipv4 = no\nrelay_ipv6 = no\n",
	"f:2: relay_ipv4 and relay_ipv6 are both no\n"},
    {"acme = yes\nacme_names = \"MAIL.b\303\274cher.example  a.test\"\n"
     "acme_eab_key_id = \"k\"\nacme_eab_key = \"Zm9v\"\n"
     "acme_directory = \"https://[::1]:14000/dir\"\n",
	""},
    {"acme_eab_key_id = \"k\"\n",
	"f:1: acme_eab_key_id and acme_eab_key want each other\n"},
    {"acme_eab_key_id = \"k\"\nacme_eab_key = \"Zm9+\"\n",
	"f:2: acme_eab_key is not base64url: copy it as the authority shows "
	"it\n"},
    {"acme_directory = \"http://ca.test/\"\n",
	"f:1: acme_directory wants \"https://host/path\", not "
	"\"http://ca.test/\"\n"},
    {"acme_directory = \"https://ca.test:0/\"\n",
	"f:1: acme_directory wants \"https://host/path\", not "
	"\"https://ca.test:0/\"\n"},
    {"acme_names = \"a.test b_c\"\n",
	"f:1: acme_names wants the name of a host, not \"b_c\"\n"},
    {"acme = yes\nlisten \"a\" { port = 993 tls = implicit }\n",
	"f:1: acme = yes wants a listener where the authority can see whether "
	"a name is ours: protocol = http, on port 80 with tls = none "
	"(http-01) or on port 443 with tls = implicit (tls-alpn-01)\n"},
    {"relay_user = \"a\"\n",
	"f:1: relay_user is set, but no relay_host\n"
	"f:1: relay_user and relay_password want each other\n"},
    {"relay_host = \"a:25\"\nrelay_password = \"b\"\n",
	"f:2: relay_user and relay_password want each other\n"},
    {"relay_host = \"a:465\"\nrelay_tls = none\nrelay_user = \"a\"\n"
     "relay_password = \"b\"\n",
	"f:2: relay_tls = none would show relay_password to everybody on the "
	"way; write relay_tls = required\n"
	"f:2: relay_tls = none: port 465 of relay_host is TLS from the first "
	"byte\n"},
    {"relay_host = \"a:587\"\nrelay_user = \"a\"\nrelay_password = \"b\"\n"
     "\nrelay_tls = opportunistic\n",
	"f:5: relay_tls = opportunistic could show relay_password to anybody "
	"on the way; write relay_tls = required (with relay_ca_file for a "
	"certificate of your own)\n"},
    {"relay_host = \"a:587\"\nrelay_user = \"a\"\nrelay_password = \"b\"\n"
     "relay_tls = required\n",
	""},
    {"relay_host = \"a:587\"\nrelay_tls = opportunistic\n", ""},
    {"relay_host = \"a:587\"\nrelay_tls = none\n", ""},
    {"relay_networks = \"10.0.0.0/8  fd00::/8 192.0.2.1\"\n", ""},
    {"relay_networks = \"10.0.0.0/8,fd00::/8\"\n",
	"f:1: relay_networks: \"10.0.0.0/8,fd00::/8\" is not an address or "
	"\"address/bits\"\n"},
    {"listen \"a\" { protocol = lmtp address = \"/run/a\" tls = implicit }\n",
	"f:1: listen \"a\": LMTP has no implicit TLS, only starttls or none\n"},
    {"listen \"a\" { protocol = lmtp address = \"/run/a\" port = 24 }\n",
	"f:1: listen \"a\" has a port, but no address with ports\n"},
    {"listen \"a\" { protocol = submission port = 587 tls = none }\n"
     "listen \"b\" { protocol = smtp port = 25 tls = none }\n",
	"f:1: listen \"a\": without TLS nobody can log in (see "
	"plain_on_loopback)\n"},
    {"listen \"a\" { port = 143 tls = none }\nplain_on_loopback = yes\n", ""},
    {"dns_servers = \"127.0.0.1 ::1@5353 192.0.2.1@x\"\n",
	"f:1: dns_servers wants \"address\" or \"address@port\", not "
	"\"192.0.2.1@x\"\n"},
    {"queue_retry_first_seconds = 60\nqueue_retry_last_seconds = 30\n",
	"f: queue_retry_last_seconds is less than "
	"queue_retry_first_seconds\n"},
    {"certificate {\n certificate = \"/no/such/file\"\n}\n",
	"f:1: this certificate section has no key\n"
	"f:2: certificate: /no/such/file: No such file or directory\n"},
    {"certificate {\n certificate = \"c.pem\"\n key = \"/dev/null\"\n}\n",
	"f:2: certificate wants a path from the root, not \"c.pem\"\n"},
};

static void test_mistakes_are_named_with_their_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config config;
		struct buf mistakes;
		config_init(&config);
		buf_init(&mistakes, 65536);
		enum rc rc = config_parse(
		    &config, "f", view_of_string(cases[i].text), &mistakes);
		buf_add_char(&mistakes, '\0');
		assert_string_equal(mistakes.ptr, cases[i].mistakes);
		assert_int_equal(rc, cases[i].mistakes[0] ? RC_INVALID : RC_OK);
		buf_done(&mistakes);
		config_done(&config);
	}
}

// ---- Too many --------------------------------------------------------------

// `count` times `piece`, in which a # becomes the number of the copy.
static void repeat(const char *piece, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++)
		for (const char *c = piece; *c; c++) {
			if (*c == '#')
				buf_printf(out, "%zu", i + 1);
			else
				buf_add_char(out, *c);
		}
}

#define PAIR "certificate { certificate = \"/dev/null\" key = \"/dev/null\" }\n"

static const struct {
	const char *before, *piece, *after;
	size_t count;
	const char *mistakes; // the last of them, or NULL
	size_t mistake_count;
	size_t listeners, addresses, certificates;
} many[] = {
    {"listen \"a\" { port = 1 address = {", "\"127.0.0.#\" ", "} }\n",
	CONFIG_ADDRESSES_MAX, NULL, 0, 1, CONFIG_ADDRESSES_MAX, 0},
    {"listen \"a\" { port = 1 address = {", "\"127.0.0.#\" ", "} }\n",
	CONFIG_ADDRESSES_MAX + 1,
	"f:1: more than 16 addresses in one section\n", 1, 1,
	CONFIG_ADDRESSES_MAX, 0},
    {"", "listen \"l#\" { port = # }\n", "", CONFIG_LISTENERS_MAX, NULL, 0,
	CONFIG_LISTENERS_MAX, 1, 0},
    {"", "listen \"l#\" { port = # }\n", "", CONFIG_LISTENERS_MAX + 2,
	"f:34: more than 32 listen sections\n", 2, CONFIG_LISTENERS_MAX, 1, 0},
    {"", PAIR, "", CONFIG_CERTIFICATES_MAX, NULL, 0, 9, 1,
	CONFIG_CERTIFICATES_MAX},
    {"", PAIR, "", CONFIG_CERTIFICATES_MAX + 1,
	"f:257: more than 256 certificates\n", 1, 9, 1,
	CONFIG_CERTIFICATES_MAX},
    // Further mistakes are not reported.
    {"", "x = 1\n", "", 100, "f:100: there is no setting \"x\"\n", 100, 9, 1,
	0},
    {"", "x = 1\n", "", 5000, "f:100: there is no setting \"x\"\n", 100, 9, 1,
	0},
};

static size_t count_lines(struct view text)
{
	size_t count = 0;
	for (size_t i = 0; i < text.len; i++)
		count += text.ptr[i] == '\n';
	return count;
}

static void test_more_than_there_is_room_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		struct config config;
		struct buf text, mistakes;
		config_init(&config);
		buf_init(&text, CONFIG_FILE_MAX);
		buf_init(&mistakes, 65536);
		buf_add_string(&text, many[i].before);
		repeat(many[i].piece, many[i].count, &text);
		buf_add_string(&text, many[i].after);
		enum rc rc =
		    config_parse(&config, "f", buf_view(&text), &mistakes);
		assert_int_equal(rc, many[i].mistakes ? RC_INVALID : RC_OK);
		if (count_lines(buf_view(&mistakes)) != many[i].mistake_count ||
		    (many[i].mistakes && !view_ends_with(buf_view(&mistakes),
					     view_of_string(many[i].mistakes))))
			fail_msg(
			    "row %zu: %.*s", i, VIEW_FMT(buf_view(&mistakes)));
		assert_int_equal(config.listener_count, many[i].listeners);
		assert_int_equal(
		    config.listeners[0].address_count, many[i].addresses);
		assert_int_equal(
		    config.certificate_count, many[i].certificates);
		buf_done(&text);
		buf_done(&mistakes);
		config_done(&config);
	}
}

// ---- Files -----------------------------------------------------------------

#define TEXT(literal)                                                          \
	{                                                                      \
		literal, sizeof(literal) - 1                                   \
	}

// A file of `len` bytes: the text, then comments.
static const struct {
	struct view text;
	size_t len; // 0: only the text
	enum rc rc;
	const char *mistakes; // behind the path
} files[] = {
    {TEXT("threads = 3\n"), 0, RC_OK, ""},
    {TEXT(""), 0, RC_OK, ""},
    {TEXT("threads = 3\n#"), CONFIG_FILE_MAX, RC_OK, ""},
    {TEXT("threads = 3\n#"), CONFIG_FILE_MAX + 1, RC_LIMIT,
	": it is longer than 1048576 bytes\n"},
    {TEXT("threads = 3\n\0"), 0, RC_INVALID, ": it holds NUL bytes\n"},
    {TEXT("\0"), 0, RC_INVALID, ": it holds NUL bytes\n"},
    {TEXT("\nthreads = x\n"), 0, RC_INVALID,
	":2: threads wants a number, not \"x\"\n"},
};

static void make_file(const char *path, struct view text, size_t len)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
	for (size_t i = text.len; i < len; i++)
		assert_int_equal(fputc('#', file), '#');
	assert_int_equal(fclose(file), 0);
}

// Reads what is at `path`; `ret_words` is what was said of it, behind the path.
static enum rc read_path(const char *path, struct config *config,
    struct buf *mistakes, struct view *ret_words)
{
	config_init(config);
	buf_init(mistakes, 65536);
	enum rc rc = config_read(config, path, mistakes);
	*ret_words = buf_view(mistakes);
	if (ret_words->len > 0) {
		assert_true(view_starts_with(*ret_words, view_of_string(path)));
		*ret_words = view_from(*ret_words, strlen(path));
	}
	return rc;
}

static void make_folder(char *ret_folder, size_t len)
{
	const char *base = getenv("TMPDIR");
	snprintf(ret_folder, len, "%s/roost-config-XXXXXX",
	    base && *base ? base : "/tmp");
	assert_non_null(mkdtemp(ret_folder));
}

static void test_files_are_read(void **state)
{
	char folder[100], path[200];
	(void)state;
	make_folder(folder, sizeof(folder));
	snprintf(path, sizeof(path), "%s/roost.conf", folder);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct config config;
		struct buf mistakes;
		struct view words;
		make_file(path, files[i].text, files[i].len);
		enum rc rc = read_path(path, &config, &mistakes, &words);
		if (rc != files[i].rc)
			fail_msg("row %zu: %s", i, rc_name(rc));
		assert_view_equal_row(
		    i, words, view_of_string(files[i].mistakes));
		if (rc == RC_OK) {
			assert_string_equal(config.path, path);
			assert_int_equal(
			    config.threads, files[i].text.len > 0 ? 3 : 16);
		}
		buf_done(&mistakes);
		config_done(&config);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void check_unreadable(const char *path, const char *why)
{
	struct config config;
	struct buf mistakes;
	struct view words;
	enum rc rc = read_path(path, &config, &mistakes, &words);
	assert_int_not_equal(rc, RC_OK);
	if (view_find(words, view_of_string(why)) == SIZE_MAX)
		fail_msg("%s: %.*s", path, VIEW_FMT(words));
	assert_true(view_ends_with(words, VIEW("\n")));
	buf_done(&mistakes);
	config_done(&config);
}

static void test_what_is_no_file(void **state)
{
	char folder[100], path[200];
	(void)state;
	make_folder(folder, sizeof(folder));
	check_unreadable("/no/such/file", strerror(ENOENT));
	check_unreadable(folder, "it is a folder, not a file");
	snprintf(path, sizeof(path), "%s/loop", folder);
	assert_int_equal(symlink("loop", path), 0);
	check_unreadable(path, strerror(ELOOP));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

// ---- Values ----------------------------------------------------------------

static void test_values_arrive(void **state)
{
	(void)state;
	struct config config;
	struct buf mistakes;
	config_init(&config);
	buf_init(&mistakes, 65536);
	enum rc rc = config_parse(&config, "f",
	    VIEW("data = \"/d\\\\x\"\nserver_name = \"B\u00fccher.example\"\n"
		 "threads = 7\nplain_on_loopback = yes\n"
		 "log_level = error # so quiet\n"
		 "listen \"one\" { address = {\"127.0.0.1\", \"::1\"}\n"
		 "port = 2143 tls = implicit }\n"),
	    &mistakes);
	assert_int_equal(rc, RC_OK);
	assert_string_equal(config.data, "/d\\x");
	assert_string_equal(config.server_name, "xn--bcher-kva.example");
	assert_int_equal(config.threads, 7);
	assert_int_equal(config.plain_on_loopback, 1);
	assert_int_equal(config.log_level, LOG_LEVEL_ERROR);
	assert_int_equal(config.listener_count, 1);
	assert_string_equal(config.listeners[0].name, "one");
	assert_int_equal(config.listeners[0].address_count, 2);
	assert_string_equal(config.listeners[0].addresses[1], "::1");
	assert_int_equal(config.listeners[0].port, 2143);
	assert_int_equal(config.listeners[0].tls, CONFIG_TLS_IMPLICIT);
	// A setting that is not in the file has its default.
	assert_int_equal(config.stall_seconds, 300);
	buf_done(&mistakes);
	config_done(&config);
}

static void test_defaults_need_no_file(void **state)
{
	(void)state;
	struct config config;
	config_init(&config);
	assert_string_equal(config.data, "/var/lib/roost");
	assert_int_equal(config.listener_count, 9);
	assert_int_equal(config.listeners[0].port, 143);
	assert_int_equal(config.listeners[1].port, 993);
	assert_int_equal(config.listeners[2].protocol, CONFIG_SMTP);
	assert_int_equal(config.listeners[2].port, 25);
	assert_int_equal(config.sandbox, 1);
	assert_int_equal(config.plain_on_loopback, 0);
	config_done(&config);
}

static void test_the_shipped_sample_is_the_table(void **state)
{
	const char *path = *state;
	struct buf sample, shipped;
	char piece[4096];
	size_t got;
	buf_init(&sample, CONFIG_FILE_MAX);
	buf_init(&shipped, CONFIG_FILE_MAX);
	config_sample(&sample);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while ((got = fread(piece, 1, sizeof(piece), file)) > 0)
		buf_add(&shipped, view_of(piece, got));
	fclose(file);
	// If this fails: `make sample` writes the file again.
	assert_view_equal(buf_view(&sample), buf_view(&shipped));
	buf_done(&sample);
	buf_done(&shipped);
}

// The sample with its settings uncommented, but not its sections, which name
// files that do not exist.
static void test_the_sample_has_the_defaults(void **state)
{
	(void)state;
	struct config plain, sampled;
	struct buf sample, live, mistakes;
	config_init(&plain);
	config_init(&sampled);
	buf_init(&sample, CONFIG_FILE_MAX);
	buf_init(&live, CONFIG_FILE_MAX);
	buf_init(&mistakes, 65536);
	config_sample(&sample);
	struct view text = buf_view(&sample), line;
	size_t settings = 0;
	while (view_split(&text, '\n', &line)) {
		bool setting = line.len > 1 && line.ptr[0] == '#' &&
			       line.ptr[1] >= 'a' && line.ptr[1] <= 'z' &&
			       view_find(line, VIEW(" = ")) != SIZE_MAX;
		settings += setting;
		buf_add(&live, view_from(line, setting ? 1 : 0));
		buf_add_char(&live, '\n');
	}
	assert_true(settings > 20);
	assert_int_equal(
	    config_parse(&sampled, "f", buf_view(&live), &mistakes), RC_OK);
	const char *numbers = (const char *)&plain.log_level;
	size_t len = sizeof(plain) - offsetof(struct config, log_level);
	assert_memory_equal(&sampled.log_level, numbers, len);
	assert_string_equal(plain.data, sampled.data);
	buf_done(&sample);
	buf_done(&live);
	buf_done(&mistakes);
	config_done(&plain);
	config_done(&sampled);
}

// What mail programs elsewhere can use.
static void test_services(void **state)
{
	static const struct {
		const char *text;
		struct mail_services services;
	} table[] = {
	    {"threads = 1\n", {{993, 143, 995, 110, 465, 587, 443}}},
	    {"listen \"a\" { protocol = imap port = 1143 }\n",
		{{[SERVICE_IMAP] = 1143}}},
	    {"listen \"a\" { protocol = imap port = 143\n"
	     "address = \"127.0.0.1\" }\n"
	     "listen \"b\" { protocol = pop3 tls = implicit port = 995\n"
	     " address = {\"::1\", \"127.0.0.9\", \"::ffff:127.0.0.1\"} }\n",
		{{0}}},
	    // One address is enough.
	    {"listen \"a\" { protocol = imap port = 143\n"
	     " address = {\"127.0.0.1\", \"192.0.2.1\"} }\n"
	     "listen \"b\" { protocol = imap tls = implicit port = 994\n"
	     " address = \"2001:db8::1\" }\n",
		{{[SERVICE_IMAP] = 143, [SERVICE_IMAPS] = 994}}},
	    // The registered port goes first, wherever it stands.
	    {"listen \"a\" { protocol = submission port = 2587 }\n"
	     "listen \"b\" { protocol = submission port = 587 }\n"
	     "listen \"c\" { protocol = submission port = 3587 }\n"
	     "listen \"d\" { protocol = imap port = 2143 }\n"
	     "listen \"e\" { protocol = imap port = 3143 }\n",
		{{[SERVICE_SUBMISSION] = 587, [SERVICE_IMAP] = 2143}}},
	    {"listen \"a\" { protocol = http port = 80 tls = none }\n"
	     "listen \"b\" { protocol = http port = 8443 tls = implicit }\n",
		{{[SERVICE_AUTODISCOVER] = 8443}}},
	    // Passwords do not come without TLS, and servers look for no SRV.
	    {"plain_on_loopback = yes\n"
	     "listen \"a\" { protocol = imap port = 143 tls = none\n"
	     " address = \"127.0.0.1\" }\n"
	     "listen \"b\" { protocol = smtp port = 25 }\n"
	     "listen \"c\" { protocol = lmtp port = 24 tls = none\n"
	     " address = \"127.0.0.1\" }\n"
	     "listen \"d\" { protocol = lmtp address = \"/run/a\" tls = none "
	     "}\n",
		{{0}}},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct config config;
		struct buf mistakes;
		config_init(&config);
		buf_init(&mistakes, 65536);
		enum rc rc = config_parse(
		    &config, "f", view_of_string(table[i].text), &mistakes);
		if (rc != RC_OK)
			fail_msg("%.*s", VIEW_FMT(buf_view(&mistakes)));
		struct mail_services got = config_services(&config);
		for (size_t j = 0; j < MAIL_SERVICES; j++)
			if (got.ports[j] != table[i].services.ports[j])
				fail_msg("row %zu, service %zu: port %u", i, j,
				    got.ports[j]);
		buf_done(&mistakes);
		config_done(&config);
	}
}

int main(int argc, char **argv)
{
	char *sample = argc > 1 ? argv[1] : NULL;
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_mistakes_are_named_with_their_lines),
	    cmocka_unit_test(test_more_than_there_is_room_for),
	    cmocka_unit_test(test_files_are_read),
	    cmocka_unit_test(test_what_is_no_file),
	    cmocka_unit_test(test_values_arrive),
	    cmocka_unit_test(test_services),
	    cmocka_unit_test(test_defaults_need_no_file),
	    cmocka_unit_test_prestate(
		test_the_shipped_sample_is_the_table, sample),
	    cmocka_unit_test(test_the_sample_has_the_defaults),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
