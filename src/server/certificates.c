// SPDX-License-Identifier: Apache-2.0
#include "server/certificates.h"

#include <unistd.h>

#include "admin/become.h"
#include "admin/listing.h"

// If none is configured: uses the data folder's own, which is made if it does
// not exist.
static enum rc own_certificate(struct config *config, struct fault *fault)
{
	if (config->certificate_count > 0)
		return RC_OK;
	const char *folder = listing_join(&config->arena, config->data, "tls");
	struct net_tls_pair *pair = &config->certificates[0];
	pair->certificate_path =
	    listing_join(&config->arena, folder, "certificate.pem");
	pair->key_path = listing_join(&config->arena, folder, "key.pem");
	config->certificate_count = 1;
	if (listing_is_file(pair->certificate_path) &&
	    listing_is_file(pair->key_path))
		return RC_OK;
	static const struct become nobody_else;
	enum rc rc = become_make_folder(folder, &nobody_else, fault);
	if (rc != RC_OK)
		return rc;
	const char *name = config->server_name;
	const char *names[] = {"localhost", "127.0.0.1", "::1", name};
	bool named = strcmp(name, "localhost") != 0;
	return net_tls_self_signed(pair->certificate_path, pair->key_path,
	    names, named ? 4 : 3, fault);
}

static struct net_tls_config tls_config(
    const struct config *config, struct log *log)
{
	return (struct net_tls_config){
	    .pairs = config->certificates,
	    .pair_count = config->certificate_count,
	    .log = log,
	};
}

enum rc certificates_open(struct config *config, struct log *log,
    struct fault *fault, struct net_tls **ret_tls)
{
	struct buf mistakes;
	enum rc rc = own_certificate(config, fault);
	if (rc != RC_OK)
		return rc;
	struct net_tls_config tls = tls_config(config, log);
	buf_init(&mistakes, CONFIG_MISTAKES_MAX);
	rc = net_tls_new(&tls, &mistakes, ret_tls);
	if (rc != RC_OK) {
		config_log_mistakes(log, &mistakes);
		rc = fault_set(fault, rc, "the certificates cannot be used");
	}
	buf_done(&mistakes);
	return rc;
}

enum rc certificates_reload(
    struct net_tls *tls, const struct config *config, struct log *log)
{
	struct buf mistakes;
	struct net_tls_config again = tls_config(config, log);
	buf_init(&mistakes, CONFIG_MISTAKES_MAX);
	enum rc rc = net_tls_reload(tls, &again, &mistakes);
	config_log_mistakes(log, &mistakes);
	buf_done(&mistakes);
	return rc;
}
