// SPDX-License-Identifier: Apache-2.0
#include "server/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void notify_open(struct notify *notify)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t len = path ? strlen(path) : 0;
	notify->fd = -1;
	if (len == 0 || len >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, len);
	if (to.sun_path[0] == '@') // an abstract socket (unix(7))
		to.sun_path[0] = '\0';
	notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (notify->fd >= 0 &&
	    connect(notify->fd, (struct sockaddr *)&to,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) != 0)
		notify_close(notify);
}

void notify_ready(struct notify *notify)
{
	static const char ready[] = "READY=1";
	if (notify->fd < 0)
		return;
	ssize_t sent = send(notify->fd, ready, sizeof(ready) - 1, MSG_NOSIGNAL);
	(void)sent; // if it is lost, systemd's timeout will notice
	notify_close(notify);
}

void notify_close(struct notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}
