// SPDX-License-Identifier: Apache-2.0
// The test mail: the first user sends it by submission, to the user's own
// address, finds it by IMAP, and deletes it. The server is this machine's, so
// its certificate is not checked here.
#include <curl/curl.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "server/installer_impl.h"

#define TRANSFER_SECONDS 30L
#define ARRIVE_TRIES     30

enum test_end {
	TEST_ARRIVED,
	TEST_NO_PORT,
	TEST_PASSWORD,
	TEST_NOT_SENT,
	TEST_NO_IMAP,
	TEST_NOT_ARRIVED,
	TEST_LEFT, // it arrived, and could not be deleted
};

struct test {
	struct installer *in;
	CURL *handle;
	char id[40]; // the Message-ID's, before the @
	struct buf text;
	size_t sent;
	struct buf answer;
	char error[CURL_ERROR_SIZE];
};

// ---- Where -----------------------------------------------------------------

// The listener with TLS from the beginning goes first.
static const struct config_listener *find_listener(
    const struct config *config, enum config_protocol protocol)
{
	static const enum config_tls order[] = {
	    CONFIG_TLS_IMPLICIT, CONFIG_TLS_STARTTLS};
	for (size_t o = 0; o < ARRAY_LEN(order); o++)
		for (size_t i = 0; i < config->listener_count; i++) {
			const struct config_listener *l = &config->listeners[i];
			if (l->protocol == protocol && l->tls == order[o] &&
			    l->port > 0)
				return l;
		}
	return NULL;
}

// The numeric address to connect to, as libcurl writes it.
static void set_address(const struct config_listener *listener, char to[80])
{
	const char *at = listener->addresses[0];
	if (strcmp(at, "*") == 0 || strcmp(at, "0.0.0.0") == 0)
		at = "127.0.0.1";
	else if (strcmp(at, "::") == 0)
		at = "::1";
	snprintf(to, 80, strchr(at, ':') ? "::[%s]:" : "::%s:", at);
}

// ---- Transfers -------------------------------------------------------------

static size_t on_answer(char *bytes, size_t size, size_t count, void *context)
{
	struct test *test = context;
	buf_add(&test->answer, view_of(bytes, size * count));
	return size * count;
}

static size_t on_text(char *bytes, size_t size, size_t count, void *context)
{
	struct test *test = context;
	struct view rest = view_from(buf_view(&test->text), test->sent);
	size_t len = rest.len < size * count ? rest.len : size * count;
	if (len > 0)
		memcpy(bytes, rest.ptr, len);
	test->sent += len;
	return len;
}

static void set_url(struct test *test, const struct config_listener *listener,
    const char *scheme, const char *path)
{
	char url[512];
	bool tls = listener->tls == CONFIG_TLS_IMPLICIT;
	snprintf(url, sizeof(url), "%s%s://%s:%u%s", scheme, tls ? "s" : "",
	    test->in->host, listener->port, path);
	curl_easy_setopt(test->handle, CURLOPT_URL, url);
}

static struct curl_slist *prepare(
    struct test *test, const struct config_listener *listener)
{
	char to[80];
	CURL *handle = test->handle;
	curl_easy_reset(handle);
	set_address(listener, to);
	struct curl_slist *at = curl_slist_append(NULL, to);
	curl_easy_setopt(handle, CURLOPT_CONNECT_TO, at);
	curl_easy_setopt(handle, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(handle, CURLOPT_PROXY, "");
	curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(handle, CURLOPT_TIMEOUT, TRANSFER_SECONDS);
	curl_easy_setopt(handle, CURLOPT_USERNAME, test->in->address);
	curl_easy_setopt(handle, CURLOPT_PASSWORD, test->in->password);
	curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, test->error);
	curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(handle, CURLOPT_WRITEDATA, test);
	return at;
}

static CURLcode send_mail(
    struct test *test, const struct config_listener *listener)
{
	struct curl_slist *at = prepare(test, listener);
	struct curl_slist *to = curl_slist_append(NULL, test->in->address);
	CURL *handle = test->handle;
	set_url(test, listener, "smtp", "");
	curl_easy_setopt(handle, CURLOPT_MAIL_FROM, test->in->address);
	curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(handle, CURLOPT_READFUNCTION, on_text);
	curl_easy_setopt(handle, CURLOPT_READDATA, test);
	CURLcode code = curl_easy_perform(handle);
	curl_slist_free_all(to);
	curl_slist_free_all(at);
	return code;
}

static CURLcode imap_command(struct test *test,
    const struct config_listener *listener, const char *command)
{
	struct curl_slist *at = prepare(test, listener);
	set_url(test, listener, "imap", "/INBOX");
	curl_easy_setopt(test->handle, CURLOPT_CUSTOMREQUEST, command);
	buf_reset(&test->answer);
	CURLcode code = curl_easy_perform(test->handle);
	curl_slist_free_all(at);
	return code;
}

// ---- The test --------------------------------------------------------------

static void write_text(struct test *test)
{
	char date[64] = "";
	struct tm tm;
	time_t now = time(NULL);
	unsigned char random[16];
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		memset(random, 0, sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(test->id + 2 * i, 3, "%02x", random[i]);
	if (gmtime_r(&now, &tm))
		strftime(date, sizeof(date), "%a, %d %b %Y %T +0000", &tm);
	buf_printf(&test->text,
	    "Date: %s\r\nFrom: <%s>\r\nTo: <%s>\r\nMessage-ID: <%s@%s>\r\n"
	    "Subject: Test of roost setup\r\n\r\n"
	    "Roost sent this message to itself, and deletes it.\r\n",
	    date, test->in->address, test->in->address, test->id,
	    test->in->host);
}

// The message's UID, from "* SEARCH 5"; 0: it is not there yet.
static uint32_t found_uid(const struct test *test)
{
	uint32_t uid = 0;
	struct view text = buf_view(&test->answer);
	size_t at = view_find(text, VIEW("* SEARCH "));
	if (at == SIZE_MAX)
		return 0;
	struct view rest = view_trim(view_from(text, at + 9)), number;
	if (!view_split(&rest, ' ', &number) ||
	    !view_to_u32(view_trim(number), &uid))
		return 0;
	return uid;
}

static enum test_end delete_mail(
    struct test *test, const struct config_listener *imap, uint32_t uid)
{
	char command[100];
	snprintf(command, sizeof(command),
	    "UID STORE %u +FLAGS.SILENT (\\Deleted)", uid);
	if (imap_command(test, imap, command) != CURLE_OK)
		return TEST_LEFT;
	snprintf(command, sizeof(command), "UID EXPUNGE %u", uid);
	return imap_command(test, imap, command) == CURLE_OK ? TEST_ARRIVED
							     : TEST_LEFT;
}

static enum test_end receive_mail(
    struct test *test, const struct config_listener *imap)
{
	char command[400];
	snprintf(command, sizeof(command), "UID SEARCH HEADER Message-ID %s",
	    test->id);
	for (int i = 0; i < ARRIVE_TRIES; i++) {
		if (i > 0)
			(void)installer_wait(1);
		CURLcode code = imap_command(test, imap, command);
		if (code == CURLE_LOGIN_DENIED)
			return TEST_PASSWORD;
		if (code != CURLE_OK)
			return TEST_NO_IMAP;
		uint32_t uid = found_uid(test);
		if (uid > 0)
			return delete_mail(test, imap, uid);
	}
	return TEST_NOT_ARRIVED;
}

static enum test_end run_test(struct test *test)
{
	const struct config_listener *submission =
	    find_listener(test->in->config, CONFIG_SUBMISSION);
	const struct config_listener *imap =
	    find_listener(test->in->config, CONFIG_IMAP);
	if (!submission || !imap)
		return TEST_NO_PORT;
	CURLcode code = send_mail(test, submission);
	if (code == CURLE_LOGIN_DENIED)
		return TEST_PASSWORD;
	if (code != CURLE_OK)
		return TEST_NOT_SENT;
	return receive_mail(test, imap);
}

static int work(struct installer *in, struct buf *out)
{
	struct test test = {.in = in};
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return TEST_NOT_SENT;
	test.handle = curl_easy_init();
	if (!test.handle)
		return TEST_NOT_SENT;
	buf_init(&test.text, INSTALLER_TEXT_MAX);
	buf_init(&test.answer, (size_t)1 << 16);
	write_text(&test);
	enum test_end end = run_test(&test);
	buf_add_string(out, test.error);
	buf_done(&test.text);
	buf_done(&test.answer);
	curl_easy_cleanup(test.handle);
	curl_global_cleanup();
	return end;
}

// ---- The step --------------------------------------------------------------

static enum installer_end tell(
    struct installer *in, int end, struct view detail)
{
	switch (end) {
	case TEST_LEFT:
	case TEST_ARRIVED:
		installer_say(in, INSTALLER_OK,
		    "A message from %s to itself was sent, and arrived%s.",
		    in->address,
		    end == TEST_LEFT ? ". It is in the INBOX"
				     : "; it is deleted again");
		return INSTALLER_OK;
	case TEST_NO_PORT:
		installer_say(in, INSTALLER_SKIPPED,
		    "The configuration has no listeners for submission and "
		    "IMAP with TLS.");
		return INSTALLER_SKIPPED;
	case TEST_PASSWORD:
		return installer_fail(in, INSTALLER_LATER, MEND_PASSWORD,
		    in->user, NULL,
		    "The server refuses the log-in of %s: %.*s.", in->address,
		    VIEW_FMT(detail));
	case TEST_NO_IMAP:
		return installer_fail(in, INSTALLER_LATER, MEND_NOT_SENT, NULL,
		    NULL, "IMAP does not work: %.*s.", VIEW_FMT(detail));
	case TEST_NOT_ARRIVED:
		return installer_fail(in, INSTALLER_LATER, MEND_NOT_ARRIVED,
		    in->address, NULL,
		    "The test mail was accepted, and did not arrive.");
	default:
		return installer_fail(in, INSTALLER_LATER, MEND_NOT_SENT, NULL,
		    NULL, "The test mail was not accepted: %.*s.",
		    VIEW_FMT(detail));
	}
}

enum installer_end installer_mail_act(struct installer *in)
{
	struct buf detail;
	if (!in->in_use || !in->password[0]) {
		installer_say(in, INSTALLER_SKIPPED,
		    in->in_use ? "Without the user's password there is no "
				 "test mail."
			       : "The test mail can be sent when the server "
				 "runs: run setup again then.");
		return INSTALLER_SKIPPED;
	}
	buf_init(&detail, INSTALLER_TEXT_MAX);
	int end = installer_apart(in, work, &detail);
	enum installer_end result = tell(in, end, buf_view(&detail));
	buf_done(&detail);
	return result;
}
