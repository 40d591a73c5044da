// SPDX-License-Identifier: Apache-2.0
#include "server/certificates.h"

#include <dirent.h>
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
	pair->stand_in = true;
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

// ---- The certifier's folder ------------------------------------------------

static bool is_certificate(struct view name)
{
	return view_starts_with(name, VIEW("crt.")) &&
	       view_ends_with(name, VIEW(".pem"));
}

// Of the same names, that of the server comes first ("_" sorts before letters):
// clients that ask for no name get it.
static size_t find_pairs(
    struct arena *arena, const char *path, struct net_tls_pair **ret_pairs)
{
	struct listing listing = {0};
	DIR *folder = opendir(path);
	size_t count = 0;
	if (folder) {
		listing_take(arena, folder, &listing);
		closedir(folder);
	}
	struct net_tls_pair *pairs =
	    arena_zalloc(arena, (listing.count + 1) * sizeof(*pairs));
	for (size_t i = 0; i < listing.count; i++) {
		if (!is_certificate(view_of_string(listing.names[i])))
			continue;
		// One file holds both, so that no cut can leave a certificate
		// with the key of another.
		const char *file = listing_join(arena, path, listing.names[i]);
		pairs[count++] = (struct net_tls_pair){
		    .certificate_path = file, .key_path = file};
	}
	*ret_pairs = pairs;
	return count;
}

void certificates_take_up(
    struct net_tls *tls, const struct config *config, struct log *log)
{
	struct arena arena;
	struct buf mistakes;
	struct net_tls_pair *pairs;
	arena_init(&arena);
	buf_init(&mistakes, CONFIG_MISTAKES_MAX);
	size_t count = find_pairs(&arena, config->certificate_folder, &pairs);
	// What is wrong has a line in `mistakes`.
	enum rc rc = net_tls_add(tls, pairs, count, &mistakes);
	(void)rc;
	config_log_mistakes(log, &mistakes);
	buf_done(&mistakes);
	arena_done(&arena);
}

enum rc certificates_open_kept(struct net_tls *tls, struct config *config,
    struct log *log, struct fault *fault)
{
	static const struct become nobody_else;
	if (!config->acme)
		return RC_OK;
	config->certificate_folder =
	    listing_join(&config->arena, config->data, CERTIFICATES_FOLDER);
	enum rc rc =
	    become_make_folder(config->certificate_folder, &nobody_else, fault);
	if (rc == RC_OK)
		certificates_take_up(tls, config, log);
	return rc;
}
