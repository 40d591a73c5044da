// SPDX-License-Identifier: Apache-2.0
// What a session may know of its TLS: names, and the channel bindings by which
// SCRAM ties a log-in to this connection (RFC 5929, RFC 9266).
#include <openssl/err.h>
#include <openssl/x509.h>

#include "net/tls_session.h"

static const char exporter_label[] = "EXPORTER-Channel-Binding";
#define EXPORTER_SIZE 32 // RFC 9266 section 2

static void copy_text(char *to, size_t size, const char *text)
{
	snprintf(to, size, "%s", text ? text : "");
}

static void add_protocol(SSL *ssl, struct net_tls_info *info)
{
	const unsigned char *name;
	unsigned int len;
	SSL_get0_alpn_selected(ssl, &name, &len);
	if (len > 0 && len < sizeof(info->protocol))
		memcpy(info->protocol, name, len);
}

// RFC 9266 section 2. There is no context value: implementations agree on that
// for TLS 1.2, and for TLS 1.3 it is the same as an empty one (RFC 8446 section
// 7.5).
static void add_exporter(SSL *ssl, struct net_tls_info *info)
{
	if (SSL_export_keying_material(ssl, info->exporter, EXPORTER_SIZE,
		exporter_label, sizeof(exporter_label) - 1, NULL, 0, 0) == 1)
		info->exporter_len = EXPORTER_SIZE;
}

// RFC 5929 section 3: the first Finished message of the handshake. In a full
// handshake that is the client's message, in a resumed one the server's.
static void add_unique(SSL *ssl, struct net_tls_info *info)
{
	bool ours = !SSL_is_server(ssl) != (SSL_session_reused(ssl) == 1);
	if (ours)
		info->unique_len =
		    SSL_get_finished(ssl, info->unique, NET_BINDING_MAX);
	else
		info->unique_len =
		    SSL_get_peer_finished(ssl, info->unique, NET_BINDING_MAX);
	if (info->unique_len > NET_BINDING_MAX)
		info->unique_len = 0;
}

// RFC 5929 section 4.1: the hash of the certificate, made with the hash
// function of its signature, or with SHA-256 in place of MD5 or SHA-1. A
// signature without a hash function of its own (Ed25519) has no such binding.
static void add_end_point(SSL *ssl, struct net_tls_info *info)
{
	X509 *certificate = SSL_is_server(ssl) ? SSL_get_certificate(ssl)
					       : SSL_get0_peer_certificate(ssl);
	int digest_nid;
	if (!certificate || X509_get_signature_info(certificate, &digest_nid,
				NULL, NULL, NULL) != 1)
		return;
	if (digest_nid == NID_md5 || digest_nid == NID_sha1)
		digest_nid = NID_sha256;
	const EVP_MD *digest = EVP_get_digestbynid(digest_nid);
	unsigned int len;
	if (digest && EVP_MD_get_size(digest) <= NET_BINDING_MAX &&
	    X509_digest(certificate, digest, info->end_point, &len) == 1)
		info->end_point_len = len;
}

// For a client: the result of checking the certificate, also when TLS did not
// require it.
static void add_verification(SSL *ssl, struct net_tls_info *info)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	char *numeric = X509_VERIFY_PARAM_get1_ip_asc(param);
	bool named = numeric || X509_VERIFY_PARAM_get0_host(param, 0);
	OPENSSL_free(numeric);
	long verdict = SSL_get_verify_result(ssl);
	const char *why = NULL;
	info->peer_certificate = SSL_get0_peer_certificate(ssl);
	info->verdict = (int)verdict;
	if (!info->peer_certificate)
		why = "no certificate";
	else if (verdict != X509_V_OK)
		why = X509_verify_cert_error_string(verdict);
	else if (!named)
		why = "the server's name is not known";
	info->verified = !why;
	copy_text(info->unverified, sizeof(info->unverified), why);
}

void tls_session_info(
    const struct transport *transport, struct net_tls_info *ret_info)
{
	SSL *ssl = transport->ssl;
	struct net_tls_info info = {0};
	copy_text(info.version, sizeof(info.version), SSL_get_version(ssl));
	// IANA's name of the cipher, because Received's tls-clause uses it (RFC
	// 8314 section 4.3).
	copy_text(info.cipher, sizeof(info.cipher),
	    SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl)));
	copy_text(info.server_name, sizeof(info.server_name),
	    SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
	add_protocol(ssl, &info);
	bool modern = SSL_version(ssl) >= TLS1_3_VERSION;
	// Under TLS 1.2 both bindings are safe only with the extended master
	// secret (RFC 7627, RFC 9266 section 4.1). tls-unique does not exist
	// for TLS 1.3 (RFC 8446 appendix C.5).
	bool extended = !modern && SSL_get_extms_support(ssl) == 1;
	if (modern || extended)
		add_exporter(ssl, &info);
	if (extended)
		add_unique(ssl, &info);
	add_end_point(ssl, &info);
	if (!SSL_is_server(ssl))
		add_verification(ssl, &info);
	*ret_info = info;
}

const char *tls_session_reason(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());
	return reason ? reason : "connection lost";
}
