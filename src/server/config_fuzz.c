// SPDX-License-Identifier: Apache-2.0
// Any bytes may be read as a file; the result is good if and only if there is
// no sentence.
#include "server/config.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct config config;
	struct buf mistakes;
	config_init(&config);
	buf_init(&mistakes, 65536);
	enum rc rc = config_parse(&config, "f", view_of(data, size), &mistakes);
	if ((rc == RC_OK) != (mistakes.len == 0))
		abort();
	if (buf_status(&mistakes) != RC_OK)
		abort();
	if (config.listener_count > CONFIG_LISTENERS_MAX ||
	    config.certificate_count > CONFIG_CERTIFICATES_MAX)
		abort();
	buf_done(&mistakes);
	config_done(&config);
	return 0;
}
