// SPDX-License-Identifier: Apache-2.0
#include "admin/commands.h"

#define PASSWORD_OPTIONS                                                       \
	{"password-stdin", NULL, "read the password from standard input"},     \
	    {"generate", NULL, "make up a password and print it"},             \
	{                                                                      \
		"hash-stdin", NULL,                                            \
		    "read what another server kept of it: crypt(3) or "        \
		    "{SCHEME}…"                                              \
	}

#define IMPORT_DETAILS                                                         \
	"Can be run again: a message whose bytes are in the mailbox already\n" \
	"is not stored a second time. Messages that cannot be stored are\n"    \
	"named on stderr, and then the exit code is 1."

#define USER_OPTION                                                            \
	{                                                                      \
		"user", "USER", "whose mail it is"                             \
	}
#define MAILBOX_OPTION                                                         \
	{                                                                      \
		"mailbox", "NAME", "the mailbox that it goes into or under"    \
	}

#define QUEUE_DOMAIN_OPTION                                                    \
	{                                                                      \
		"domain", "DOMAIN", "those with a recipient there"             \
	}

const struct cli_command admin_commands[] = {
    {
	.name = "user add",
	.arguments = "NAME",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "add a user",
	.details = "Without an option, asks for the password.",
	.options = {PASSWORD_OPTIONS},
	.run = cmd_user_add,
    },
    {
	.name = "user passwd",
	.arguments = "NAME",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "set a user's password",
	.details = "Without an option, asks for the password.",
	.options = {PASSWORD_OPTIONS},
	.run = cmd_user_passwd,
    },
    {
	.name = "user list",
	.arguments = "",
	.summary = "list the users and what they have",
	.run = cmd_user_list,
    },
    {
	.name = "user disable",
	.arguments = "NAME",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "let a user log in no more; the mail stays",
	.run = cmd_user_disable,
    },
    {
	.name = "user enable",
	.arguments = "NAME",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "let a disabled user log in again",
	.run = cmd_user_enable,
    },
    {
	.name = "user remove",
	.arguments = "NAME",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "delete a user and all of the mail",
	.options = {{"yes", NULL, "do not ask"}},
	.run = cmd_user_remove,
    },
    {
	.name = "import maildir",
	.arguments = "PATH",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "take in a Maildir with its folders",
	.details = "Keeps flags, dates, keywords, folders and subscriptions of "
		   "Maildir++\nand of Dovecot's Maildir.\n" IMPORT_DETAILS,
	.options = {USER_OPTION, MAILBOX_OPTION},
	.run = cmd_import_maildir,
    },
    {
	.name = "import mbox",
	.arguments = "PATH",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "take in an mbox file, or a folder of them",
	.details = IMPORT_DETAILS,
	.options = {USER_OPTION, MAILBOX_OPTION,
	    {"mboxo", NULL, "lines of \">From \" are as they were written"}},
	.run = cmd_import_mbox,
    },
    {
	.name = "import eml",
	.arguments = "PATH",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "take in a folder of .eml files, one message each",
	.details = "Folders in it are mailboxes. NAME+FLAGS.eml gives flags as "
		   "a Maildir does.\n" IMPORT_DETAILS,
	.options = {USER_OPTION, MAILBOX_OPTION},
	.run = cmd_import_eml,
    },
    {
	.name = "export maildir",
	.arguments = "PATH",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "write a user's mail as a Maildir",
	.details = "PATH must not exist, or be an empty folder.",
	.options = {USER_OPTION},
	.run = cmd_export_maildir,
    },
    {
	.name = "queue list",
	.arguments = "",
	.summary = "list the messages that wait to be sent on",
	.options = {QUEUE_DOMAIN_OPTION},
	.run = cmd_queue_list,
    },
    {
	.name = "queue show",
	.arguments = "ID",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "show a waiting message's recipients and header",
	.run = cmd_queue_show,
    },
    {
	.name = "queue retry",
	.arguments = "[ID]",
	.arguments_max = 1,
	.summary = "try waiting messages now",
	.details = "Takes an ID, --domain or --all. Messages that are held, "
		   "or whose sender\nset a time, go on waiting.",
	.options = {QUEUE_DOMAIN_OPTION, {"all", NULL, "all messages"}},
	.run = cmd_queue_retry,
    },
    {
	.name = "queue hold",
	.arguments = "ID",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "keep a message until it is released",
	.run = cmd_queue_hold,
    },
    {
	.name = "queue release",
	.arguments = "ID",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "let a held message go on",
	.run = cmd_queue_release,
    },
    {
	.name = "queue remove",
	.arguments = "ID",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "delete a waiting message",
	.details = "A recipient being sent to right now is not stopped.",
	.options = {{"bounce", NULL, "return it to its sender"}},
	.run = cmd_queue_remove,
    },
    {
	.name = "check",
	.arguments = "",
	.summary = "verify all that is stored",
	.details = "Each problem is a line; the exit code is then 1.",
	.options = {{"mend", NULL, "write anew what can be derived"}},
	.run = cmd_check,
    },
    {
	.name = "trace",
	.arguments = "USER on|off",
	.arguments_min = 2,
	.arguments_max = 2,
	.summary = "log what a user's mail programs and the server say",
	.details = "Passwords are left out, and so are the messages. Lasts "
		   "until it is\nswitched off or the server stops.",
	.run = cmd_trace,
    },
    {
	.name = "status",
	.arguments = "",
	.summary = "say what the server does; exit code 3: it does not run",
	.run = cmd_status,
    },
    {0},
};
