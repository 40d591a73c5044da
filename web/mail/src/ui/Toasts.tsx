// SPDX-License-Identifier: Apache-2.0
import {t} from "../i18n/index.ts";
import {dismiss, hold, release, toasts, undoToast} from "../app/toasts.ts";
import {IconButton} from "./Button.tsx";
import {Icon} from "./Icon.tsx";

export function Toasts() {
	return (
		<div class="toasts" role="status" aria-live="polite">
			{toasts.value.map((toast) => (
				<div key={toast.id} class={`toast ${toast.kind}`}
					onMouseEnter={() => hold(toast.id)}
					onMouseLeave={() => release(toast.id)}>
					<Icon name={toast.kind === "error" ? "alert" : "done"} size={18} />
					<span class="toast-text">{toast.text}</span>
					{toast.undo && (
						<button type="button" class="toast-undo"
							onClick={() => undoToast(toast.id)}>{t("app.undo")}</button>
					)}
					<IconButton icon="close" size={16} label={t("app.close")}
						onClick={() => dismiss(toast.id)} />
				</div>
			))}
		</div>
	);
}
