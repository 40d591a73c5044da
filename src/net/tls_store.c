// SPDX-License-Identifier: Apache-2.0
#include "net/tls_store.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"

// The files in which systems keep all their authorities. OpenSSL's default on
// most systems is a folder, which OpenSSL would search at each handshake. By
// then the sandbox does not allow that.
static const char *const system_stores[] = {
    "/etc/ssl/certs/ca-certificates.crt",                // Debian, Arch, Alpine
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora
    "/etc/ssl/ca-bundle.pem",                            // openSUSE
    "/etc/ssl/cert.pem",
};

static bool load(X509_STORE *store, const char *path)
{
	ERR_clear_error();
	return X509_STORE_load_file(store, path) == 1;
}

static void load_system(X509_STORE *store, struct log *log)
{
	const char *named = getenv(X509_get_default_cert_file_env());
	bool loaded = named ? load(store, named)
			    : load(store, X509_get_default_cert_file());
	for (size_t i = 0; i < ARRAY_LEN(system_stores); i++)
		if (!loaded && !named)
			loaded = load(store, system_stores[i]);
	ERR_clear_error();
	if (!loaded)
		log_text(log, LOG_LEVEL_WARN, "tls_authorities",
		    "no store of authorities was found, so no server's "
		    "certificate can be verified");
}

static enum rc load_named(
    X509_STORE *store, const char *path, struct fault *fault)
{
	struct stat info;
	if (access(path, R_OK) != 0 || stat(path, &info) != 0)
		return fault_set(fault, RC_NOT_FOUND, "cannot read %s: %s",
		    path, strerror(errno));
	if (!S_ISREG(info.st_mode)) // a pipe would keep the server waiting
		return fault_set(
		    fault, RC_INVALID, "%s is not a regular file", path);
	bool loaded = load(store, path);
	ERR_clear_error();
	if (!loaded)
		return fault_set(fault, RC_INVALID,
		    "%s has no certificate, or a damaged one", path);
	return RC_OK;
}

enum rc net_tls_store(const char *path, struct log *log, struct fault *fault,
    X509_STORE **ret_store)
{
	X509_STORE *store = X509_STORE_new();
	enum rc rc = RC_OK;
	if (!store)
		abort(); // out of memory
	if (path)
		rc = load_named(store, path, fault);
	else
		load_system(store, log);
	if (rc == RC_OK)
		*ret_store = store;
	else
		X509_STORE_free(store);
	return rc;
}
