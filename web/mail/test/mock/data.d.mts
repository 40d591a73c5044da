// SPDX-License-Identifier: Apache-2.0
type Flags = Record<string, true>;
interface Email {
	id: string;
	threadId: string;
	keywords: Flags;
	mailboxIds: Flags;
}
type Changes = [type: string, kind: string, id: string][];
export class Data {
	constructor(options: {count?: number; now?: number});
	now: number;
	version: number;
	refuse?: boolean;
	emails: Map<string, Email>;
	threads: Map<string, {id: string; emailIds: string[]}>;
	mailbox(id: string): {totalEmails: number; unreadEmails: number} | undefined;
	deliver(row: unknown[]): Email;
	update(email: Email, next: {keywords?: Flags; mailboxIds?: Flags}): Changes;
	destroy(email: Email): Changes;
	commit(changes: Changes): void;
}
