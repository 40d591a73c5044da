// SPDX-License-Identifier: Apache-2.0
#include "admin/commands.h"

#define PASSWORD_OPTIONS                                                       \
	{.name = "password-stdin",                                             \
	    .help = "read the password from standard input",                   \
	    .one_of = 1},                                                      \
	    {.name = "generate",                                               \
		.help = "make up a password and print it",                     \
		.one_of = 1},                                                  \
	{                                                                      \
		.name = "hash-stdin",                                          \
		.help = "read what another server kept of it: crypt(3) or "    \
			"{SCHEME}…",                                           \
		.one_of = 1                                                    \
	}

#define IMPORT_DETAILS                                                         \
	"Can be run again: a message whose bytes are in the mailbox already\n" \
	"is not stored a second time. Messages that cannot be stored are\n"    \
	"named on stderr, and then the exit code is 1."

#define USER_OPTION                                                            \
	{                                                                      \
		.name = "user", .value = "USER", .help = "whose mail it is",   \
		.required = true                                               \
	}
#define MAILBOX_OPTION                                                         \
	CLI_VALUE("mailbox", "NAME", "the mailbox that it goes into or under")

#define QUEUE_DOMAIN_OPTION                                                    \
	CLI_VALUE("domain", "DOMAIN", "those with a recipient there")
#define ALIAS_OF_OPTION                                                        \
	{                                                                      \
		.name = "alias-of", .value = "DOMAIN",                         \
		.help = "it has the names of that domain", .one_of = 1         \
	}
#define CATCH_ALL_OPTION                                                       \
	{                                                                      \
		.name = "catch-all", .value = "ADDRESS",                       \
		.help = "who gets mail for unknown names", .one_of = 2         \
	}
#define PRIMARY_OPTION CLI_SWITCH("primary", "users without a domain live here")

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
	.details = "Without an option, asks for the password. Ends the user's "
		   "sessions.",
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
	.summary =
	    "let a user log in no more, end the sessions; the mail stays",
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
	.options = {CLI_SWITCH("yes", "do not ask")},
	.run = cmd_user_remove,
    },
    {
	.name = "user import",
	.arguments = "FILE",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "add the users that another server has",
	.details =
	    "FILE is Dovecot's passwd-file, a table as CSV (a first line may "
	    "name the\ncolumns: username, password, active), what db_dump -p "
	    "prints of a sasldb,\nCourier's userdb, or Stalwart's principals "
	    "as JSON or TOML. Who is there\nalready stays. Each line that "
	    "cannot be taken is named on stderr, and then\nthe exit code "
	    "is 1.",
	.options = {CLI_VALUE("format", "FORMAT",
			"passwd-file, csv, sasldb, userdb, json or toml; else "
			"found out"),
	    CLI_VALUE("scheme", "SCHEME",
		"of passwords that do not say theirs: PLAIN, ..."),
	    CLI_SWITCH("dry-run", "only say what would be done")},
	.run = cmd_user_import,
    },
    {
	.name = "user detail",
	.arguments = "NAME [inbox|folder|refuse]",
	.arguments_min = 1,
	.arguments_max = 2,
	.summary = "say where mail to user+detail goes",
	.details =
	    "inbox: the detail says nothing (the default). folder: into "
	    "the mailbox of\nthat name, if there is one. refuse: such "
	    "addresses are unknown. Without a\nword, prints what is set.",
	.run = cmd_user_detail,
    },
    {
	.name = "user sessions",
	.arguments = "[NAME]",
	.arguments_max = 1,
	.summary = "list who is logged in, from where and since when",
	.run = cmd_user_sessions,
    },
    {
	.name = "user kick",
	.arguments = "NAME",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "end all of a user's sessions",
	.details = "The mail programs may log in again at once. To keep them "
		   "out, disable the\nuser or set another password: that ends "
		   "the sessions, too.",
	.run = cmd_user_kick,
    },
    {
	.name = "user sending",
	.arguments =
	    "[NAME [release|remove|default|limit MESSAGES RECIPIENTS]]",
	.arguments_min = 0,
	.arguments_max = 4,
	.summary = "show and limit how much users send",
	.details =
	    "release: what waits because the user has sent too much goes now, "
	    "and the\nuser has all the room again. remove: what waits is "
	    "deleted, also what\nthe user wants to be sent later, and nobody "
	    "is "
	    "told.\nlimit: the user's own limits in a "
	    "day (0: any number); those in an hour are in\nproportion. "
	    "default: the settings again, and what is learned from the days\n"
	    "before. Without a word, shows the user; without a name, all users "
	    "who have\nsent lately.",
	.run = cmd_user_sending,
    },
    {
	.name = "user logins",
	.arguments = "NAME",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "list from where a user logged in, and when last",
	.details =
	    "From these addresses and their networks the user is not locked "
	    "out when others\nguess the password. LAST is at most ten minutes "
	    "late.",
	.options = {CLI_SWITCH("forget", "forget them afterwards: for an "
					 "account that was stolen")},
	.run = cmd_user_logins,
    },
    {
	.name = "user credentials",
	.arguments = "NAME",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "list what a user can log in with besides the password",
	.details = "Browser sessions, application passwords, and programs that "
		   "the user has allowed\naccess (OAuth), with their last use. "
		   "Then the second factor.",
	.run = cmd_user_credentials,
    },
    {
	.name = "user revoke",
	.arguments = "NAME ID|all|second-factor",
	.arguments_min = 2,
	.arguments_max = 2,
	.summary = "revoke what a user can log in with",
	.details =
	    "ID: one of \"roost user credentials\". all: all of them. Who is "
	    "logged in with one\nis logged out. The password stays. "
	    "second-factor: for a user who has lost the\nphone and the "
	    "recovery codes: from now on the password alone is enough again.",
	.run = cmd_user_revoke,
    },
    {
	.name = "user app-password",
	.arguments = "NAME LABEL",
	.arguments_min = 2,
	.arguments_max = 2,
	.summary = "make an application password for a user, and print it",
	.details =
	    "For a program or a device that cannot ask for a second factor. "
	    "It works in place\nof the password. LABEL says in lists what it "
	    "is "
	    "for: \"Printer in the hall\".",
	.options = {CLI_VALUE("for", "PROTOCOLS",
			"of imap, pop3, smtp and jmap, with commas between; "
			"without the option all"),
	    CLI_VALUE("days", "N", "it ends after so many days")},
	.run = cmd_user_app_password,
    },
    {
	.name = "domain add",
	.arguments = "NAME",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "take mail for a domain",
	.details = "Users without a domain live in the primary domain: the "
		   "first one, or the\none that says so.",
	.options = {ALIAS_OF_OPTION, CATCH_ALL_OPTION, PRIMARY_OPTION},
	.run = cmd_domain_add,
    },
    {
	.name = "domain set",
	.arguments = "NAME",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "change a domain",
	.details = "What is not named stays.",
	.options = {ALIAS_OF_OPTION,
	    {.name = "no-alias",
		.help = "it has names of its own",
		.one_of = 1},
	    CATCH_ALL_OPTION,
	    {.name = "no-catch-all",
		.help = "names that are not there are refused",
		.one_of = 2},
	    PRIMARY_OPTION},
	.run = cmd_domain_set,
    },
    {
	.name = "domain remove",
	.arguments = "NAME",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "take no more mail for a domain",
	.details = "Its aliases are removed before. Users and their mail stay.",
	.run = cmd_domain_remove,
    },
    {
	.name = "domain list",
	.arguments = "",
	.summary = "list the domains",
	.run = cmd_domain_list,
    },
    {
	.name = "domain check",
	.arguments = "NAME",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary =
	    "print the DNS records that a domain needs, and which it has",
	.details =
	    "The output can be pasted into a zone file. The exit code is "
	    "1 when a record\nis missing or differs. SRV records are for "
	    "what is served; the target \".\" says\nthat a service is "
	    "not there, and that record may be left out.",
	.options = {CLI_SWITCH("no-lookup", "only print them")},
	.run = cmd_domain_check,
    },
    {
	.name = "alias add",
	.arguments = "ADDRESS TARGET...",
	.arguments_min = 2,
	.arguments_max = CLI_ARGUMENTS_MAX,
	.summary = "have an address lead to users or other addresses",
	.details = "Where there is such an alias already, the targets are "
		   "added to its own.\nAn alias goes before a user of the same "
		   "name.",
	.run = cmd_alias_add,
    },
    {
	.name = "alias remove",
	.arguments = "ADDRESS [TARGET...]",
	.arguments_min = 1,
	.arguments_max = CLI_ARGUMENTS_MAX,
	.summary = "remove an alias, or some of its targets",
	.run = cmd_alias_remove,
    },
    {
	.name = "alias list",
	.arguments = "[DOMAIN]",
	.arguments_max = 1,
	.summary = "list the aliases",
	.run = cmd_alias_list,
    },
    {
	.name = "dkim new",
	.arguments = "DOMAIN",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "make a key that signs a domain's mail",
	.details = "Prints the DNS record to be published. Every key of the "
		   "domain signs, at\nonce. Without options, an RSA and an "
		   "Ed25519 key are made, named by the month.",
	.options = {CLI_VALUE("selector", "NAME", "the key's name in DNS"),
	    CLI_VALUE("algorithm", "NAME", "rsa, ed25519 or both"),
	    CLI_VALUE("bits", "N", "of an RSA key, 1024 to 4096 (2048)")},
	.run = cmd_dkim_new,
    },
    {
	.name = "dkim list",
	.arguments = "[DOMAIN]",
	.arguments_max = 1,
	.summary = "list the keys that sign mail",
	.run = cmd_dkim_list,
    },
    {
	.name = "dkim dns",
	.arguments = "DOMAIN",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "print the DNS records of a domain's keys",
	.run = cmd_dkim_dns,
    },
    {
	.name = "dkim remove",
	.arguments = "DOMAIN SELECTOR",
	.arguments_min = 2,
	.arguments_max = 2,
	.summary = "delete a key; leave its DNS record for a week",
	.run = cmd_dkim_remove,
    },
    {
	.name = "route",
	.arguments = "ADDRESS",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "say where mail to an address would go, and why",
	.details = "Exit code 3: nobody is there, or the domain takes no mail "
		   "or does not exist.\n6: the user is disabled. 1: aliases "
		   "lead in a circle, some of several addresses\nget no mail, "
		   "or DNS does not answer now.",
	.run = cmd_route,
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
	    CLI_SWITCH(
		"mboxo", "lines of \">From \" are as they were written")},
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
		   "or that wait for\ntheir release, go on waiting.",
	.options = {QUEUE_DOMAIN_OPTION, CLI_SWITCH("all", "all messages")},
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
	.summary = "let a message go that is held, or waits for its time",
	.details = "Also one whose sender wants it to go later, or whose user "
		   "has sent too much.",
	.run = cmd_queue_release,
    },
    {
	.name = "queue remove",
	.arguments = "ID",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "delete a waiting message",
	.details = "A recipient being sent to right now is not stopped.",
	.options = {CLI_SWITCH("bounce", "return it to its sender")},
	.run = cmd_queue_remove,
    },
    {
	.name = "undelete",
	.arguments = "USER",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "list and bring back mail that was deleted for good",
	.details = "Lists what the options match. With --restore, that comes "
		   "back to the mailbox\nwhere it was; with --purge, it is "
		   "removed at once, and nothing can bring it\nback but a "
		   "backup.",
	.options = {CLI_VALUE("mailbox", "NAME", "what was in this mailbox"),
	    CLI_VALUE("subject", "TEXT", "with this text in the subject"),
	    CLI_VALUE("from", "TEXT", "with this text in the sender's name"),
	    CLI_VALUE("since", "DAY", "deleted on this day (UTC) or later"),
	    CLI_VALUE("id", "ID,ID", "these; the list has the numbers"),
	    CLI_VALUE("into", "NAME", "bring it back into this mailbox"),
	    {.name = "restore", .help = "bring it back", .one_of = 1},
	    {.name = "purge", .help = "remove it now", .one_of = 1}},
	.run = cmd_undelete,
    },
    {
	.name = "backup list",
	.arguments = "PATH",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "list the backups in a folder",
	.run = cmd_backup_list,
    },
    {
	.name = "backup verify",
	.arguments = "PATH",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "read backups and compare every byte",
	.details = "Exit code 1: some are damaged.",
	.options = {CLI_VALUE("backup", "NAME", "only this one"),
	    CLI_VALUE("rate", "MIB", "read at most so much a second; 0: any")},
	.run = cmd_backup_verify,
    },
    {
	.name = "backup",
	.arguments = "PATH",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "back up all users and mail into a folder",
	.details =
	    "The server works on meanwhile. Only what is new since the "
	    "last backup in the\nfolder is copied; each backup is whole. "
	    "The configuration is not in it.",
	.options = {CLI_VALUE("keep", "N",
			"how many backups stay in the folder; else 14"),
	    CLI_VALUE("rate", "MIB",
		"copy at most so much a second; else 100, 0: any")},
	.run = cmd_backup,
    },
    {
	.name = "restore",
	.arguments = "PATH",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "bring back a server, a user or a mailbox from a backup",
	.details =
	    "--to makes a data folder. --user brings the user's mail back into "
	    "the server:\nwhat is missing is added to each mailbox. With "
	    "--mailbox, one mailbox comes\nback as \"Restored/NAME DAY\".",
	.options = {{.name = "to",
			.value = "DATA",
			.help = "a new data folder for a whole server",
			.one_of = 1},
	    {.name = "user",
		.value = "USER",
		.help = "whose mail comes back",
		.one_of = 1},
	    CLI_VALUE("mailbox", "NAME", "only this mailbox"),
	    CLI_VALUE("into", "NAME", "the mailbox that it goes into or under"),
	    {.name = "backup",
		.value = "NAME",
		.help = "from this backup; else from the newest",
		.one_of = 2},
	    {.name = "as-of",
		.value = "DAY",
		.help = "from the newest of this day (2026-11-20) or before",
		.one_of = 2}},
	.run = cmd_restore,
    },
    {
	.name = "check",
	.arguments = "",
	.summary = "verify all that is stored",
	.details = "Each problem is a line; the exit code is then 1. Derived "
		   "data (the columns\nthat SORT reads) can be dropped at any "
		   "time: the server builds it anew when\nit is wanted.",
	.options = {CLI_SWITCH("mend", "write anew what can be derived"),
	    CLI_SWITCH("drop-derived", "drop derived data first")},
	.run = cmd_check,
    },
    {
	.name = "repair",
	.arguments = "",
	.summary = "repair a damaged database; the server must be stopped",
	.details = "Turns single flipped bits back, saves what is intact "
		   "behind damage in a log,\nand mends what `roost check "
		   "--mend` mends. Says what is lost. Files that are\nchanged "
		   "are kept in the data folder, in damaged-TIME.",
	.run = cmd_repair,
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
	.name = "certificate list",
	.arguments = "",
	.summary = "list the server's certificates",
	.details =
	    "With their names, issuers, days left and next renewal, and what "
	    "keeps a name\nout or a renewal from success, in the authority's "
	    "words. Exit code 1: one is\nmissing, has expired, or could not be "
	    "renewed.",
	.run = cmd_certificate_list,
    },
    {
	.name = "certificate renew",
	.arguments = "[NAME]",
	.arguments_max = 1,
	.summary = "renew a certificate now, or all",
	.details =
	    "Looks up all names again, asks the authority without regard to "
	    "earlier\nfailures, waits until that is done, and lists the "
	    "certificates. Authorities limit\nhow often they give one for the "
	    "same names: Let's Encrypt five times a week.",
	.run = cmd_certificate_renew,
    },
    {
	.name = "status",
	.arguments = "",
	.summary = "say what the server does; exit code 3: it does not run",
	.run = cmd_status,
    },
    {
	.name = "metrics",
	.arguments = "",
	.summary = "print what the server counts, for Prometheus",
	.details = "In the text format 0.0.4, for example for the textfile "
		   "collector of its\nnode exporter.",
	.run = cmd_metrics,
    },
    {0},
};
