// SPDX-License-Identifier: Apache-2.0
// The objects of JMAP as they come over the wire (RFC 8620, RFC 8621), as far
// as the page uses them.

export type Id = string;
export type UTCDate = string;
export type State = string;
export type Flags = Record<string, true>;

// ---- RFC 8620 --------------------------------------------------------------

export interface Account {
	name: string;
	isPersonal: boolean;
	isReadOnly: boolean;
	accountCapabilities: Record<string, Record<string, unknown>>;
}

// Section 2.
export interface Session {
	capabilities: Record<string, Record<string, unknown>>;
	accounts: Record<Id, Account>;
	primaryAccounts: Record<string, Id>;
	username: string;
	apiUrl: string;
	downloadUrl: string;
	uploadUrl: string;
	eventSourceUrl: string;
	state: State;
}

export interface CoreLimits {
	maxSizeUpload: number;
	maxConcurrentUpload: number;
	maxSizeRequest: number;
	maxConcurrentRequests: number;
	maxCallsInRequest: number;
	maxObjectsInGet: number;
	maxObjectsInSet: number;
}

// Section 3.7.
export interface ResultReference {
	resultOf: string;
	name: string;
	path: string;
}

export type SetError = {
	type: string;
	description?: string;
	properties?: string[];
	existingId?: Id;
};

export interface GetResponse<T> {
	accountId: Id;
	state: State;
	list: T[];
	notFound: Id[];
}

export interface ChangesResponse {
	accountId: Id;
	oldState: State;
	newState: State;
	hasMoreChanges: boolean;
	created: Id[];
	updated: Id[];
	destroyed: Id[];
	updatedProperties?: string[] | null; // Mailbox/changes
}

export interface SetResponse<T> {
	accountId: Id;
	oldState: State | null;
	newState: State;
	created: Record<Id, Partial<T> & {id: Id}> | null;
	updated: Record<Id, Partial<T> | null> | null;
	destroyed: Id[] | null;
	notCreated: Record<Id, SetError> | null;
	notUpdated: Record<Id, SetError> | null;
	notDestroyed: Record<Id, SetError> | null;
}

export interface QueryResponse {
	accountId: Id;
	queryState: State;
	canCalculateChanges: boolean;
	position: number;
	ids: Id[];
	total?: number;
	limit?: number;
}

export interface QueryChangesResponse {
	accountId: Id;
	oldQueryState: State;
	newQueryState: State;
	total?: number;
	removed: Id[];
	added: {id: Id; index: number}[];
}

// Section 7.1.
export interface StateChange {
	"@type": "StateChange";
	changed: Record<Id, Record<string, State>>;
}

// ---- RFC 8621 --------------------------------------------------------------

export type Role =
	| "inbox" | "drafts" | "sent" | "archive" | "junk" | "trash"
	| "all" | "flagged" | "important";

export interface MailboxRights {
	mayReadItems: boolean;
	mayAddItems: boolean;
	mayRemoveItems: boolean;
	maySetSeen: boolean;
	maySetKeywords: boolean;
	mayCreateChild: boolean;
	mayRename: boolean;
	mayDelete: boolean;
	maySubmit: boolean;
}

export interface Mailbox {
	id: Id;
	name: string;
	parentId: Id | null;
	role: Role | null;
	sortOrder: number;
	totalEmails: number;
	unreadEmails: number;
	totalThreads: number;
	unreadThreads: number;
	myRights: MailboxRights;
	isSubscribed: boolean;
}

export interface Thread {
	id: Id;
	emailIds: Id[];
}

export interface Address {
	name: string | null;
	email: string;
}

export interface BodyPart {
	partId: string | null;
	blobId: Id | null;
	size: number;
	name: string | null;
	type: string;
	charset: string | null;
	disposition: string | null;
	cid: string | null;
	subParts?: BodyPart[] | null;
}

export interface BodyValue {
	value: string;
	isEncodingProblem: boolean;
	isTruncated: boolean;
}

// What the list shows; LIST_PROPERTIES in store/emails.ts names them.
export interface Email {
	id: Id;
	blobId: Id;
	threadId: Id;
	mailboxIds: Flags;
	keywords: Flags;
	size: number;
	receivedAt: UTCDate;
	sentAt: string | null;
	from: Address[] | null;
	to: Address[] | null;
	cc: Address[] | null;
	bcc: Address[] | null;
	subject: string | null;
	hasAttachment: boolean;
	preview: string;
}

// What the reader shows besides.
export interface EmailBody {
	id: Id;
	sender: Address[] | null;
	replyTo: Address[] | null;
	messageId: string[] | null;
	inReplyTo: string[] | null;
	references: string[] | null;
	htmlBody: BodyPart[];
	textBody: BodyPart[];
	attachments: BodyPart[];
	bodyValues: Record<string, BodyValue>;
	"header:List-Unsubscribe:asURLs"?: string[] | null;
	"header:Disposition-Notification-To:asAddresses"?: Address[] | null;
}

export interface EmailHeader {
	name: string;
	value: string;
}

export interface SearchSnippet {
	emailId: Id;
	subject: string | null;
	preview: string | null;
}

export interface Identity {
	id: Id;
	name: string;
	email: string;
	replyTo: Address[] | null;
	bcc: Address[] | null;
	textSignature: string;
	htmlSignature: string;
	mayDelete: boolean;
}

// Section 4.4.1; FilterOperator is RFC 8620 section 5.5.
export interface FilterCondition {
	inMailbox?: Id;
	inMailboxOtherThan?: Id[];
	before?: UTCDate;
	after?: UTCDate;
	minSize?: number;
	maxSize?: number;
	hasKeyword?: string;
	notKeyword?: string;
	someInThreadHaveKeyword?: string;
	hasAttachment?: boolean;
	text?: string;
	from?: string;
	to?: string;
	cc?: string;
	bcc?: string;
	subject?: string;
	body?: string;
}

export interface FilterOperator {
	operator: "AND" | "OR" | "NOT";
	conditions: Filter[];
}

export type Filter = FilterCondition | FilterOperator;

export interface Comparator {
	property: string;
	isAscending?: boolean;
	keyword?: string;
}
