// SPDX-License-Identifier: Apache-2.0
// A link that does not lead where it seems to.
import {closeDialog} from "../../app/dialogs.ts";
import {t} from "../../i18n/index.ts";
import type {LinkDoubt} from "../../lib/links.ts";
import {Button} from "../../ui/Button.tsx";
import {Dialog} from "../../ui/Dialog.tsx";

function explain(doubt: LinkDoubt): string {
	switch (doubt.kind) {
	case "other":
		return t("read.link.other", {shown: doubt.shown, real: doubt.real});
	case "lookalike": return t("read.link.lookalike", {real: doubt.real});
	case "numbers": return t("read.link.numbers", {real: doubt.real});
	case "user": return t("read.link.user");
	}
}

export function LinkDialog({url, doubt}: {url: string; doubt: LinkDoubt}) {
	return (
		<Dialog title={t("read.link.title")} onClose={closeDialog}>
			<p>{explain(doubt)}</p>
			<p class="link-whole"><code>{url}</code></p>
			<div class="dialog-foot">
				<Button kind="quiet" onClick={() => {
					closeDialog();
					window.open(url, "_blank", "noopener,noreferrer");
				}}>{t("read.link.open")}</Button>
				<Button kind="primary" onClick={closeDialog}>{t("app.cancel")}</Button>
			</div>
		</Dialog>
	);
}
