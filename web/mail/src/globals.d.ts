// SPDX-License-Identifier: Apache-2.0
// What esbuild makes of imports of files that are no scripts.
declare module "*.css";
declare module "*.woff2" {
	const url: string;
	export default url;
}
declare module "lucide/dist/esm/icons/*.mjs" {
	const shapes: [tag: string, attributes: Record<string, string>][];
	export default shapes;
}
