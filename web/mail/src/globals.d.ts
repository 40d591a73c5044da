// SPDX-License-Identifier: Apache-2.0
// What esbuild makes of imports of files that are no scripts.
declare module "*.css";
declare module "*.woff2" {
	const url: string;
	export default url;
}
