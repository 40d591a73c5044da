// SPDX-License-Identifier: Apache-2.0
#include "server/fetch.h"

#include <openssl/x509.h>

#include "base/mem.h"
#include "net/tls_store.h"
#include "server/https.h"
#include "server/version.h"

#define WHOLE_SECONDS 90
#define FIELD_MAX     ((size_t)4096) // bytes of a header field
#define FIELDS_MAX    ((size_t)65536)

struct fetch {
	struct fetch_settings settings;
	X509_STORE *store;
	CURL *curl;
	struct buf body;
	struct buf nonce, location, retry_after;
	size_t fields; // bytes of header fields in this answer
	bool too_long;
	char error[CURL_ERROR_SIZE];
	char why[CURL_ERROR_SIZE + 128];
};

// ---- What libcurl calls ----------------------------------------------------

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
	struct fetch *fetch = context;
	buf_add(&fetch->body, view_of(bytes, size * count));
	fetch->too_long = buf_status(&fetch->body) != RC_OK;
	return fetch->too_long ? 0 : size * count;
}

static void take_field(struct buf *to, struct view value)
{
	buf_reset(to);
	buf_add(to, view_trim(value));
}

static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
	struct fetch *fetch = context;
	struct view line = view_of(bytes, size * count), name;
	fetch->fields += line.len;
	fetch->too_long = fetch->fields > FIELDS_MAX;
	if (fetch->too_long)
		return 0;
	struct view value = line;
	if (!view_split(&value, ':', &name))
		return line.len;
	if (view_eq_nocase(name, VIEW("Replay-Nonce")))
		take_field(&fetch->nonce, value);
	else if (view_eq_nocase(name, VIEW("Location")))
		take_field(&fetch->location, value);
	else if (view_eq_nocase(name, VIEW("Retry-After")))
		take_field(&fetch->retry_after, value);
	return line.len;
}

static int on_progress(void *context, curl_off_t down, curl_off_t down_now,
    curl_off_t up, curl_off_t up_now)
{
	const struct fetch *fetch = context;
	(void)down;
	(void)down_now;
	(void)up;
	(void)up_now;
	return atomic_load(fetch->settings.stopping) ? 1 : 0;
}

// ---- Opening ---------------------------------------------------------------

static void set_up(struct fetch *fetch)
{
	CURL *curl = fetch->curl;
	https_set_up(curl, fetch->store);
#define SET(option, value) curl_easy_setopt(curl, option, value)
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_TIMEOUT, (long)WHOLE_SECONDS);
	SET(CURLOPT_WRITEFUNCTION, take_body);
	SET(CURLOPT_WRITEDATA, fetch);
	SET(CURLOPT_HEADERFUNCTION, take_header);
	SET(CURLOPT_HEADERDATA, fetch);
	SET(CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(CURLOPT_XFERINFODATA, fetch);
	SET(CURLOPT_NOPROGRESS, 0L);
	SET(CURLOPT_ERRORBUFFER, fetch->error);
#undef SET
}

enum rc fetch_new(const struct fetch_settings *settings, struct fault *fault,
    struct fetch **ret_fetch)
{
	struct fetch *fetch = mem_zalloc(sizeof(*fetch));
	fetch->settings = *settings;
	buf_init(&fetch->body, ACME_ANSWER_MAX);
	buf_init(&fetch->nonce, FIELD_MAX);
	buf_init(&fetch->location, FIELD_MAX);
	buf_init(&fetch->retry_after, FIELD_MAX);
	enum rc rc = net_tls_store(
	    settings->ca_file, settings->log, fault, &fetch->store);
	if (rc == RC_OK && (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 ||
			       !(fetch->curl = curl_easy_init())))
		rc = fault_set(fault, RC_UNSUPPORTED, "libcurl does not start");
	if (rc != RC_OK) {
		fetch_free(&fetch);
		return rc;
	}
	set_up(fetch);
	*ret_fetch = fetch;
	return RC_OK;
}

void fetch_free(struct fetch **fetch)
{
	struct fetch *gone = *fetch;
	*fetch = NULL;
	if (!gone)
		return;
	if (gone->curl) {
		curl_easy_cleanup(gone->curl);
		curl_global_cleanup();
	}
	X509_STORE_free(gone->store);
	buf_done(&gone->body);
	buf_done(&gone->nonce);
	buf_done(&gone->location);
	buf_done(&gone->retry_after);
	free(gone);
}

// ---- A request -------------------------------------------------------------

// Looks the host up, and tells libcurl: its own look-up would start threads
// that read files.
static bool resolve(struct fetch *fetch, const char *host, uint32_t port,
    struct curl_slist **ret_list)
{
	struct buf line;
	const char *why = "";
	*ret_list = NULL;
	if (port != fetch->settings.port) {
		snprintf(fetch->why, sizeof(fetch->why),
		    "it leads to port %u of %s, but acme_directory has port %u",
		    port, host, fetch->settings.port);
		return false;
	}
	if (https_is_numeric(host))
		return true;
	buf_init(&line, FIELD_MAX);
	buf_printf(&line, "%s:%u:", host, port);
	bool found =
	    fetch->settings.resolve(fetch->settings.context, host, &line, &why);
	buf_add_char(&line, '\0');
	if (found && buf_status(&line) == RC_OK) {
		char old[300]; // what libcurl was told for an earlier request
		snprintf(old, sizeof(old), "-%s:%u", host, port);
		*ret_list =
		    curl_slist_append(curl_slist_append(NULL, old), line.ptr);
	} else {
		snprintf(fetch->why, sizeof(fetch->why),
		    "the name %s cannot be resolved: %s", host, why);
	}
	buf_done(&line);
	return found;
}

static bool resolve_url(
    struct fetch *fetch, const char *url, struct curl_slist **ret_list)
{
	char *host;
	uint32_t port;
	*ret_list = NULL;
	if (!https_url_host(url, &host, &port)) {
		snprintf(fetch->why, sizeof(fetch->why),
		    "the address %.200s is none", url);
		return false;
	}
	bool good = resolve(fetch, host, port, ret_list);
	free(host);
	return good;
}

static struct curl_slist *fields_of(const struct acme_request *request)
{
	struct curl_slist *list =
	    curl_slist_append(NULL, "User-Agent: roost/" ROOST_VERSION);
	list = curl_slist_append(list, "Accept-Language: en");
	// RFC 8555 section 6.2.
	if (request->method == ACME_POST)
		list = curl_slist_append(
		    list, "Content-Type: application/jose+json");
	return list;
}

static CURLcode perform(struct fetch *fetch, const struct acme_request *request,
    struct curl_slist *addresses)
{
	CURL *curl = fetch->curl;
	struct curl_slist *fields = fields_of(request);
	curl_easy_setopt(curl, CURLOPT_URL, request->url);
	curl_easy_setopt(curl, CURLOPT_RESOLVE, addresses);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
	curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(
	    curl, CURLOPT_NOBODY, request->method == ACME_HEAD ? 1L : 0L);
	if (request->method == ACME_POST) {
		curl_easy_setopt(curl, CURLOPT_POST, 1L);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)request->body.len);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body.ptr);
	}
	fetch->error[0] = '\0';
	CURLcode code = curl_easy_perform(curl);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, (struct curl_slist *)NULL);
	curl_easy_setopt(curl, CURLOPT_RESOLVE, (struct curl_slist *)NULL);
	curl_slist_free_all(fields);
	return code;
}

static void explain(struct fetch *fetch, CURLcode code)
{
	const char *words =
	    fetch->error[0] ? fetch->error : curl_easy_strerror(code);
	bool unverified = code == CURLE_PEER_FAILED_VERIFICATION;
	if (fetch->too_long)
		words = "its answer is too long";
	snprintf(fetch->why, sizeof(fetch->why), "%s%s", words,
	    unverified ? " (set acme_ca_file for an authority of your own)"
		       : "");
}

void fetch_request(struct fetch *fetch, const struct acme_request *request,
    struct acme_answer *ret_answer)
{
	struct curl_slist *addresses;
	long status = 0;
	*ret_answer = (struct acme_answer){.failure = fetch->why};
	buf_reset(&fetch->body);
	buf_reset(&fetch->nonce);
	buf_reset(&fetch->location);
	buf_reset(&fetch->retry_after);
	fetch->fields = 0;
	fetch->too_long = false;
	if (!resolve_url(fetch, request->url, &addresses))
		return;
	CURLcode code = perform(fetch, request, addresses);
	curl_slist_free_all(addresses);
	if (code != CURLE_OK) {
		explain(fetch, code);
		return;
	}
	curl_easy_getinfo(fetch->curl, CURLINFO_RESPONSE_CODE, &status);
	*ret_answer = (struct acme_answer){
	    .status = (unsigned)status,
	    .failure = "it does not speak HTTP",
	    .body = buf_view(&fetch->body),
	    .nonce = buf_view(&fetch->nonce),
	    .location = buf_view(&fetch->location),
	    .retry_after = buf_view(&fetch->retry_after),
	};
}
