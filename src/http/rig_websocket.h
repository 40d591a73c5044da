// SPDX-License-Identifier: Apache-2.0
// For tests: the frames of a WebSocket as text. What a client sends is written
// in lines:
//
//	T. text       a text message of one frame
//	T text        its first frame, if more follow
//	C text        a frame that continues it; "C." is the last
//	B. bytes      a binary message
//	P. text       a ping;  O. text  a pong
//	X. 1000 text  a close;  "X."  one without a code
//	3. text       a frame with this opcode (hexadecimal)
//	T.x 70000     so many bytes "x"
//	H 8100…       any bytes, in hexadecimal
//
// "!" after the word: without a mask. "r": with the bit RSV1.
#ifndef ROOST_HTTP_RIG_WEBSOCKET_H
#define ROOST_HTTP_RIG_WEBSOCKET_H

#include "base/buf.h"

void rig_websocket_add(struct buf *out, const char *text);

// Describes what the server sent, in the same words: "T. hello" for each frame,
// with "|" between them; "T.x 70000" if it is longer than 100 bytes. A part of
// a frame at the end is "…".
void rig_websocket_describe(struct view sent, struct buf *out);
// Takes a frame from the front of `*sent`: its kind, as above, and its payload.
// False: there is no whole one.
bool rig_websocket_take(
    struct view *sent, char *ret_kind, struct view *ret_payload);

#endif
