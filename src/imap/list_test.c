// SPDX-License-Identifier: Apache-2.0
// LIST and LSUB: the examples of RFC 5258 section 5 and RFC 9051 section
// 6.3.9.8, and what they leave open.
#include "imap/script.h"

// The mailboxes every account begins with are out of the way of the examples.
#define WITHOUT_THE_USUAL                                                      \
	"R: z DELETE Archive\\r\\nz DELETE Drafts\\r\\nz DELETE Junk\\r\\n"    \
	"z DELETE Sent\\r\\nz DELETE Trash\\r\\n\n"                            \
	"S: z OK ...\nS: z OK ...\nS: z OK ...\nS: z OK ...\nS: z OK ...\n"    \
	"R: z UNSUBSCRIBE Archive\\r\\nz UNSUBSCRIBE Drafts\\r\\n"             \
	"z UNSUBSCRIBE Junk\\r\\nz UNSUBSCRIBE Sent\\r\\n"                     \
	"z UNSUBSCRIBE Trash\\r\\n\n"                                          \
	"S: z OK ...\nS: z OK ...\nS: z OK ...\nS: z OK ...\nS: z OK ...\n"

#define FRUIT                                                                  \
	WITHOUT_THE_USUAL                                                      \
	"R: z CREATE Fruit/Apple\\r\\nz CREATE Fruit/Banana\\r\\n"             \
	"z CREATE Tofu\\r\\nz CREATE Vegetable/Broccoli\\r\\n"                 \
	"z CREATE Vegetable/Corn\\r\\n\n"                                      \
	"S: z OK ...\nS: z OK ...\nS: z OK ...\nS: z OK ...\nS: z OK ...\n"    \
	"R: z SUBSCRIBE Fruit/Banana\\r\\nz SUBSCRIBE Fruit/Peach\\r\\n"       \
	"z SUBSCRIBE Vegetable\\r\\nz SUBSCRIBE Vegetable/Broccoli\\r\\n\n"    \
	"S: z OK ...\nS: z OK ...\nS: z OK ...\nS: z OK ...\n"

#define FOO                                                                    \
	WITHOUT_THE_USUAL                                                      \
	"R: z CREATE Foo/Bar\\r\\nz CREATE Foo/Baz\\r\\nz CREATE Moo\\r\\n"    \
	"z UNSUBSCRIBE INBOX\\r\\n\n"                                          \
	"S: z OK ...\nS: z OK ...\nS: z OK ...\nS: z OK ...\n"

static const struct script scripts[] = {
    {"examples 1 to 6", SCRIPT_AS_USUAL,
	FRUIT "C: A01 LIST \"\" \"*\"\n"
	      "S: * LIST (\\HasChildren) \"/\" Fruit\n"
	      "S: * LIST (\\HasNoChildren) \"/\" Fruit/Apple\n"
	      "S: * LIST (\\HasNoChildren) \"/\" Fruit/Banana\n"
	      "S: * LIST (\\HasNoChildren) \"/\" INBOX\n"
	      "S: * LIST (\\HasNoChildren) \"/\" Tofu\n"
	      "S: * LIST (\\HasChildren) \"/\" Vegetable\n"
	      "S: * LIST (\\HasNoChildren) \"/\" Vegetable/Broccoli\n"
	      "S: * LIST (\\HasNoChildren) \"/\" Vegetable/Corn\n"
	      "S: A01 OK LIST completed\n"
	      "C: A02 LIST (SUBSCRIBED) \"\" \"*\"\n"
	      "S: * LIST (\\Subscribed) \"/\" Fruit/Banana\n"
	      "S: * LIST (\\NonExistent \\Subscribed) \"/\" Fruit/Peach\n"
	      "S: * LIST (\\Subscribed) \"/\" INBOX\n"
	      "S: * LIST (\\Subscribed) \"/\" Vegetable\n"
	      "S: * LIST (\\Subscribed) \"/\" Vegetable/Broccoli\n"
	      "S: A02 OK LIST completed\n"
	      "C: A03 LIST () \"\" \"%\" RETURN (CHILDREN)\n"
	      "S: * LIST (\\HasChildren) \"/\" Fruit\n"
	      "S: * LIST (\\HasNoChildren) \"/\" INBOX\n"
	      "S: * LIST (\\HasNoChildren) \"/\" Tofu\n"
	      "S: * LIST (\\HasChildren) \"/\" Vegetable\n"
	      "S: A03 OK LIST completed\n"
	      "C: A05 LIST (REMOTE SUBSCRIBED) \"\" \"V*\"\n"
	      "S: * LIST (\\Subscribed) \"/\" Vegetable\n"
	      "S: * LIST (\\Subscribed) \"/\" Vegetable/Broccoli\n"
	      "S: A05 OK LIST completed\n"
	      "C: A06 LIST (REMOTE) \"\" \"*\" RETURN (SUBSCRIBED)\n"
	      "S: * LIST () \"/\" Fruit\n"
	      "S: * LIST () \"/\" Fruit/Apple\n"
	      "S: * LIST (\\Subscribed) \"/\" Fruit/Banana\n"
	      "S: * LIST (\\Subscribed) \"/\" INBOX\n"
	      "S: * LIST () \"/\" Tofu\n"
	      "S: * LIST (\\Subscribed) \"/\" Vegetable\n"
	      "S: * LIST (\\Subscribed) \"/\" Vegetable/Broccoli\n"
	      "S: * LIST () \"/\" Vegetable/Corn\n"
	      "S: A06 OK LIST completed\n"},
    {"example 7: several patterns", SCRIPT_AS_USUAL,
	"C: a CREATE Sent/March2004\n"
	"S: a OK ...\n"
	"C: BBB LIST \"\" (\"INBOX\" \"Drafts\" \"Sent/%\" \"\")\n"
	"S: * LIST () \"/\" Drafts\n"
	"S: * LIST () \"/\" INBOX\n"
	"S: * LIST () \"/\" Sent/March2004\n"
	"S: BBB OK LIST completed\n"},
    {"example 8: CHILDINFO", SCRIPT_AS_USUAL,
	FOO
	"C: C01 LIST \"\" \"%\" RETURN (CHILDREN)\n"
	"S: * LIST (\\HasChildren) \"/\" Foo\n"
	"S: * LIST (\\HasNoChildren) \"/\" INBOX\n"
	"S: * LIST (\\HasNoChildren) \"/\" Moo\n"
	"S: C01 OK LIST completed\n"
	"C: z SUBSCRIBE Foo/Baz\n"
	"S: z OK ...\n"
	"C: C02 LIST (SUBSCRIBED) \"\" \"*\"\n"
	"S: * LIST (\\Subscribed) \"/\" Foo/Baz\n"
	"S: C02 OK LIST completed\n"
	"C: C03 LIST (SUBSCRIBED) \"\" \"%\"\n"
	"S: C03 OK LIST completed\n"
	"C: C04 LIST (SUBSCRIBED RECURSIVEMATCH) \"\" \"%\"\n"
	"S: * LIST () \"/\" Foo (\"CHILDINFO\" (\"SUBSCRIBED\"))\n"
	"S: C04 OK LIST completed\n"
	"C: z SUBSCRIBE Foo\n"
	"S: z OK ...\n"
	"C: C05 LIST (SUBSCRIBED RECURSIVEMATCH) \"\" \"%\"\n"
	"S: * LIST (\\Subscribed) \"/\" Foo (\"CHILDINFO\" (\"SUBSCRIBED\"))\n"
	"S: C05 OK LIST completed\n"
	"R: z UNSUBSCRIBE Foo\\r\\nz DELETE Foo\\r\\n\n"
	"S: z OK ...\n"
	"S: z OK ...\n"
	"C: C06 LIST (SUBSCRIBED RECURSIVEMATCH) \"\" \"%\"\n"
	"S: * LIST (\\NonExistent \\HasChildren) \"/\" Foo (\"CHILDINFO\" "
	"(\"SUBSCRIBED\"))\n"
	"S: C06 OK LIST completed\n"
	"C: z UNSUBSCRIBE Foo/Baz\n"
	"S: z OK ...\n"
	"C: C07 LIST (SUBSCRIBED RECURSIVEMATCH) \"\" \"%\"\n"
	"S: C07 OK LIST completed\n"},
    {"example 8 C: CHILDREN is not CHILDINFO", SCRIPT_AS_USUAL,
	FOO "R: z SUBSCRIBE Foo\\r\\nz SUBSCRIBE Moo\\r\\n\n"
	    "S: z OK ...\n"
	    "S: z OK ...\n"
	    "C: C04 LIST (SUBSCRIBED RECURSIVEMATCH) \"\" \"%\" "
	    "RETURN (CHILDREN)\n"
	    "S: * LIST (\\Subscribed \\HasChildren) \"/\" Foo\n"
	    "S: * LIST (\\Subscribed \\HasNoChildren) \"/\" Moo\n"
	    "S: C04 OK LIST completed\n"},
    {"example 9: CHILDINFO counts children that the pattern does not match",
	SCRIPT_AS_USUAL,
	WITHOUT_THE_USUAL
	"R: z UNSUBSCRIBE INBOX\\r\\nz CREATE foo2/bar1\\r\\n"
	"z CREATE foo2/bar2\\r\\nz CREATE baz2/bar2\\r\\n"
	"z CREATE baz2/bar22\\r\\nz CREATE baz2/bar222\\r\\n"
	"z CREATE eps2/mamba\\r\\nz CREATE qux2/bar2\\r\\n\n"
	"S: z OK ...\nS: z OK ...\nS: z OK ...\nS: z OK ...\nS: z OK ...\n"
	"S: z OK ...\nS: z OK ...\nS: z OK ...\n"
	"R: z SUBSCRIBE foo2/bar1\\r\\nz SUBSCRIBE foo2/bar2\\r\\n"
	"z SUBSCRIBE baz2/bar2\\r\\nz SUBSCRIBE baz2/bar22\\r\\n"
	"z SUBSCRIBE baz2/bar222\\r\\nz SUBSCRIBE eps2\\r\\n"
	"z SUBSCRIBE eps2/mamba\\r\\nz SUBSCRIBE qux2/bar2\\r\\n\n"
	"S: z OK ...\nS: z OK ...\nS: z OK ...\nS: z OK ...\nS: z OK ...\n"
	"S: z OK ...\nS: z OK ...\nS: z OK ...\n"
	"C: D03 LIST (RECURSIVEMATCH SUBSCRIBED) \"\" \"*2\"\n"
	"S: * LIST (\\Subscribed) \"/\" baz2/bar2\n"
	"S: * LIST (\\Subscribed) \"/\" baz2/bar22\n"
	"S: * LIST (\\Subscribed) \"/\" baz2/bar222\n"
	"S: * LIST (\\Subscribed) \"/\" eps2 (\"CHILDINFO\" "
	"(\"SUBSCRIBED\"))\n"
	"S: * LIST () \"/\" foo2 (\"CHILDINFO\" (\"SUBSCRIBED\"))\n"
	"S: * LIST (\\Subscribed) \"/\" foo2/bar2\n"
	"S: * LIST (\\Subscribed) \"/\" qux2/bar2\n"
	"S: D03 OK LIST completed\n"},
    {"the hierarchy delimiter", SCRIPT_AS_USUAL,
	"C: A101 LIST \"\" \"\"\n"
	"S: * LIST (\\Noselect) \"/\" \"\"\n"
	"S: A101 OK LIST completed\n"
	"C: a LIST () \"\" \"\"\n"
	"S: a OK LIST completed\n"
	"C: b LIST \"\" (\"\")\n"
	"S: b OK LIST completed\n"
	"C: c LSUB \"\" \"\"\n"
	"S: * LSUB (\\Noselect) \"/\" \"\"\n"
	"S: c OK LSUB completed\n"},
    {"a pattern that is no well-formed name matches nothing", SCRIPT_AS_USUAL,
	"C: a LIST \"\" &x%*\n"
	"S: a OK LIST completed\n"
	"C: b LIST \"\" \"&\"\n"
	"S: b OK LIST completed\n"
	"C: c LIST \"\" (&x INBOX)\n"
	"S: * LIST () \"/\" INBOX\n"
	"S: c OK LIST completed\n"
	"C: d LSUB \"\" *&\n"
	"S: d OK LSUB completed\n"},
    {"a reference goes in front", SCRIPT_AS_USUAL,
	FRUIT "C: a LIST Fruit/ %\n"
	      "S: * LIST (\\HasNoChildren) \"/\" Fruit/Apple\n"
	      "S: * LIST (\\HasNoChildren) \"/\" Fruit/Banana\n"
	      "S: a OK LIST completed\n"
	      "C: b LIST Fruit /A%\n"
	      "S: * LIST (\\HasNoChildren) \"/\" Fruit/Apple\n"
	      "S: b OK LIST completed\n"},
    {"patterns of every shape", SCRIPT_AS_USUAL,
	FRUIT "C: a LIST \"\" inbox\n"
	      "S: * LIST (\\HasNoChildren) \"/\" INBOX\n"
	      "S: a OK LIST completed\n"
	      "C: b LIST \"\" InB*\n"
	      "S: * LIST (\\HasNoChildren) \"/\" INBOX\n"
	      "S: b OK LIST completed\n"
	      "C: c LIST \"\" %/%a%\n"
	      "S: * LIST (\\HasNoChildren) \"/\" Fruit/Banana\n"
	      "S: c OK LIST completed\n"
	      "C: d LIST \"\" Fruit/Banana\n"
	      "S: * LIST (\\HasNoChildren) \"/\" Fruit/Banana\n"
	      "S: d OK LIST completed\n"
	      "C: e LIST \"\" Fruit/Kiwi\n"
	      "S: e OK LIST completed\n"
	      "C: f LIST \"\" %it*\n"
	      "S: * LIST (\\HasChildren) \"/\" Fruit\n"
	      "S: * LIST (\\HasNoChildren) \"/\" Fruit/Apple\n"
	      "S: * LIST (\\HasNoChildren) \"/\" Fruit/Banana\n"
	      "S: f OK LIST completed\n"},
    {"names that stand only above others", SCRIPT_AS_USUAL,
	WITHOUT_THE_USUAL
	"R: z CREATE a/b/c/d\\r\\nz DELETE a\\r\\nz DELETE a/b/c\\r\\n"
	"z CREATE a/x\\r\\nz DELETE INBOX\\r\\nz CREATE INBOX/in\\r\\n\n"
	"S: z OK ...\nS: z OK ...\nS: z OK ...\n"
	"S: z OK ...\nS: z NO [CANNOT] ...\nS: z OK ...\n"
	"C: e LIST \"\" *\n"
	"S: * LIST (\\HasChildren) \"/\" INBOX\n"
	"S: * LIST (\\HasNoChildren) \"/\" INBOX/in\n"
	"S: * LIST (\\HasChildren) \"/\" a\n"
	"S: * LIST (\\HasChildren) \"/\" a/b\n"
	"S: * LIST (\\Noselect \\HasChildren) \"/\" a/b/c\n"
	"S: * LIST (\\HasNoChildren) \"/\" a/b/c/d\n"
	"S: * LIST (\\HasNoChildren) \"/\" a/x\n"
	"S: e OK LIST completed\n"
	"C: f DELETE a\n"
	"S: f OK DELETE completed\n"
	"C: g LIST \"\" %\n"
	"S: * LIST (\\HasChildren) \"/\" INBOX\n"
	"S: * LIST (\\Noselect \\HasChildren) \"/\" a\n"
	"S: g OK LIST completed\n"
	"C: h LIST \"\" a\n"
	"S: * LIST (\\Noselect \\HasChildren) \"/\" a\n"
	"S: h OK LIST completed\n"
	"C: i LIST \"\" a/b/c/%\n"
	"S: * LIST (\\HasNoChildren) \"/\" a/b/c/d\n"
	"S: i OK LIST completed\n"
	"C: j SELECT a\n"
	"S: j NO [NONEXISTENT] ...\n"},
    {"special uses", SCRIPT_AS_USUAL,
	"C: t1 CREATE deep/down/Sent2 (USE (\\Sent))\n"
	"S: t1 OK ...\n"
	"C: t2 LIST \"\" \"%\" RETURN (SPECIAL-USE)\n"
	"S: * LIST (\\Archive) \"/\" Archive\n"
	"S: * LIST (\\Drafts) \"/\" Drafts\n"
	"S: * LIST () \"/\" INBOX\n"
	"S: * LIST (\\Junk) \"/\" Junk\n"
	"S: * LIST (\\Sent) \"/\" Sent\n"
	"S: * LIST (\\Trash) \"/\" Trash\n"
	"S: * LIST () \"/\" deep\n"
	"S: t2 OK LIST completed\n"
	"C: t3 LIST (SPECIAL-USE) \"\" \"*\"\n"
	"S: * LIST (\\Archive) \"/\" Archive\n"
	"S: * LIST (\\Drafts) \"/\" Drafts\n"
	"S: * LIST (\\Junk) \"/\" Junk\n"
	"S: * LIST (\\Sent) \"/\" Sent\n"
	"S: * LIST (\\Trash) \"/\" Trash\n"
	"S: * LIST (\\Sent) \"/\" deep/down/Sent2\n"
	"S: t3 OK LIST completed\n"
	"C: t4 LIST (SPECIAL-USE RECURSIVEMATCH) \"\" \"d%\"\n"
	"S: * LIST () \"/\" deep (\"CHILDINFO\" (\"SPECIAL-USE\"))\n"
	"S: t4 OK LIST completed\n"
	"C: t5 LIST (SPECIAL-USE SUBSCRIBED) \"\" \"S*\"\n"
	"S: * LIST (\\Subscribed \\Sent) \"/\" Sent\n"
	"S: t5 OK LIST completed\n"},
    {"STATUS as a return option", SCRIPT_AS_USUAL,
	WITHOUT_THE_USUAL "R: z CREATE foo/bar\\r\\nz DELETE foo\\r\\n\n"
			  "S: z OK ...\n"
			  "S: z OK ...\n"
			  "C: a APPEND foo/bar {1+}\n"
			  "C: x\n"
			  "S: a OK ...\n"
			  "C: b LIST \"\" * RETURN (STATUS (MESSAGES UNSEEN))\n"
			  "S: * LIST () \"/\" INBOX\n"
			  "S: * STATUS INBOX (MESSAGES 0 UNSEEN 0)\n"
			  "S: * LIST (\\NonExistent \\HasChildren) \"/\" foo\n"
			  "S: * LIST () \"/\" foo/bar\n"
			  "S: * STATUS foo/bar (MESSAGES 1 UNSEEN 1)\n"
			  "S: b OK LIST completed\n"},
    {"LSUB", SCRIPT_AS_USUAL,
	FRUIT "C: a LSUB \"\" *\n"
	      "S: * LSUB () \"/\" Fruit/Banana\n"
	      "S: * LSUB () \"/\" Fruit/Peach\n"
	      "S: * LSUB () \"/\" INBOX\n"
	      "S: * LSUB () \"/\" Vegetable\n"
	      "S: * LSUB () \"/\" Vegetable/Broccoli\n"
	      "S: a OK LSUB completed\n"
	      "C: b LSUB \"\" %\n"
	      "S: * LSUB (\\Noselect) \"/\" Fruit\n"
	      "S: * LSUB () \"/\" INBOX\n"
	      "S: * LSUB () \"/\" Vegetable\n"
	      "S: b OK LSUB completed\n"
	      "C: c DELETE Vegetable/Broccoli\n"
	      "S: c OK ...\n"
	      "C: d LSUB Veg *\n"
	      "S: * LSUB () \"/\" Vegetable\n"
	      "S: * LSUB () \"/\" Vegetable/Broccoli\n"
	      "S: d OK LSUB completed\n"},
};

int main(void)
{
	return script_main(scripts, ARRAY_LEN(scripts));
}
