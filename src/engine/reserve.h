// SPDX-License-Identifier: Apache-2.0
// Private to the room: the disk space that is kept back. A file of that size,
// the ballast, lies in the database's folder. When the disk is full, it is cut
// shorter piece by piece, so that mail can still be deleted and the database
// opened; when there is room again, it grows back.
#ifndef ROOST_ENGINE_RESERVE_H
#define ROOST_ENGINE_RESERVE_H

#include "base/log.h"
#include "base/rc.h"

struct reserve {
	const char *folder;  // must outlive it
	uint64_t wanted;     // bytes; 0: no ballast, and no floor
	uint64_t ballast;    // bytes in the file now
	uint64_t floor;      // `wanted`, or less on a small disk
	uint64_t free_bytes; // on the disk, when last looked
	bool low;            // less than the floor is free
};

// Looks whether there is a ballast; makes none yet.
void reserve_init(struct reserve *reserve, const char *folder, uint64_t wanted);
// Looks at the disk: sets `free_bytes` and `low`, and makes the ballast shorter
// or longer.
void reserve_look(struct reserve *reserve);
// A write said that the disk is full, whatever the disk says: gives up a piece
// of the ballast. False: there is nothing left to give up.
bool reserve_give(struct reserve *reserve);
// Whether a file can be written and synced in the folder.
bool reserve_can_write(const struct reserve *reserve);

#endif
