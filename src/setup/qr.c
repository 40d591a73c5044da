// SPDX-License-Identifier: Apache-2.0
// A QR code (ISO/IEC 18004) as a picture: libqrencode makes the squares.
#include <qrencode.h>

#include "setup/profile.h"

#define QUIET 4 // squares of white around the code (section 6.3.8)

static bool is_black(const QRcode *code, int x, int y)
{
	return x < code->width && (code->data[y * code->width + x] & 1);
}

// One path of all runs of black squares.
static void add_path(const QRcode *code, struct buf *out)
{
	for (int y = 0; y < code->width; y++)
		for (int x = 0; x < code->width; x++) {
			int from = x;
			while (is_black(code, x, y))
				x++;
			if (x > from)
				buf_printf(out, "M%d %dh%dv1h-%dz",
				    from + QUIET, y + QUIET, x - from,
				    x - from);
		}
}

enum rc setup_qr_svg(struct view text, struct buf *out)
{
	if (text.len == 0 || text.len > SETUP_QR_TEXT_MAX)
		return RC_LIMIT;
	// Level M survives 15 % of damage.
	QRcode *code = QRcode_encodeData(
	    (int)text.len, (const unsigned char *)text.ptr, 0, QR_ECLEVEL_M);
	if (!code)
		return RC_LIMIT;
	int side = code->width + 2 * QUIET;
	buf_printf(out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" "
	    "viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\">"
	    "<path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/>"
	    "<path fill=\"#000\" d=\"",
	    side, side, side, side);
	add_path(code, out);
	buf_add_literal(out, "\"/></svg>\n");
	QRcode_free(code);
	return buf_status(out);
}
