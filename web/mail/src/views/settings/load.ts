// SPDX-License-Identifier: Apache-2.0
// What a page of the settings reads from the server, and reads again after a change.
import {useEffect, useState} from "preact/hooks";
import {AccountError} from "../../app/account.ts";
import {toastError} from "../../app/toasts.ts";

export function useLoaded<T>(load: () => Promise<T>): [T | undefined, () => void] {
	const [value, setValue] = useState<T>();
	const again = (): void => void load().then(setValue, toastError);
	useEffect(again, []);
	return [value, again];
}

// What goes wrong is told, except that the user did not want to.
export function tell(error: unknown): void {
	if (!(error instanceof AccountError && error.status === "cancelled"))
		toastError(error);
}
