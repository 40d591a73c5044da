// SPDX-License-Identifier: Apache-2.0
// A ZIP file of files that are not compressed: attachments mostly are already.
import {oneLine} from "./text.ts";

const TABLE = Uint32Array.from({length: 256}, (_, n) => {
	let c = n;
	for (let k = 0; k < 8; k++)
		c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
	return c;
});

export function crc32(bytes: Uint8Array): number {
	let c = 0xffffffff;
	for (const byte of bytes)
		c = TABLE[(c ^ byte) & 0xff]! ^ (c >>> 8);
	return (c ^ 0xffffffff) >>> 0;
}

export interface ZipEntry {
	name: string;
	bytes: Uint8Array;
}

// No folders, nothing that leads out of the folder, no name twice.
export function zipNames(names: string[]): string[] {
	const taken = new Set<string>();
	return names.map((name) => {
		const clean = oneLine(name).replace(/[/\\:*?"<>|\u0000-\u001f]/g, "_")
			.replace(/^\.+/, "_").trim() || "file";
		const dot = clean.lastIndexOf(".");
		const [stem, ending] = dot > 0 ? [clean.slice(0, dot), clean.slice(dot)]
			: [clean, ""];
		let unique = clean;
		for (let n = 2; taken.has(unique.toLowerCase()); n++)
			unique = `${stem} (${n})${ending}`;
		taken.add(unique.toLowerCase());
		return unique;
	});
}

function record(fields: [size: 2 | 4, value: number][], tail: Uint8Array): Uint8Array {
	const size = fields.reduce((sum, [one]) => sum + one, 0);
	const bytes = new Uint8Array(size + tail.length);
	const view = new DataView(bytes.buffer);
	let at = 0;
	for (const [length, value] of fields) {
		if (length === 2)
			view.setUint16(at, value, true);
		else
			view.setUint32(at, value, true);
		at += length;
	}
	bytes.set(tail, size);
	return bytes;
}

export function zip(entries: ZipEntry[], now = new Date()): Blob {
	const names = zipNames(entries.map((one) => one.name));
	const time = now.getHours() << 11 | now.getMinutes() << 5 | now.getSeconds() >> 1;
	const date = now.getFullYear() - 1980 << 9 | now.getMonth() + 1 << 5 | now.getDate();
	const parts: Uint8Array[] = [], directory: Uint8Array[] = [];
	let offset = 0;
	entries.forEach(({bytes}, index) => {
		const name = new TextEncoder().encode(names[index]);
		const shared: [2 | 4, number][] = [
			[2, 20], [2, 0x800], [2, 0], [2, time], [2, date], [4, crc32(bytes)],
			[4, bytes.length], [4, bytes.length], [2, name.length], [2, 0]];
		const head = record([[4, 0x04034b50], ...shared], name);
		directory.push(record([[4, 0x02014b50], [2, 20], ...shared,
			[2, 0], [2, 0], [2, 0], [4, 0], [4, offset]], name));
		parts.push(head, bytes);
		offset += head.length + bytes.length;
	});
	const size = directory.reduce((sum, one) => sum + one.length, 0);
	const end = record([[4, 0x06054b50], [2, 0], [2, 0], [2, entries.length],
		[2, entries.length], [4, size], [4, offset], [2, 0]], new Uint8Array());
	return new Blob([...parts, ...directory, end] as BlobPart[],
		{type: "application/zip"});
}
