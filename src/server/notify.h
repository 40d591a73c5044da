// SPDX-License-Identifier: Apache-2.0
// Telling systemd how far the server is (sd_notify(3)), if it wants to hear.
#ifndef ROOST_SERVER_NOTIFY_H
#define ROOST_SERVER_NOTIFY_H

// "READY=1", "STOPPING=1", …. Nothing happens without $NOTIFY_SOCKET.
void notify_send(const char *state);

#endif
