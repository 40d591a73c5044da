// SPDX-License-Identifier: Apache-2.0
// What was seen, kept on this device, so that it can be read without a network;
// and what was done meanwhile, so that it is sent afterwards even if the page was
// closed. Only for who stays logged in on the device; logging out deletes it.
import type {Email, EmailBody, Id, Identity, Mailbox, Session, State, Thread} from "../jmap/types.ts";
import type {Patch} from "./emails.ts";
import type {ListQuery} from "./list.ts";

const NAME = "roost-mail";
const VERSION = 1;
const KEY = "all";

export interface KeptList {
	query: ListQuery;
	state: State;
	total: number;
	ids: Id[]; // the first ones
}

// One record: it is written as a whole, so that all of it is of one moment.
export interface Kept {
	session: Session;
	states: Record<string, State>;
	mailboxes: Mailbox[];
	identities: Identity[];
	emails: Email[]; // as the server has them
	threads: Thread[];
	lists: KeptList[];
	bodies: EmailBody[];
	pending: [Id, Patch[]][]; // not answered yet
}

function done<T>(request: IDBRequest<T>): Promise<T> {
	return new Promise((resolve, reject) => {
		request.onsuccess = () => resolve(request.result);
		request.onerror = () => reject(request.error ?? new Error("IndexedDB"));
	});
}

async function open(): Promise<IDBDatabase> {
	const request = indexedDB.open(NAME, VERSION);
	request.onupgradeneeded = () => request.result.createObjectStore("kept");
	return done(request);
}

// Where a browser keeps nothing (a private window), nothing is kept.
export async function readKept(): Promise<Kept | undefined> {
	try {
		const database = await open();
		const kept = await done(database.transaction("kept").objectStore("kept")
			.get(KEY) as IDBRequest<Kept | undefined>);
		database.close();
		return kept;
	} catch {
		return undefined;
	}
}

export async function writeKept(kept: Kept): Promise<void> {
	try {
		const database = await open();
		await done(database.transaction("kept", "readwrite").objectStore("kept")
			.put(kept, KEY));
		database.close();
	} catch {
		// There is no room. What is kept is a help and no promise.
	}
}

export function deleteKept(): void {
	try {
		indexedDB.deleteDatabase(NAME);
	} catch {
		// There is none.
	}
}
