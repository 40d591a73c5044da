// SPDX-License-Identifier: Apache-2.0
// This file has the HTML 4 names that occur in mail: all of Latin-1, and
// punctuation. HTML 5 has two thousand more. An unknown name stays in the text
// unchanged.
#include "wire/html_entity.h"

#include "base/ascii.h"
#include "wire/utf8.h"

#define ENTITY_NAME_MAX 8

// This table has U+00A0 to U+00FF in order.
static const char latin1[96][ENTITY_NAME_MAX] = {"nbsp", "iexcl", "cent",
    "pound", "curren", "yen", "brvbar", "sect", "uml", "copy", "ordf", "laquo",
    "not", "shy", "reg", "macr", "deg", "plusmn", "sup2", "sup3", "acute",
    "micro", "para", "middot", "cedil", "sup1", "ordm", "raquo", "frac14",
    "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc", "Atilde", "Auml",
    "Aring", "AElig", "Ccedil", "Egrave", "Eacute", "Ecirc", "Euml", "Igrave",
    "Iacute", "Icirc", "Iuml", "ETH", "Ntilde", "Ograve", "Oacute", "Ocirc",
    "Otilde", "Ouml", "times", "Oslash", "Ugrave", "Uacute", "Ucirc", "Uuml",
    "Yacute", "THORN", "szlig", "agrave", "aacute", "acirc", "atilde", "auml",
    "aring", "aelig", "ccedil", "egrave", "eacute", "ecirc", "euml", "igrave",
    "iacute", "icirc", "iuml", "eth", "ntilde", "ograve", "oacute", "ocirc",
    "otilde", "ouml", "divide", "oslash", "ugrave", "uacute", "ucirc", "uuml",
    "yacute", "thorn", "yuml"};

static const struct {
	char name[ENTITY_NAME_MAX];
	uint32_t code;
} others[] = {
    {"amp", '&'},
    {"lt", '<'},
    {"gt", '>'},
    {"quot", '"'},
    {"apos", '\''},
    {"AMP", '&'},
    {"LT", '<'},
    {"GT", '>'},
    {"QUOT", '"'},
    {"OElig", 0x152},
    {"oelig", 0x153},
    {"Scaron", 0x160},
    {"scaron", 0x161},
    {"Yuml", 0x178},
    {"zwnj", 0x200c},
    {"zwj", 0x200d},
    {"ensp", 0x2002},
    {"emsp", 0x2003},
    {"thinsp", 0x2009},
    {"ndash", 0x2013},
    {"mdash", 0x2014},
    {"lsquo", 0x2018},
    {"rsquo", 0x2019},
    {"sbquo", 0x201a},
    {"ldquo", 0x201c},
    {"rdquo", 0x201d},
    {"bdquo", 0x201e},
    {"dagger", 0x2020},
    {"bull", 0x2022},
    {"hellip", 0x2026},
    {"permil", 0x2030},
    {"lsaquo", 0x2039},
    {"rsaquo", 0x203a},
    {"euro", 0x20ac},
    {"trade", 0x2122},
    {"larr", 0x2190},
    {"rarr", 0x2192},
    {"check", 0x2713},
};

static bool name_is(const char *name, struct view text)
{
	return strlen(name) == text.len &&
	       memcmp(name, text.ptr, text.len) == 0;
}

static uint32_t name_code(struct view name)
{
	for (uint32_t i = 0; i < ARRAY_LEN(latin1); i++) {
		if (name_is(latin1[i], name))
			return 0xa0 + i;
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		if (name_is(others[i].name, name))
			return others[i].code;
	}
	return 0;
}

// Reads "#233" or "#xe9" at the front of `text`, which begins with "#". Returns
// the number of bytes, or 0 if the text has neither form.
static size_t number_parse(struct view text, uint32_t *ret_code)
{
	size_t at = 1;
	uint32_t base = 10;
	if (at < text.len && ascii_lower(text.ptr[at]) == 'x') {
		base = 16;
		at++;
	}
	size_t begin = at;
	uint32_t code = 0;
	for (; at < text.len; at++) {
		int digit = ascii_hex_value(text.ptr[at]);
		if (digit < 0 || (uint32_t)digit >= base)
			break;
		code = code * base + (uint32_t)digit;
		if (code > 0x10ffff)
			code = 0x110000; // the value stays too large
	}
	if (at == begin)
		return 0;
	bool valid = code <= 0x10ffff && code && (code & ~0x7ffu) != 0xd800;
	*ret_code = valid ? code : UTF8_REPLACEMENT;
	return at;
}

bool html_entity_next(struct view *text, uint32_t *ret_code)
{
	struct view rest = view_from(*text, 1);
	uint32_t code = 0;
	size_t len = 0;
	if (rest.len && *rest.ptr == '#') {
		len = number_parse(rest, &code);
	} else {
		while (len < rest.len && len < ENTITY_NAME_MAX &&
		       ascii_is_alnum(rest.ptr[len]))
			len++;
		code = name_code(view_slice(rest, 0, len));
	}
	if (!len || !code)
		return false;
	rest = view_from(rest, len);
	if (rest.len && *rest.ptr == ';') // many programs forget the ";"
		rest = view_from(rest, 1);
	*text = rest;
	*ret_code = code;
	return true;
}
