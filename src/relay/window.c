// SPDX-License-Identifier: Apache-2.0
#include "relay/window.h"

static void move(struct relay_window *window, unsigned size, bool grew)
{
	window->size = size;
	window->grew = grew;
	window->answered = 0;
}

void relay_window_init(struct relay_window *window, unsigned max)
{
	*window = (struct relay_window){.size = max, .max = max};
}

void relay_window_answered(struct relay_window *window, unsigned links)
{
	// When not all links of the window are in use, an answer says nothing
	// about a wider window.
	if (window->size >= window->max || links < window->size)
		return;
	window->answered++;
	if (window->answered < window->size << window->caution)
		return;
	if (window->grew && window->caution > 0)
		window->caution--; // the last growth was not taken back
	move(window, window->size + 1, true);
}

void relay_window_refused(struct relay_window *window, unsigned others)
{
	if (window->grew && window->caution < RELAY_CAUTION_MAX)
		window->caution++;
	if (others < window->size)
		move(window, others, false);
}

void relay_window_dead(struct relay_window *window)
{
	move(window, 1, false);
}
