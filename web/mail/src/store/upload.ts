// SPDX-License-Identifier: Apache-2.0
// Sends a file to the server, and says how far it is. fetch() does not tell that.
import type {JmapClient} from "../jmap/client.ts";
import {TransportError} from "../jmap/errors.ts";
import type {Id} from "../jmap/types.ts";

export interface Upload {
	done: Promise<{blobId: Id; type: string; size: number}>;
	abort: () => void;
}

export function upload(
	client: JmapClient, accountId: Id, blob: Blob, onProgress: (part: number) => void,
): Upload {
	const request = new XMLHttpRequest();
	const done = new Promise<{blobId: Id; type: string; size: number}>((resolve, reject) => {
		const fail = (): void => reject(
			new TransportError(request.statusText || "no answer", request.status));
		request.open("POST", client.uploadUrl(accountId));
		request.setRequestHeader("Content-Type", blob.type || "application/octet-stream");
		request.setRequestHeader("X-Roost", "1");
		request.upload.onprogress = (event) => {
			if (event.lengthComputable)
				onProgress(event.loaded / event.total);
		};
		request.onload = () => {
			if (request.status < 200 || request.status > 299)
				return fail();
			resolve(JSON.parse(request.responseText) as
				{blobId: Id; type: string; size: number});
		};
		request.onerror = fail;
		request.onabort = fail;
		request.send(blob);
	});
	return {done, abort: () => request.abort()};
}
