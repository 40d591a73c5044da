// SPDX-License-Identifier: Apache-2.0
// A checksum against decay on its way from memory to disk and back, not
// against people. It is part of what is stored, so it never changes.
#ifndef ROOST_BASE_CHECKSUM_H
#define ROOST_BASE_CHECKSUM_H

#include "base/view.h"

// The CRC-32C of the CRC-32Cs (Castagnoli, RFC 3720 appendix B.4) of four
// quarters, each a multiple of 8 bytes and the last one with the rest, as four
// little-endian numbers: four at a time keep the processor's CRC unit busy.
uint32_t checksum_of(struct view bytes);

#endif
