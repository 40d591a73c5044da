// SPDX-License-Identifier: Apache-2.0
import {t} from "../i18n/index.ts";
import type {Label} from "../lib/labels.ts";

export const labelText = (label: Label): string => label.key ? t(label.key) : label.text;

export function Labels({labels}: {labels: Label[]}) {
	return <>{labels.map((label) => (
		<span key={label.keyword} class={`label hue-${label.hue}`}><bdi>{labelText(label)}</bdi></span>
	))}</>;
}
