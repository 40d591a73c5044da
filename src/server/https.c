// SPDX-License-Identifier: Apache-2.0
#include "server/https.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>

#include "base/mem.h"
#include "base/view.h"

#define CONNECT_SECONDS 20L

// libcurl would read files of the system, which the sandbox forbids.
static CURLcode on_tls(CURL *curl, void *tls, void *context)
{
	(void)curl;
	SSL_CTX_set1_cert_store(tls, context);
	return CURLE_OK;
}

void https_set_up(CURL *curl, X509_STORE *store)
{
#define SET(option, value) curl_easy_setopt(curl, option, value)
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_CAINFO, (char *)NULL);
	SET(CURLOPT_CAPATH, (char *)NULL);
	SET(CURLOPT_SSL_CTX_FUNCTION, on_tls);
	SET(CURLOPT_SSL_CTX_DATA, store);
	SET(CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
#undef SET
}

bool https_url_host(const char *url, char **ret_host, uint32_t *ret_port)
{
	CURLU *parts = curl_url();
	char *host = NULL, *port = NULL;
	bool good =
	    parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ==
		CURLUE_OK &&
	    view_to_u32(view_of_string(port), ret_port);
	if (good)
		*ret_host = mem_strdup(host);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(parts);
	return good;
}

bool https_is_numeric(const char *host)
{
	unsigned char bytes[16];
	return host[0] == '[' || inet_pton(AF_INET, host, bytes) == 1;
}
