// SPDX-License-Identifier: Apache-2.0
// The version, as the build was told it.
#ifndef ROOST_SERVER_VERSION_H
#define ROOST_SERVER_VERSION_H

extern const char roost_version[];

#endif
