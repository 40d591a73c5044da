// SPDX-License-Identifier: Apache-2.0
import {t} from "../i18n/index.ts";

export function formatSize(bytes: number): string {
	const round = (n: number): number => n < 10 ? Math.round(n * 10) / 10 : Math.round(n);
	if (bytes < 1000)
		return t("size.bytes", {n: bytes});
	if (bytes < 999_500)
		return t("size.kb", {n: round(bytes / 1000)});
	if (bytes < 999_500_000)
		return t("size.mb", {n: round(bytes / 1e6)});
	return t("size.gb", {n: round(bytes / 1e9)});
}
