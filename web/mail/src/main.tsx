// SPDX-License-Identifier: Apache-2.0
import {render} from "preact";
import {App} from "./app/App.tsx";
import {begin} from "./app/session.ts";
import {chooseLanguage, storedLanguage, useLanguage} from "./i18n/index.ts";
import "./styles/index.css";

// Both at the same time: the words, and who is logged in.
const words = useLanguage(storedLanguage() ?? chooseLanguage(navigator.languages));
void begin();
await words;
render(<App />, document.getElementById("app")!);
