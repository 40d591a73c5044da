// SPDX-License-Identifier: Apache-2.0
import {closeDialog} from "../../app/dialogs.ts";
import {bindings, shownKey, type KeyGroup} from "../../app/keys.ts";
import {t} from "../../i18n/index.ts";
import {Dialog} from "../../ui/Dialog.tsx";

const GROUPS: KeyGroup[] = ["move", "act", "write", "other"];

export function KeysDialog() {
	const all = bindings().filter((one) => !one.hidden);
	return (
		<Dialog title={t("keys.title")} onClose={closeDialog} wide>
			<div class="keys">
				{GROUPS.map((group) => {
					const mine = all.filter((one) => one.group === group);
					return mine.length > 0 && (
						<section key={group}>
							<h3>{t(`keys.${group}`)}</h3>
							<dl>
								{mine.map((one) => (
									<div key={one.label + one.keys[0]}>
										<dt><Shown keys={one.keys[0]!} /></dt>
										<dd>{t(one.label)}</dd>
									</div>
								))}
							</dl>
						</section>
					);
				})}
			</div>
		</Dialog>
	);
}

function Shown({keys}: {keys: string}) {
	return (
		<>
			{keys.split(" ").map((key, index) => (
				<span key={index}>
					{index > 0 && <span class="keys-then"> {t("keys.then")} </span>}
					{shownKey(key).map((part) => <kbd key={part}>{part}</kbd>)}
				</span>
			))}
		</>
	);
}
