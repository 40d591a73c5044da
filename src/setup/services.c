// SPDX-License-Identifier: Apache-2.0
#include "setup/services.h"

static const struct service_info table[MAIL_SERVICES] = {
#define X(service, dns, port, protocol, implicit, text)                        \
	[service] = {dns, text, port, protocol, implicit},
    SERVICE_TABLE(X)
#undef X
};

const struct service_info *service_info(enum mail_service service)
{
	return &table[service];
}

enum mail_service mail_services_next(const struct mail_services *services,
    enum service_protocol protocol, enum mail_service from)
{
	while (from < MAIL_SERVICES &&
	       (table[from].protocol != protocol || services->ports[from] == 0))
		from++;
	return from;
}
