// SPDX-License-Identifier: Apache-2.0
// A message as it came, or all its header fields.
import {useEffect, useState} from "preact/hooks";
import {closeDialog} from "../../app/dialogs.ts";
import {store} from "../../app/session.ts";
import {t} from "../../i18n/index.ts";
import type {Email, EmailHeader} from "../../jmap/types.ts";
import {Button} from "../../ui/Button.tsx";
import {Dialog} from "../../ui/Dialog.tsx";

const SHOWN_MAX = 500_000; // characters

export function SourceDialog({email, headers}: {email: Email; headers: boolean}) {
	return (
		<Dialog title={t(headers ? "read.headers" : "read.source.title")}
			onClose={closeDialog} wide>
			{headers ? <Headers email={email} /> : <Source email={email} />}
		</Dialog>
	);
}

function Source({email}: {email: Email}) {
	const [text, setText] = useState<string>();
	const [copied, setCopied] = useState(false);
	useEffect(() => {
		const {client, accountId} = store();
		client.download(accountId, email.blobId, "message/rfc822")
			.then((blob) => blob.text())
			.then((whole) => setText(whole.slice(0, SHOWN_MAX)),
				(error: Error) => setText(error.message));
	}, [email.id]);
	return (
		<>
			<pre class="source" tabIndex={0}>{text ?? t("app.loading")}</pre>
			<div class="dialog-foot">
				<Button icon="copy" onClick={() => void navigator.clipboard
					.writeText(text ?? "").then(() => setCopied(true))}>
					{t(copied ? "read.copied" : "read.copy")}</Button>
			</div>
		</>
	);
}

function Headers({email}: {email: Email}) {
	const [headers, setHeaders] = useState<EmailHeader[]>([]);
	useEffect(() => {
		store().bodies.headers(email.id).then(setHeaders, () => undefined);
	}, [email.id]);
	return (
		<div class="headers" tabIndex={0}>
			<dl>
				{headers.map((one, index) => (
					<div key={index}><dt>{one.name}</dt><dd>{one.value.trim()}</dd></div>
				))}
			</dl>
		</div>
	);
}
