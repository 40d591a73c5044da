// SPDX-License-Identifier: Apache-2.0
import type {SetError} from "./types.ts";

// The server refused one call (RFC 8620 section 3.6.2).
export class JmapError extends Error {
	constructor(
		readonly method: string,
		readonly type: string,
		readonly description?: string,
	) {
		super(`${method}: ${type}${description ? `: ${description}` : ""}`);
		this.name = "JmapError";
	}

	static of(method: string, args: Record<string, unknown>): JmapError {
		return new JmapError(method, String(args["type"]),
			args["description"] as string | undefined);
	}

	static ofSet(method: string, error: SetError): JmapError {
		return new JmapError(method, error.type, error.description);
	}
}

// No answer, or one that is none of JMAP. `status` is 0 without an answer, and
// `problem` the type of RFC 7807 if there is one.
export class TransportError extends Error {
	constructor(message: string, readonly status = 0, readonly problem = "") {
		super(message);
		this.name = "TransportError";
	}

	static async of(response: Response): Promise<TransportError> {
		let problem = "", detail = "";
		try {
			const body = await response.json() as Record<string, unknown>;
			problem = String(body["type"] ?? "");
			detail = String(body["detail"] ?? "");
		} catch {
			// It is not JSON. The status says enough.
		}
		return new TransportError(
			detail || `${response.status} ${response.statusText}`,
			response.status, problem);
	}

	get isOffline(): boolean {
		return this.status === 0;
	}
}
