// SPDX-License-Identifier: Apache-2.0
// The little of Node that the unit tests use. (All of its types would change those
// of the browser.)
declare module "node:test" {
	export function test(name: string, run: () => void | Promise<void>): void;
}
declare module "node:assert/strict" {
	interface Assert {
		(value: unknown, message?: string): asserts value;
		equal(actual: unknown, expected: unknown, message?: string): void;
		deepEqual(actual: unknown, expected: unknown, message?: string): void;
		rejects(promise: Promise<unknown>, check?: RegExp | object): Promise<void>;
	}
	const assert: Assert;
	export default assert;
}
