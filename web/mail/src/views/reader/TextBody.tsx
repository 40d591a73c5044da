// SPDX-License-Identifier: Apache-2.0
// Plain text: links can be followed, quotes are folded.
import {composeMailto} from "../../app/compose.ts";
import {t} from "../../i18n/index.ts";
import {isRightToLeft, linkSpans, textBlocks, type TextBlock} from "../../lib/text.ts";

const SHORT = 8; // lines of a quote that is shown between answers

export function TextBody({text}: {text: string}) {
	return (
		<div class="text-body" dir={isRightToLeft(text) ? "rtl" : "auto"}>
			<Blocks blocks={textBlocks(text)} />
		</div>
	);
}

function Blocks({blocks}: {blocks: TextBlock[]}) {
	return <>{blocks.map((block, index) => {
		switch (block.kind) {
		case "text":
			return <Lines key={index} lines={block.lines} name="text-lines" />;
		case "signature":
			return <Lines key={index} lines={block.lines} name="text-lines text-signature" />;
		case "quote":
			return <Quote key={index} block={block}
				shown={block.lines <= SHORT && blocks.slice(index + 1).some(hasText)} />;
		}
	})}</>;
}

function hasText(block: TextBlock): boolean {
	return block.kind === "text" && block.lines.some((line) => line.trim() !== "");
}

function Quote({block, shown}: {block: TextBlock & {kind: "quote"}; shown: boolean}) {
	const quote = <blockquote><Blocks blocks={block.blocks} /></blockquote>;
	return shown ? quote : (
		<details class="quoted">
			<summary aria-label={t("read.quoted")} title={t("read.quoted")}>•••</summary>
			{quote}
		</details>
	);
}

function Lines({lines, name}: {lines: string[]; name: string}) {
	return (
		<div class={name}>
			{lines.map((line, index) => (
				<span key={index}>
					{linkSpans(line).map((span, at) => "url" in span
						? <Link key={at} url={span.url} text={span.text} />
						: span.text)}
					{"\n"}
				</span>
			))}
		</div>
	);
}

function Link({url, text}: {url: string; text: string}) {
	return (
		<a href={url} target="_blank" rel="noopener noreferrer nofollow" onClick={(event) => {
			if (url.startsWith("mailto:")) {
				event.preventDefault();
				composeMailto(url);
			}
		}}>{text}</a>
	);
}
