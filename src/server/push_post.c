// SPDX-License-Identifier: Apache-2.0
// A request first looks its host up, by our own resolver (the sandbox forbids
// libcurl's), then libcurl connects to one of the addresses that are allowed.
#include "server/push_post.h"

#include <arpa/inet.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/tls_store.h"
#include "server/https.h"
#include "server/version.h"
#include "wire/ip_address.h"

#define WHOLE_SECONDS 60L
#define ANSWER_MAX    ((size_t)65536) // bytes that are read, and dropped
#define LOOK_UPS      2               // A and AAAA

struct request {
	struct push_post *post;
	struct request *next;
	CURL *curl;
	struct curl_slist *fields, *addresses;
	char *host; // owned
	char *url;  // owned
	struct buf body;
	size_t answered; // bytes of the answer
	// Protected by the lock of `post`, until `left` is 0.
	unsigned left;    // look-ups that have not answered
	struct buf found; // "address,address"
	bool refused;     // an address was found that is not allowed
	bool running;     // libcurl has it
	char error[CURL_ERROR_SIZE];
	void (*done)(void *context, const struct jmap_posted *posted);
	void *context;
};

struct push_post {
	struct push_post_settings settings;
	X509_STORE *store;
	CURLM *multi;
	struct dns *dns;
	pthread_mutex_t lock;
	struct request *first; // of the one thread
};

// ---- Addresses -------------------------------------------------------------

static bool is_allowed(const struct push_post *post, const char *text)
{
	struct ip_address address;
	if (ip_address_parse(text, &address) != RC_OK)
		return false;
	return ip_address_kind(&address) == IP_ADDRESS_PUBLIC ||
	       net_networks_have(&post->settings.networks, address.bytes);
}

// What is checked is the address that is met, whatever was looked up.
static curl_socket_t open_socket(
    void *context, curlsocktype purpose, struct curl_sockaddr *at)
{
	const struct push_post *post = context;
	const struct sockaddr *address = &at->addr;
	char text[INET6_ADDRSTRLEN];
	const void *bytes =
	    &((const struct sockaddr_in *)(const void *)address)->sin_addr;
	if (at->family == AF_INET6)
		bytes = &((const struct sockaddr_in6 *)(const void *)address)
			     ->sin6_addr;
	if (purpose != CURLSOCKTYPE_IPCXN ||
	    !inet_ntop(at->family, bytes, text, sizeof(text)) ||
	    !is_allowed(post, text))
		return CURL_SOCKET_BAD;
	return socket(at->family, at->socktype | SOCK_CLOEXEC, at->protocol);
}

static void add_address(struct request *request, struct view address)
{
	char text[INET6_ADDRSTRLEN];
	bool six = view_find_char(address, ':') != SIZE_MAX;
	if (address.len >= sizeof(text))
		return;
	snprintf(text, sizeof(text), "%.*s", VIEW_FMT(address));
	if (!is_allowed(request->post, text)) {
		request->refused = true;
		return;
	}
	buf_printf(&request->found, "%s%s%s%s",
	    request->found.len > 0 ? "," : "", six ? "[" : "", text,
	    six ? "]" : "");
}

// On the resolver's thread, or on ours.
static void looked_up(void *context, const struct dns_answer *answer)
{
	struct request *request = context;
	struct push_post *post = request->post;
	pthread_mutex_lock(&post->lock);
	for (size_t i = 0; i < answer->count; i++)
		add_address(request, answer->records[i].value);
	request->left--;
	pthread_mutex_unlock(&post->lock);
	curl_multi_wakeup(post->multi);
}

// ---- What libcurl calls ----------------------------------------------------

static size_t drop_answer(char *bytes, size_t size, size_t count, void *context)
{
	struct request *request = context;
	(void)bytes;
	request->answered += size * count;
	return request->answered <= ANSWER_MAX ? size * count : 0;
}

static void set_up(struct request *request)
{
	CURL *curl = request->curl;
	https_set_up(curl, request->post->store);
#define SET(option, value) curl_easy_setopt(curl, option, value)
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(CURLOPT_OPENSOCKETDATA, request->post);
	SET(CURLOPT_TIMEOUT, WHOLE_SECONDS);
	SET(CURLOPT_WRITEFUNCTION, drop_answer);
	SET(CURLOPT_WRITEDATA, request);
	SET(CURLOPT_HEADERFUNCTION, drop_answer);
	SET(CURLOPT_HEADERDATA, request);
	SET(CURLOPT_ERRORBUFFER, request->error);
	SET(CURLOPT_PRIVATE, request);
	SET(CURLOPT_URL, request->url);
	SET(CURLOPT_HTTPHEADER, request->fields);
	SET(CURLOPT_RESOLVE, request->addresses);
	SET(CURLOPT_POSTFIELDS, request->body.ptr);
	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
#undef SET
}

// ---- One request -----------------------------------------------------------

static void add_field(
    struct request *request, const char *name, const char *value)
{
	char line[4096];
	if (!value)
		return;
	snprintf(line, sizeof(line), "%s: %s", name, value);
	request->fields = curl_slist_append(request->fields, line);
}

static void free_request(struct request *request)
{
	struct push_post *post = request->post;
	struct request **at = &post->first;
	while (*at != request)
		at = &(*at)->next;
	*at = request->next;
	if (request->running)
		curl_multi_remove_handle(post->multi, request->curl);
	curl_easy_cleanup(request->curl);
	curl_slist_free_all(request->fields);
	curl_slist_free_all(request->addresses);
	buf_done_secret(&request->body);
	buf_done(&request->found);
	free(request->host);
	free(request->url);
	free(request);
}

static void finish(struct request *request, const struct jmap_posted *posted)
{
	request->done(request->context, posted);
	free_request(request);
}

static void give_up(struct request *request, const char *why)
{
	finish(request, &(struct jmap_posted){.why = why});
}

// The host of the URL; NULL: it is none, or has another port.
static char *host_of(const struct push_post *post, const char *url)
{
	char *host;
	uint32_t port;
	if (!https_url_host(url, &host, &port))
		return NULL;
	if (port == post->settings.port)
		return host;
	free(host);
	return NULL;
}

static void look_up(struct request *request)
{
	struct view host = view_of_string(request->host);
	if (https_is_numeric(request->host))
		return; // open_socket() decides
	request->left = LOOK_UPS;
	dns_lookup_bulk(request->post->dns, host, DNS_A, looked_up, request);
	dns_lookup_bulk(request->post->dns, host, DNS_AAAA, looked_up, request);
}

static void begin(void *context, const struct jmap_post *order,
    void (*done)(void *done_context, const struct jmap_posted *posted),
    void *done_context)
{
	struct push_post *post = context;
	char ttl[16];
	struct request *request = mem_zalloc(sizeof(*request));
	request->post = post;
	request->done = done;
	request->context = done_context;
	request->url = mem_strdup(order->url);
	request->host = host_of(post, order->url);
	buf_init(&request->body, order->body.len + 1);
	buf_add(&request->body, order->body);
	buf_init(&request->found, 4096);
	snprintf(ttl, sizeof(ttl), "%u", order->ttl);
	add_field(request, "User-Agent", "roost/" ROOST_VERSION);
	add_field(request, "Content-Type", order->content_type);
	add_field(request, "Content-Encoding", order->content_encoding);
	add_field(request, "Authorization", order->authorization);
	add_field(request, "TTL", ttl);
	add_field(request, "Urgency", order->urgency);
	request->next = post->first;
	post->first = request;
	if (request->host)
		look_up(request);
	curl_multi_wakeup(post->multi); // wait() goes on with it
}

// ---- All requests ----------------------------------------------------------

static void connect_to(struct request *request)
{
	struct push_post *post = request->post;
	struct buf line;
	bool numeric = https_is_numeric(request->host);
	if (!numeric && request->found.len == 0) {
		give_up(request, request->refused
				     ? "its address is no public one"
				     : "the host cannot be looked up");
		return;
	}
	buf_init(&line, 8192);
	buf_printf(&line, "%s:%u:%.*s", request->host, post->settings.port,
	    VIEW_FMT(buf_view(&request->found)));
	buf_add_char(&line, '\0');
	if (!numeric)
		request->addresses = curl_slist_append(NULL, line.ptr);
	buf_done(&line);
	request->curl = curl_easy_init();
	if (!request->curl) {
		give_up(request, "libcurl does not start");
		return;
	}
	set_up(request);
	request->running = true;
	curl_multi_add_handle(post->multi, request->curl);
}

// Those whose addresses are known.
static void connect_all(struct push_post *post)
{
	struct request *next;
	for (struct request *r = post->first; r; r = next) {
		next = r->next;
		pthread_mutex_lock(&post->lock);
		bool ready = r->left == 0 && !r->running;
		pthread_mutex_unlock(&post->lock);
		if (ready && !r->host)
			give_up(r, "it is no such URL");
		else if (ready)
			connect_to(r);
	}
}

static void take_answer(struct request *request, CURLcode code)
{
	long status = 0;
	curl_off_t retry = 0;
	if (code != CURLE_OK) {
		give_up(request, request->error[0] ? request->error
						   : curl_easy_strerror(code));
		return;
	}
	curl_easy_getinfo(request->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(request->curl, CURLINFO_RETRY_AFTER, &retry);
	finish(request,
	    &(struct jmap_posted){.status = (unsigned)status,
		.retry_after =
		    retry > 0 && retry < UINT32_MAX ? (uint32_t)retry : 0,
		.why = "it does not speak HTTP"});
}

static void take_answers(struct push_post *post)
{
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(post->multi, &left))) {
		char *request;
		if (message->msg != CURLMSG_DONE)
			continue;
		CURLcode code = message->data.result;
		curl_easy_getinfo(
		    message->easy_handle, CURLINFO_PRIVATE, &request);
		take_answer((struct request *)(void *)request, code);
	}
}

static void wait_for_any(void *context, uint32_t ms)
{
	struct push_post *post = context;
	int running;
	connect_all(post);
	curl_multi_perform(post->multi, &running);
	take_answers(post);
	curl_multi_poll(post->multi, NULL, 0, (int)ms, NULL);
	curl_multi_perform(post->multi, &running);
	take_answers(post);
}

static void wake(void *context)
{
	curl_multi_wakeup(((struct push_post *)context)->multi);
}

// Look-ups that are under way would take long. Their requests stay until
// push_post_free(), which comes after the resolver's end.
static void cancel(void *context)
{
	struct push_post *post = context;
	for (struct request *r = post->first; r; r = r->next) {
		if (r->done)
			r->done(r->context,
			    &(struct jmap_posted){.why = "the server stops"});
		r->done = NULL;
	}
}

// ---- The life of it --------------------------------------------------------

enum rc push_post_new(const struct push_post_settings *settings,
    struct fault *fault, struct push_post **ret_post)
{
	struct push_post *post = mem_zalloc(sizeof(*post));
	post->settings = *settings;
	pthread_mutex_init(&post->lock, NULL);
	enum rc rc = net_tls_store(
	    settings->ca_file, settings->log, fault, &post->store);
	if (rc == RC_OK && (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 ||
			       !(post->multi = curl_multi_init())))
		rc = fault_set(fault, RC_UNSUPPORTED, "libcurl does not start");
	if (rc != RC_OK) {
		push_post_free(&post);
		return rc;
	}
	// Connections to push services stay open for the next message.
	curl_multi_setopt(post->multi, CURLMOPT_MAXCONNECTS, 16L);
	*ret_post = post;
	return RC_OK;
}

void push_post_free(struct push_post **ret_post)
{
	struct push_post *post = *ret_post;
	if (!post)
		return;
	while (post->first)
		free_request(post->first);
	if (post->multi) {
		curl_multi_cleanup(post->multi);
		curl_global_cleanup();
	}
	X509_STORE_free(post->store);
	pthread_mutex_destroy(&post->lock);
	free(post);
	*ret_post = NULL;
}

void push_post_set_dns(struct push_post *post, struct dns *dns)
{
	post->dns = dns;
}

struct jmap_poster push_post_poster(struct push_post *post)
{
	return (struct jmap_poster){
	    .begin = begin,
	    .wait = wait_for_any,
	    .wake = wake,
	    .cancel = cancel,
	    .context = post,
	    .port = post->settings.port,
	};
}
