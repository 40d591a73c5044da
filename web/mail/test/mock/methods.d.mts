// SPDX-License-Identifier: Apache-2.0
import type {Data} from "./data.mjs";
export function answer(data: Data, request: unknown): {
	methodResponses: [[name: string, result: {ids: string[]}, id: string]];
};
