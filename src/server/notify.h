// SPDX-License-Identifier: Apache-2.0
// Tells systemd that the server is ready (sd_notify(3)).
#ifndef ROOST_SERVER_NOTIFY_H
#define ROOST_SERVER_NOTIFY_H

struct notify {
	int fd; // -1: nobody is to be told
};

// Connects to the socket that the environment names, if it names one. To be
// called before the process enters its sandbox.
void notify_open(struct notify *notify);
// Says READY=1, and closes the socket: a process that is shut in keeps no
// socket that could be connected to another program.
void notify_ready(struct notify *notify);
void notify_close(struct notify *notify);

#endif
