// SPDX-License-Identifier: Apache-2.0
// The version, which the build sets.
#ifndef ROOST_SERVER_VERSION_H
#define ROOST_SERVER_VERSION_H

extern const char roost_version[];

#endif
