// SPDX-License-Identifier: Apache-2.0
#include "net/certificate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/tls_session.h"
#include "net/tls_set.h"

#define CHAIN_MAX 16

// ---- Texts -----------------------------------------------------------------

// Adds `text`, which a stranger wrote, as far as it fits. Returns false when it
// was cut.
static bool add_clean(
    char *to, size_t size, const char *separator, const char *text, size_t len)
{
	size_t at = strlen(to);
	if (at + strlen(separator) + len + sizeof("…") > size) {
		snprintf(to + at, size - at, "…");
		return false;
	}
	at += (size_t)snprintf(to + at, size - at, "%s", separator);
	for (size_t i = 0; i < len; i++)
		to[at++] = text[i] > ' ' && text[i] < 0x7f ? text[i]
			   : text[i] == ' '                ? ' '
							   : '?';
	to[at] = '\0';
	return true;
}

static void add_address(struct net_certificate *out, const char *separator,
    const ASN1_OCTET_STRING *address)
{
	char text[INET6_ADDRSTRLEN] = "";
	const unsigned char *bytes = ASN1_STRING_get0_data(address);
	int len = ASN1_STRING_length(address);
	if (len == 4 || len == 16)
		inet_ntop(
		    len == 4 ? AF_INET : AF_INET6, bytes, text, sizeof(text));
	add_clean(
	    out->names, sizeof(out->names), separator, text, strlen(text));
}

static void add_names(X509 *certificate, struct net_certificate *out)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		const char *separator = out->names[0] ? ", " : "";
		if (name->type == GEN_IPADD)
			add_address(out, separator, name->d.iPAddress);
		if (name->type != GEN_DNS)
			continue;
		const ASN1_IA5STRING *dns = name->d.dNSName;
		if (!add_clean(out->names, sizeof(out->names), separator,
			(const char *)ASN1_STRING_get0_data(dns),
			(size_t)ASN1_STRING_length(dns)))
			break;
	}
	GENERAL_NAMES_free(names);
}

// The field of a name as text; false if it has none.
static bool add_field(char *to, size_t size, const X509_NAME *name, int nid)
{
	int at = X509_NAME_get_index_by_NID(name, nid, -1);
	if (at < 0)
		return false;
	const ASN1_STRING *value =
	    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
	add_clean(to, size, to[0] ? " " : "",
	    (const char *)ASN1_STRING_get0_data(value),
	    (size_t)ASN1_STRING_length(value));
	return true;
}

static void add_issuer(X509 *certificate, struct net_certificate *out)
{
	const X509_NAME *name = X509_get_issuer_name(certificate);
	add_field(out->issuer, sizeof(out->issuer), name, NID_organizationName);
	add_field(out->issuer, sizeof(out->issuer), name, NID_commonName);
	if (!out->issuer[0])
		snprintf(out->issuer, sizeof(out->issuer), "nobody");
}

// ---- Judgement -------------------------------------------------------------

static enum net_trust trust_of(int verdict, int depth)
{
	switch (verdict) {
	// OpenSSL looks at names and times when it has built a chain.
	case X509_V_OK:
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH: return NET_TRUST_GOOD;
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return depth == 0 ? NET_TRUST_GOOD : NET_TRUST_CHAIN_EXPIRED;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return NET_TRUST_SELF_SIGNED;
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_UNTRUSTED: return NET_TRUST_UNKNOWN_ISSUER;
	default: return NET_TRUST_BROKEN;
	}
}

static bool matches(X509 *certificate, const char *host)
{
	unsigned char bytes[16];
	size_t len = strlen(host);
	if (inet_pton(AF_INET, host, bytes) == 1 ||
	    inet_pton(AF_INET6, host, bytes) == 1)
		return X509_check_ip_asc(certificate, host, 0) == 1;
	while (len > 0 && host[len - 1] == '.')
		len--;
	// RFC 6125 section 6.4.3: no wildcards for a part of a label.
	return len > 0 && X509_check_host(certificate, host, len,
			      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
}

static void describe(X509 *certificate, const char *host, int verdict,
    int depth, struct net_certificate *ret_certificate)
{
	struct net_certificate out = {0};
	add_names(certificate, &out);
	if (!out.names[0] &&
	    !add_field(out.names, sizeof(out.names),
		X509_get_subject_name(certificate), NID_commonName))
		snprintf(out.names, sizeof(out.names), "nobody");
	add_issuer(certificate, &out);
	out.not_before = tls_seconds(X509_get0_notBefore(certificate));
	out.not_after = tls_seconds(X509_get0_notAfter(certificate));
	out.has_name = matches(certificate, host);
	out.self_signed =
	    X509_check_issued(certificate, certificate) == X509_V_OK;
	out.trust = trust_of(verdict, depth);
	if (out.trust == NET_TRUST_BROKEN)
		snprintf(out.why, sizeof(out.why), "%s",
		    X509_verify_cert_error_string(verdict));
	*ret_certificate = out;
}

void net_certificate_of_peer(const struct net_tls_info *tls, const char *host,
    struct net_certificate *ret_certificate)
{
	X509 *certificate = (X509 *)(uintptr_t)tls->peer_certificate;
	if (!certificate) {
		*ret_certificate = (struct net_certificate){
		    .trust = NET_TRUST_BROKEN, .why = "no certificate"};
		return;
	}
	// An expired certificate above the server's own: then its own has not.
	int depth =
	    X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0 &&
	    X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0;
	describe(certificate, host, tls->verdict, depth, ret_certificate);
}

// ---- Files -----------------------------------------------------------------

static size_t read_chain(FILE *file, X509 *chain[CHAIN_MAX])
{
	size_t count = 0;
	while (count < CHAIN_MAX &&
	       (chain[count] = PEM_read_X509(file, NULL, NULL, NULL)))
		count++;
	ERR_clear_error();
	return count;
}

static void judge(X509 *const *chain, size_t count, const char *host,
    X509_STORE *store, struct net_certificate *ret_certificate)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	STACK_OF(X509) *between = sk_X509_new_null();
	if (!context || !between)
		abort(); // out of memory
	for (size_t i = 1; i < count; i++)
		if (sk_X509_push(between, chain[i]) == 0)
			abort(); // out of memory
	if (X509_STORE_CTX_init(context, store, chain[0], between) != 1)
		abort(); // out of memory
	X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER);
	X509_verify_cert(context);
	describe(chain[0], host, X509_STORE_CTX_get_error(context),
	    X509_STORE_CTX_get_error_depth(context), ret_certificate);
	sk_X509_free(between);
	X509_STORE_CTX_free(context);
	ERR_clear_error();
}

// Root reads files that the server's user can change: what is no file (a pipe
// would never end) is not read.
static FILE *open_file(const char *path)
{
	struct stat info;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
		FILE *file = fdopen(fd, "r");
		if (file)
			return file;
	} else {
		errno = EINVAL;
	}
	close(fd);
	return NULL;
}

enum rc net_certificate_of_file(const char *path, const char *host,
    struct net_tls_client *trusted, struct fault *fault,
    struct net_certificate *ret_certificate)
{
	X509 *chain[CHAIN_MAX];
	FILE *file = open_file(path);
	if (!file && errno == EINVAL)
		return fault_set(fault, RC_INVALID, "%s is no file", path);
	if (!file)
		return fault_set(fault,
		    errno == EACCES ? RC_DENIED : RC_NOT_FOUND,
		    "cannot read %s: %s", path, strerror(errno));
	size_t count = read_chain(file, chain);
	fclose(file);
	if (count == 0)
		return fault_set(
		    fault, RC_INVALID, "%s has no certificate", path);
	judge(chain, count, host, tls_client_store(trusted), ret_certificate);
	for (size_t i = 0; i < count; i++)
		X509_free(chain[i]);
	return RC_OK;
}
