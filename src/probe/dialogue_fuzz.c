// SPDX-License-Identifier: Apache-2.0
// Whole dialogues with anything that a server may say. The first bytes choose
// the protocol, the encryption, and how the rest is cut. What is said and found
// does not depend on the pieces; the end is told once; what a server said is
// clean; a careful client never sends the password.
#include <stdlib.h>

#include "base/ascii.h"
#include "probe/rig.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void run(
    const uint8_t *setup, struct view input, size_t piece, struct buf *ret_out)
{
	struct probe_rig rig;
	struct probe_login login = {.user = "anna",
	    .password = "Secret9",
	    .sender = "anna@a.example",
	    .insecure = setup[0] & 64};
	probe_rig_init(&rig,
	    &(struct probe_dialogue_config){
		.protocol = (enum probe_protocol)(setup[0] % PROBE_PROTOCOLS),
		.security =
		    (enum probe_security)((setup[0] >> 2) % PROBE_SECURITIES),
		.host = "mail.example",
		.port = setup[0] & 32 ? 25 : 587,
		.nonce = "nonce",
		.login = setup[0] & 128 ? &login : NULL});
	probe_rig_say(&rig, input, piece);
	if (!(setup[0] & 64)) { // "AnnaSecret9" in base64, and as it is
		must(
		    view_find(buf_view(&rig.out), VIEW("Secret9")) == SIZE_MAX);
		must(view_find(buf_view(&rig.out),
			 VIEW("AGFubmEAU2VjcmV0OQ==")) == SIZE_MAX);
	}
	buf_add(ret_out, buf_view(&rig.out));
	probe_rig_done(&rig, NET_END_LOST);
	must(rig.done == 1);
	struct view detail = view_of_string(rig.outcome.detail);
	must(utf8_is_valid(detail));
	for (size_t i = 0; i < detail.len; i++)
		must(!ascii_is_control(detail.ptr[i]));
	buf_printf(ret_out, "%s %s %d %s", probe_cause_id(rig.outcome.cause),
	    probe_stage_id(rig.outcome.stage), rig.outcome.logged_in,
	    rig.outcome.detail);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole, pieces;
	// Whether the first bytes are a TLS record is decided by what is there,
	// and the text of an overlong line by how much of it is.
	if (size < 2 || size > 6000 ||
	    (size > 2 && (data[2] == 0x15 || data[2] == 0x16)))
		return 0;
	struct view input = view_of(data + 2, size - 2);
	buf_init(&whole, (size_t)8 << 20);
	buf_init(&pieces, (size_t)8 << 20);
	run(data, input, 0, &whole);
	run(data, input, data[1] % 17u + 1, &pieces);
	must(view_eq(buf_view(&whole), buf_view(&pieces)));
	buf_done(&whole);
	buf_done(&pieces);
	return 0;
}
