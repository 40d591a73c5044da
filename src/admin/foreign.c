// SPDX-License-Identifier: Apache-2.0
#include "admin/foreign.h"

#include "base/ascii.h"

const char *foreign_file(struct view start)
{
	static const struct {
		struct view magic;
		const char *what;
	} rows[] = {
	    {{"!BDN", 4}, "it is a data file of Outlook (.pst, .ost): readpst "
			  "makes mbox files of it"},
	    {{"*mbx*\r\n", 7}, "it is a c-client MBX file: mailutil makes an "
			       "mbox of it"},
	    {{"\x1f\x8b", 2}, "it is compressed by gzip: unpack it"},
	    {{"BZh", 3}, "it is compressed by bzip2: unpack it"},
	    {{"\x28\xb5\x2f\xfd", 4}, "it is compressed by zstd: unpack it"},
	    {{"\xfd"
	      "7zXZ",
		 5},
		"it is compressed by xz: unpack it"},
	    {{"PK\x03\x04", 4}, "it is a ZIP archive: unpack it"},
	    {{"CRYPTED\x03\x07", 9}, "it is encrypted by Dovecot's mail_crypt: "
				     "doveadm can export it"},
	    {{"Dovecot-LZ4", 11}, "it is compressed by LZ4, which is not read "
				  "here: doveadm can export it"},
	    {{"SQLite format 3", 15}, "it is an SQLite database"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (view_starts_with(start, rows[i].magic))
			return rows[i].what;
	return NULL;
}

static bool is_number(struct view name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] < '0' || name.ptr[i] > '9')
			return false;
	return name.len > 0;
}

const char *foreign_folder(const struct listing *list)
{
	static const struct {
		const char *end; // a name in the folder ends with this
		const char *what;
	} rows[] = {
	    {"dbox-Mails", "it is Dovecot's sdbox or mdbox: doveadm makes a "
			   "Maildir of it"},
	    {"mailboxes", "it is Dovecot's sdbox or mdbox: doveadm makes a "
			  "Maildir of it"},
	    {"dovecot.map.index", "it is Dovecot's mdbox: doveadm makes a "
				  "Maildir of it"},
	    {".mh_sequences", "it holds MH folders, which no import reads"},
	    {".pst", "it has data files of Outlook: readpst makes mbox files "
		     "of them"},
	    {".emlx", "it is of Apple Mail, whose export makes mbox files"},
	    {".mbox", "it has mbox files: roost import mbox"},
	    {".eml", "it has .eml files: roost import eml"},
	    {".msf", "it is of Thunderbird: roost import mbox"},
	    {"cyrus.header", "it is of Cyrus IMAP, which no import reads"},
	};
	size_t numbers = 0;
	for (size_t r = 0; r < ARRAY_LEN(rows); r++)
		for (size_t i = 0; i < list->count; i++)
			if (view_ends_with(view_of_string(list->names[i]),
				view_of_string(rows[r].end)))
				return rows[r].what;
	for (size_t i = 0; i < list->count; i++)
		numbers += is_number(view_of_string(list->names[i]));
	return numbers > 0 && numbers * 2 >= list->count
		   ? "it looks like an MH folder, which no import reads"
		   : NULL;
}
