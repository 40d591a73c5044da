// SPDX-License-Identifier: Apache-2.0
// For tests: HTTP/2 frames as text. What a client sends is written in lines:
//
//	H1 :method=GET :path=/x …   HEADERS on stream 1. "H1." ends the stream,
//	                            "H1-" has no END_HEADERS
//	C1 name=value …             CONTINUATION; "C1-" is not the last
//	D1 text                     DATA; "D1." ends the stream
//	R1 8                        RST_STREAM with this code
//	W1 100                      WINDOW_UPDATE; W0: of the connection
//	Y1                          PRIORITY
//	P                           PING
//	S                           SETTINGS, empty; "S 4=0" sets one
//	X 0000…                     any bytes, in hexadecimal
//
// In a name or a value "~" stands for a space.
#ifndef ROOST_HTTP_RIG_FRAMES_H
#define ROOST_HTTP_RIG_FRAMES_H

#include "base/buf.h"

// The preface and SETTINGS, which a client sends first.
void rig_frames_hello(struct buf *out);
void rig_frames_add(struct buf *out, const char *text);

// Describes what the server sent, stream by stream: "1:200=5." is an answer
// with the status 200 and five bytes, and its end; "R1=8": then it was reset.
// Behind them "P" for each answer to a PING, and "G=11" for GOAWAY. SETTINGS
// and WINDOW_UPDATE are left out. For streams up to RIG_STREAMS_MAX.
#define RIG_STREAMS_MAX 64
void rig_frames_describe(struct view sent, struct buf *out);
// The bytes of the body that the server sent on this stream.
void rig_frames_body(struct view sent, uint32_t stream, struct buf *out);
// Adds DATA frames with these bytes, of at most `most` bytes each.
void rig_frames_data(
    struct buf *out, uint32_t stream, struct view bytes, size_t most);

#endif
