// SPDX-License-Identifier: Apache-2.0
// Tells systemd the state of the server (sd_notify(3)), if systemd started it.
#ifndef ROOST_SERVER_NOTIFY_H
#define ROOST_SERVER_NOTIFY_H

// "READY=1", "STOPPING=1", …. Does nothing without $NOTIFY_SOCKET.
void notify_send(const char *state);

#endif
