// SPDX-License-Identifier: Apache-2.0
// Random texts: message ids, boundaries, codes.
#ifndef ROOST_JMAP_RANDOM_H
#define ROOST_JMAP_RANDOM_H

#include <stddef.h>

// Writes `bytes` random bytes in hexadecimal, and a NUL: 2 × bytes + 1
// characters. At most 64 bytes. Ends the process if the system has none: nobody
// may be able to guess them.
void jmap_random_text(char *text, size_t bytes);

// A boundary of a multipart. "=_" is in no encoded part (RFC 2045 section 6.7).
#define JMAP_BOUNDARY_LEN 34
void jmap_random_boundary(char ret_boundary[JMAP_BOUNDARY_LEN + 1]);

#endif
