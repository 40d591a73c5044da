// SPDX-License-Identifier: Apache-2.0
// The text, formatted or plain. It is the browser's own editor; what is pasted is
// cleaned first, and pictures become attachments within the text. (Editors that
// undo by innerHTML cannot live with our Trusted Types.)
import type {RefObject} from "preact";
import {useEffect, useRef} from "preact/hooks";
import {t, type Key} from "../../i18n/index.ts";
import {cleanEditable, textToNodes} from "../../lib/editable.ts";
import {IconButton} from "../../ui/Button.tsx";
import type {IconName} from "../../ui/Icon.tsx";

function run(command: string, value?: string): void {
	document.execCommand(command, false, value);
}

// The nodes come to the place of the selection, or to the end.
export function insertNodes(root: HTMLElement, nodes: Node): void {
	const selection = getSelection();
	let range = selection?.rangeCount ? selection.getRangeAt(0) : undefined;
	if (!range || !root.contains(range.commonAncestorContainer)) {
		range = document.createRange();
		range.selectNodeContents(root);
		range.collapse(false);
	}
	range.deleteContents();
	const last = nodes instanceof DocumentFragment ? nodes.lastChild : nodes;
	range.insertNode(nodes);
	if (last) {
		range.setStartAfter(last);
		range.collapse(true);
		selection?.removeAllRanges();
		selection?.addRange(range);
	}
	root.dispatchEvent(new Event("input", {bubbles: true}));
}

function filesOf(data: DataTransfer | null): File[] {
	return [...data?.files ?? []];
}

export function Editor({root, begin, plain, focus, onChange, onFiles}: {
	root: RefObject<HTMLDivElement | null>;
	begin: DocumentFragment;
	plain: boolean;
	focus: boolean;
	onChange: () => void;
	onFiles: (files: File[], within: boolean) => void;
}) {
	const filled = useRef(false);
	useEffect(() => {
		const element = root.current!;
		if (!filled.current)
			element.append(begin);
		filled.current = true;
		run("defaultParagraphSeparator", "div");
		run("styleWithCSS", "false");
		if (focus) {
			element.focus();
			getSelection()?.collapse(element.firstChild ?? element, 0);
		}
	}, []);
	const paste = (event: ClipboardEvent): void => {
		const data = event.clipboardData;
		const files = filesOf(data);
		const html = data?.getData("text/html");
		event.preventDefault();
		if (files.length > 0 && !html)
			onFiles(files, true);
		else if (html && !plain)
			insertNodes(root.current!, cleanEditable(html));
		else
			run("insertText", data?.getData("text/plain") ?? "");
	};
	const drop = (event: DragEvent): void => {
		const files = filesOf(event.dataTransfer);
		if (files.length === 0)
			return;
		event.preventDefault();
		event.stopPropagation();
		onFiles(files, true);
	};
	return (
		<div ref={root} class={`editor ${plain ? "plain" : ""}`} dir="auto"
			contentEditable={plain ? "plaintext-only" : true} role="textbox"
			aria-multiline="true" aria-label={t("write.text")} spellcheck
			onInput={onChange} onPaste={paste} onDrop={drop} />
	);
}

const TOOLS: {icon: IconName; label: Key; command: string; keys?: string}[] = [
	{icon: "bold", label: "write.bold", command: "bold", keys: "Ctrl+B"},
	{icon: "italic", label: "write.italic", command: "italic", keys: "Ctrl+I"},
	{icon: "underline", label: "write.underline", command: "underline", keys: "Ctrl+U"},
	{icon: "strike", label: "write.strike", command: "strikeThrough"},
	{icon: "list", label: "write.list", command: "insertUnorderedList"},
	{icon: "listOrdered", label: "write.list.ordered", command: "insertOrderedList"},
	{icon: "quote", label: "write.quote", command: "formatBlock"},
	{icon: "clear", label: "write.clear", command: "removeFormat"},
];

export function FormatBar({root, onLink}: {
	root: RefObject<HTMLDivElement | null>; onLink: () => void;
}) {
	return (
		<div class="format-bar" role="toolbar" aria-label={t("write.format")}
			onMouseDown={(event) => event.preventDefault()}>
			{TOOLS.map(({icon, label, command, keys}) => (
				<IconButton key={command} icon={icon} label={t(label)} size={18}
					{...(keys && {keys})} onClick={() => {
						root.current?.focus();
						run(command, command === "formatBlock" ? "blockquote" : undefined);
					}} />
			))}
			<IconButton icon="link" label={t("write.link")} size={18} onClick={onLink} />
		</div>
	);
}

// A formatted text becomes a plain one, and the other way round.
export function replaceText(root: HTMLElement, text: string): void {
	root.replaceChildren(textToNodes(text));
	root.dispatchEvent(new Event("input", {bubbles: true}));
}
