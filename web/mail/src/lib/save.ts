// SPDX-License-Identifier: Apache-2.0
import {oneLine} from "./text.ts";

// Gives bytes to the user as a file. The name is cleaned by the browser, too.
export function saveBlob(blob: Blob, name: string): void {
	const url = URL.createObjectURL(blob);
	const link = document.createElement("a");
	link.href = url;
	link.download = oneLine(name).replace(/[/\\]/g, "_");
	link.click();
	// The browser reads the bytes after the click.
	setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
