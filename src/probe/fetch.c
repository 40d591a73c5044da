// SPDX-License-Identifier: Apache-2.0
#include "probe/fetch.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "wire/ip_address.h"

struct transfer {
	struct probe_fetch *fetch;
	CURL *handle;
	struct curl_slist *resolve;
	struct curl_slist *headers;
	size_t header_bytes; // that have come
};

#define HEADERS_MAX ((size_t)64 * 1024)

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct probe_fetch *fetch = context;
	buf_add(&fetch->body, view_of(bytes, size * count));
	return buf_status(&fetch->body) == RC_OK ? size * count : 0;
}

// The bytes of all header fields, also of the answers that lead elsewhere:
// libcurl of itself keeps as many as come.
static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	(void)bytes;
	transfer->header_bytes += size * count;
	return transfer->header_bytes <= HEADERS_MAX ? size * count : 0;
}

static bool is_public(const struct sockaddr *at)
{
	char text[INET6_ADDRSTRLEN];
	struct ip_address address;
	const void *bytes =
	    &((const struct sockaddr_in *)(const void *)at)->sin_addr;
	if (at->sa_family == AF_INET6)
		bytes =
		    &((const struct sockaddr_in6 *)(const void *)at)->sin6_addr;
	return inet_ntop(at->sa_family, bytes, text, sizeof(text)) &&
	       ip_address_parse(text, &address) == RC_OK &&
	       ip_address_kind(&address) == IP_ADDRESS_PUBLIC;
}

// libcurl asks for each connection, also after a redirection, when the name has
// been looked up: what is checked is the address that is met.
static curl_socket_t open_public(
    void *context, curlsocktype purpose, struct curl_sockaddr *at)
{
	(void)context;
	if (purpose != CURLSOCKTYPE_IPCXN || !is_public(&at->addr))
		return CURL_SOCKET_BAD;
	return socket(at->family, at->socktype | SOCK_CLOEXEC, at->protocol);
}

static void set_options(struct transfer *transfer, const char *authorities)
{
	struct probe_fetch *fetch = transfer->fetch;
	CURL *handle = transfer->handle;
	curl_easy_setopt(handle, CURLOPT_URL, fetch->url);
	curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(handle, CURLOPT_PROXY, ""); // whatever http_proxy says
	if (fetch->only_public)
		curl_easy_setopt(
		    handle, CURLOPT_OPENSOCKETFUNCTION, open_public);
	// What began with TLS goes on with it: otherwise anybody on the way
	// could answer for whoever was asked.
	bool tls = strncmp(fetch->url, "https:", 6) == 0;
	curl_easy_setopt(
	    handle, CURLOPT_REDIR_PROTOCOLS_STR, tls ? "https" : "http,https");
	curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(handle, CURLOPT_MAXREDIRS, 4L);
	curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(handle, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, 4000L);
	curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, 8000L);
	curl_easy_setopt(handle, CURLOPT_USERAGENT, "roost-doctor");
	curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(handle, CURLOPT_WRITEDATA, fetch);
	curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(handle, CURLOPT_HEADERDATA, transfer);
	if (authorities)
		curl_easy_setopt(handle, CURLOPT_CAINFO, authorities);
	if (fetch->resolve) {
		transfer->resolve = curl_slist_append(NULL, fetch->resolve);
		curl_easy_setopt(handle, CURLOPT_RESOLVE, transfer->resolve);
	}
	if (!fetch->post)
		return;
	transfer->headers = curl_slist_append(NULL, "Content-Type: text/xml");
	curl_easy_setopt(handle, CURLOPT_HTTPHEADER, transfer->headers);
	curl_easy_setopt(handle, CURLOPT_POSTFIELDS, fetch->post);
	// Otherwise a redirect would turn it into a GET.
	curl_easy_setopt(handle, CURLOPT_POSTREDIR, (long)CURL_REDIR_POST_ALL);
}

static void take_results(CURLM *multi, struct transfer *transfers, size_t count)
{
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(multi, &left)))
		for (size_t i = 0; i < count; i++)
			if (message->msg == CURLMSG_DONE &&
			    message->easy_handle == transfers[i].handle)
				transfers[i].fetch->found =
				    message->data.result == CURLE_OK;
}

static void run(
    CURLM *multi, struct transfer *transfers, size_t count, uint64_t end_ms)
{
	int running = 1;
	while (running > 0 && clock_monotonic_ms() < end_ms) {
		if (curl_multi_perform(multi, &running) != CURLM_OK)
			return;
		take_results(multi, transfers, count);
		if (running > 0 &&
		    curl_multi_poll(multi, NULL, 0, 100, NULL) != CURLM_OK)
			return;
	}
}

void probe_fetch_all(struct probe_fetch *fetches, size_t count,
    const char *authorities, uint64_t end_ms)
{
	struct transfer transfers[PROBE_FETCHES_MAX] = {0};
	if (count == 0 || count > PROBE_FETCHES_MAX ||
	    curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return;
	CURLM *multi = curl_multi_init();
	for (size_t i = 0; i < count; i++) {
		transfers[i].fetch = &fetches[i];
		transfers[i].handle = curl_easy_init();
		if (!multi || !transfers[i].handle)
			abort(); // out of memory
		set_options(&transfers[i], authorities);
		curl_multi_add_handle(multi, transfers[i].handle);
	}
	run(multi, transfers, count, end_ms);
	for (size_t i = 0; i < count; i++) {
		curl_multi_remove_handle(multi, transfers[i].handle);
		curl_easy_cleanup(transfers[i].handle);
		curl_slist_free_all(transfers[i].resolve);
		curl_slist_free_all(transfers[i].headers);
	}
	curl_multi_cleanup(multi);
	curl_global_cleanup();
}
