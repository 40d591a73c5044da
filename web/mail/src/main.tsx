// SPDX-License-Identifier: Apache-2.0
import {render} from "preact";
import "./styles/base.css";

render(<p>Roost</p>, document.getElementById("app")!);
