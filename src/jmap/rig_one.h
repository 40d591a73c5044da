// SPDX-License-Identifier: Apache-2.0
// For tests: the one rig that all tests of a file use, and what cmocka calls
// before and after a test, or a group of them.
#ifndef ROOST_JMAP_RIG_ONE_H
#define ROOST_JMAP_RIG_ONE_H

#include "base/test.h"
#include "jmap/rig.h"

static struct jmap_rig rig;

static inline int rig_set_up(void **state)
{
	(void)state;
	jmap_rig_init(&rig);
	return 0;
}

static inline int rig_tear_down(void **state)
{
	(void)state;
	jmap_rig_done(&rig);
	return 0;
}

// A test with a rig of its own.
#define RIG_TEST(name)                                                         \
	cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

#endif
