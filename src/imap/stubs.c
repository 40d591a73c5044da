// SPDX-License-Identifier: Apache-2.0
// What is not written yet of view.h and commands.h: goes as it gets written.
#include "base/mem.h"
#include "imap/commands.h"
#include "imap/view.h"

#define STUB(name)                                                             \
	enum imap_step imap_##name##_begin(struct imap_command *command)       \
	{                                                                      \
		return imap_no(command, "CANNOT", "not written yet");          \
	}
#define STUB_MORE(name)                                                        \
	STUB(name)                                                             \
	enum imap_step imap_##name##_resume(struct imap_command *command)      \
	{                                                                      \
		(void)command;                                                 \
		return IMAP_STEP_DONE;                                         \
	}                                                                      \
	void imap_##name##_end(struct imap_command *command)                   \
	{                                                                      \
		(void)command;                                                 \
	}

STUB_MORE(fetch)
STUB_MORE(store)
STUB_MORE(search)
STUB_MORE(sort)
STUB_MORE(thread)
STUB(expunge)
STUB(copy)
STUB(move)
