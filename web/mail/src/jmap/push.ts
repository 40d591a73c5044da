// SPDX-License-Identifier: Apache-2.0
// Tells when something has changed (RFC 8620 section 7.3). The stream of events
// is read with fetch(), because an EventSource cannot send the field that our
// server asks of the page.
import type {StateChange} from "./types.ts";

export interface ServerEvent {
	event: string;
	data: string;
	id: string;
}

// Takes the text of a stream piece by piece, gives its events (the format of
// text/event-stream, HTML's section 9.2.6).
export class EventReader {
	private rest = "";
	private event: ServerEvent = {event: "", data: "", id: ""};
	private hasData = false;

	constructor(private readonly on: (event: ServerEvent) => void) {}

	add(text: string): void {
		this.rest += text;
		// A CR at the end may be half of a CRLF.
		const held = this.rest.endsWith("\r") ? "\r" : "";
		const lines = this.rest.slice(0, this.rest.length - held.length)
			.split(/\r\n|\r|\n/);
		this.rest = lines.pop()! + held;
		for (const line of lines)
			this.line(line);
	}

	private line(line: string): void {
		if (line === "") {
			if (this.hasData)
				this.on({...this.event, event: this.event.event || "message"});
			this.event = {event: "", data: "", id: this.event.id};
			this.hasData = false;
			return;
		}
		const colon = line.indexOf(":");
		if (colon === 0)
			return;
		const name = colon < 0 ? line : line.slice(0, colon);
		const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
		if (name === "data") {
			this.event.data += (this.hasData ? "\n" : "") + value;
			this.hasData = true;
		} else if (name === "event") {
			this.event.event = value;
		} else if (name === "id") {
			this.event.id = value;
		}
	}
}

export interface PushOptions {
	url: string; // a template, from the session
	fetch: (url: string, init?: RequestInit) => Promise<Response>;
	onChange: (change: StateChange) => void;
	// The stream is there (again): something may have been missed before.
	onOpen: () => void;
	onClose: () => void;
}

const PING = 30; // seconds
const WAIT_MIN = 500; // milliseconds until the next try
const WAIT_MAX = 30_000;

// Reads until stop() is called, and connects again whenever that ends.
export class Push {
	private stopped = false;
	private abort = new AbortController();
	private wait = WAIT_MIN;
	private wake: (() => void) | undefined;
	private watchdog: ReturnType<typeof setTimeout> | undefined;
	private lastId = "";

	constructor(private readonly options: PushOptions) {
		void this.run();
	}

	stop(): void {
		this.stopped = true;
		this.abort.abort();
		this.wake?.();
	}

	// The network is gone: what is open is dead.
	drop(): void {
		this.abort.abort();
	}

	// The network is back: do not wait.
	retry(): void {
		this.wait = WAIT_MIN;
		this.wake?.();
	}

	private async run(): Promise<void> {
		while (!this.stopped) {
			try {
				await this.read();
			} catch {
				// It ended, one way or the other.
			}
			clearTimeout(this.watchdog);
			if (this.stopped)
				return;
			this.options.onClose();
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, this.wait);
				this.wake = () => {
					clearTimeout(timer);
					resolve();
				};
			});
			this.wait = Math.min(this.wait * 2, WAIT_MAX);
		}
	}

	private async read(): Promise<void> {
		this.abort = new AbortController();
		const url = this.options.url
			.replace("{types}", "*")
			.replace("{closeafter}", "no")
			.replace("{ping}", String(PING));
		const headers: Record<string, string> = {Accept: "text/event-stream"};
		if (this.lastId)
			headers["Last-Event-ID"] = this.lastId;
		const response = await this.options.fetch(
			url, {signal: this.abort.signal, headers});
		if (!response.ok || !response.body)
			throw new Error("no stream");
		this.options.onOpen();
		this.wait = WAIT_MIN;
		const events = new EventReader((event) => this.take(event));
		const reader = response.body.pipeThrough(new TextDecoderStream())
			.getReader();
		for (;;) {
			this.expect();
			const {done, value} = await reader.read();
			if (done)
				return;
			events.add(value);
		}
	}

	private take(event: ServerEvent): void {
		if (event.id)
			this.lastId = event.id;
		if (event.event === "state")
			this.options.onChange(JSON.parse(event.data) as StateChange);
	}

	// When not even pings come, the connection is dead and nobody says so.
	private expect(): void {
		clearTimeout(this.watchdog);
		this.watchdog = setTimeout(() => this.abort.abort(), 2.5 * PING * 1000);
	}
}
