// SPDX-License-Identifier: Apache-2.0
// What kind of thing an attachment is, by its type, and by its name where the type
// says nothing.
export type AttachmentKind =
	| "image" | "pdf" | "text" | "message" | "calendar" | "sheet" | "document"
	| "archive" | "audio" | "video" | "program" | "other";

// What browsers show as a picture. SVG is one there, without its scripts.
const IMAGES = /^image\/(png|jpeg|gif|webp|avif|bmp|svg\+xml|x-icon)$/;
const TYPES: [RegExp, AttachmentKind][] = [
	[IMAGES, "image"],
	[/^application\/pdf$/, "pdf"],
	[/^message\/(rfc822|global)$/, "message"],
	[/^text\/calendar$/, "calendar"],
	[/spreadsheet|ms-excel|^text\/csv$/, "sheet"],
	[/wordprocessing|msword|opendocument\.text|^application\/rtf$/, "document"],
	[/zip|compressed|x-tar|gzip|x-7z|x-rar/, "archive"],
	[/^audio\//, "audio"],
	[/^video\//, "video"],
	[/x-msdownload|x-msdos-program|x-sh$|java-archive|x-executable/, "program"],
	[/^text\/(?!html)|^application\/json$/, "text"],
];
const NAMES: [RegExp, AttachmentKind][] = [
	[/\.(exe|com|scr|bat|cmd|msi|js|jse|vbs|vbe|wsf|ps1|jar|lnk|hta|iso|img|apk|dmg|pkg|reg|docm|xlsm|pptm)$/i, "program"],
	[/\.pdf$/i, "pdf"],
	[/\.(xlsx?|ods|csv)$/i, "sheet"],
	[/\.(docx?|odt|rtf|pages)$/i, "document"],
	[/\.(zip|gz|tgz|7z|rar|tar|xz|bz2|zst)$/i, "archive"],
	[/\.ics$/i, "calendar"],
	[/\.eml$/i, "message"],
	[/\.(txt|md|log|patch|diff)$/i, "text"],
];

export function kindOf(part: {type: string; name: string | null}): AttachmentKind {
	// As systems will see it: without what is not shown, and without dots and blanks
	// at the end.
	const name = (part.name ?? "").replace(/[\p{Cc}\p{Cf}]/gu, "").replace(/[\s.]+$/, "");
	// A program stays one, whatever type its sender gives it.
	if (NAMES[0]![0].test(name))
		return "program";
	const byType = TYPES.find(([pattern]) => pattern.test(part.type.toLowerCase()))?.[1];
	return byType ?? NAMES.find(([pattern]) => pattern.test(name))?.[1] ?? "other";
}
