// SPDX-License-Identifier: Apache-2.0
// What is attached, with how far it is sent to the server.
import {t} from "../../i18n/index.ts";
import {formatSize} from "../../lib/sizes.ts";
import type {Attachment, Draft} from "../../store/draft.ts";
import {IconButton} from "../../ui/Button.tsx";
import {Icon} from "../../ui/Icon.tsx";

export function Files({draft}: {draft: Draft}) {
	const files = draft.attachments.value.filter((one) => !one.cid);
	if (files.length === 0)
		return null;
	return (
		<ul class="compose-files" aria-label={t("attach.title", {n: files.length})}>
			{files.map((one) => <File key={one.key} draft={draft} one={one} />)}
		</ul>
	);
}

function File({draft, one}: {draft: Draft; one: Attachment}) {
	const failed = one.failed.value, done = !!one.blobId.value;
	return (
		<li class={failed ? "failed" : ""}>
			<Icon name={failed ? "warning" : "paperclip"} size={16} />
			<span class="file-name" dir="auto">{one.name}</span>
			<span class="file-size">{failed ? t("write.upload.failed") : formatSize(one.size)}</span>
			<IconButton icon="close" size={16} label={t("write.remove", {name: one.name})}
				onClick={() => draft.detach(one)} />
			{!done && !failed && (
				<progress max={1} value={one.progress.value} aria-label={one.name} />
			)}
		</li>
	);
}
