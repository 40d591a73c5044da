// SPDX-License-Identifier: Apache-2.0
// The methods that the page calls: arguments, response, capability. A new method
// is a line here.
import type {
	ChangesResponse, Comparator, Email, EmailBody, EmailHeader, Filter,
	GetResponse, Id, Identity, Mailbox, QueryChangesResponse, QueryResponse,
	ResultReference, SearchSnippet, SetResponse, State, Thread,
} from "./types.ts";

interface Account {
	accountId: Id;
}

type Ids = {ids: Id[] | null} | {"#ids": ResultReference};

type Get = Account & Ids & {properties?: string[]};

interface Changes extends Account {
	sinceState: State;
	maxChanges?: number;
}

interface Set extends Account {
	ifInState?: State;
	create?: Record<Id, Record<string, unknown>>;
	update?: Record<Id, Record<string, unknown>>;
	destroy?: Id[];
	[extra: string]: unknown;
}

interface Query extends Account {
	filter?: Filter | null;
	sort?: Comparator[];
	position?: number;
	anchor?: Id;
	anchorOffset?: number;
	limit?: number;
	calculateTotal?: boolean;
	collapseThreads?: boolean;
}

interface QueryChanges extends Account {
	filter?: Filter | null;
	sort?: Comparator[];
	sinceQueryState: State;
	maxChanges?: number;
	upToId?: Id;
	calculateTotal?: boolean;
	collapseThreads?: boolean;
}

type EmailGet = Get & {
	bodyProperties?: string[];
	fetchTextBodyValues?: boolean;
	fetchHTMLBodyValues?: boolean;
	fetchAllBodyValues?: boolean;
	maxBodyValueBytes?: number;
};

type AnyEmail = Email & EmailBody & {headers: EmailHeader[]};

export interface Methods {
	"Mailbox/get": {args: Get; response: GetResponse<Mailbox>};
	"Mailbox/changes": {args: Changes; response: ChangesResponse};
	"Mailbox/set": {args: Set; response: SetResponse<Mailbox>};
	"Thread/get": {args: Get; response: GetResponse<Thread>};
	"Thread/changes": {args: Changes; response: ChangesResponse};
	"Email/get": {args: EmailGet; response: GetResponse<AnyEmail>};
	"Email/changes": {args: Changes; response: ChangesResponse};
	"Email/query": {args: Query; response: QueryResponse};
	"Email/queryChanges": {args: QueryChanges; response: QueryChangesResponse};
	"Email/set": {args: Set; response: SetResponse<Email>};
	"Email/import": {
		args: Account & {emails: Record<Id, Record<string, unknown>>};
		response: SetResponse<Email>;
	};
	"Email/parse": {
		args: Account & {blobIds: Id[]} & Omit<EmailGet, "ids" | "#ids" | "accountId">;
		response: {
			parsed: Record<Id, AnyEmail> | null;
			notParsable: Id[] | null;
			notFound: Id[] | null;
		};
	};
	"SearchSnippet/get": {
		args: Account & {filter: Filter} &
			({emailIds: Id[]} | {"#emailIds": ResultReference});
		response: {list: SearchSnippet[]; notFound: Id[] | null};
	};
	"Identity/get": {args: Get; response: GetResponse<Identity>};
	"Identity/set": {args: Set; response: SetResponse<Identity>};
	"EmailSubmission/get": {
		args: Get; response: GetResponse<Record<string, unknown> & {id: Id}>;
	};
	"EmailSubmission/query": {args: Query; response: QueryResponse};
	"EmailSubmission/set": {args: Set; response: SetResponse<{id: Id}>};
	"VacationResponse/get": {
		args: Get; response: GetResponse<Record<string, unknown> & {id: Id}>;
	};
	"VacationResponse/set": {args: Set; response: SetResponse<{id: Id}>};
	"Quota/get": {
		args: Get; response: GetResponse<Record<string, unknown> & {id: Id}>;
	};
}

export type MethodName = keyof Methods;

export const MAIL = "urn:ietf:params:jmap:mail";
export const SUBMISSION = "urn:ietf:params:jmap:submission";
export const VACATION = "urn:ietf:params:jmap:vacationresponse";
export const QUOTA = "urn:ietf:params:jmap:quota";

const CAPABILITIES: Record<string, string[]> = {
	Mailbox: [MAIL],
	Thread: [MAIL],
	Email: [MAIL],
	SearchSnippet: [MAIL],
	Identity: [SUBMISSION],
	// It names emails and changes them when it is done.
	EmailSubmission: [SUBMISSION, MAIL],
	VacationResponse: [VACATION],
	Quota: [QUOTA],
};

export function capabilitiesOf(method: string): string[] {
	return CAPABILITIES[method.split("/")[0]!] ?? [];
}
