// SPDX-License-Identifier: Apache-2.0
// The mock server's routes of src/account, as far as the settings use them. The
// password is "demo", a right code "123456".
const QR = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><path d='M1 1h3v3h-3z'/></svg>";
const CODES = ["aaaa-bbbb", "cccc-dddd", "eeee-ffff"];

const credential = (id, name, more) => ({id, name, created: "2026-03-01T09:00:00Z",
	lastUsed: "2026-03-10T09:00:00Z", address: "192.0.2.7", protocol: "imap", ...more});

export class Account {
	constructor() {
		this.sessions = [
			credential("s1", "Firefox on Linux", {kind: "browser", current: true, protocol: "http"}),
			credential("s2", "", {kind: "program", current: false, lastUsed: null})];
		this.passwords = [credential("p1", "Thunderbird")];
		this.factors = {on: false, totp: false, recovery: 0,
			passkeys: [{id: "k1", name: "Laptop", created: "2026-03-01T09:00:00Z", lastUsed: null}]};
		this.proved = false;
	}

	// [status, answer]; undefined: no such route.
	answer(method, path, body) {
		const [list, id] = path.split("/");
		const refused = [403, {status: "refused"}];
		switch (`${method} ${path}`) {
		case "GET sessions": return [200, {sessions: this.sessions}];
		case "DELETE sessions":
			this.sessions = this.sessions.filter((one) => one.current);
			return [200, {status: "ok"}];
		case "GET passwords": return [200, {passwords: this.passwords}];
		case "POST passwords":
			if (!this.proved)
				return [403, {status: "proof-needed"}];
			if (this.noPasswords)
				return [403, {status: "not-allowed"}];
			this.passwords.push(credential(`p${this.passwords.length + 1}`, body.name,
				{lastUsed: null, address: "", protocol: ""}));
			return [200, {id: "p2", password: "abcd efgh ijkl mnop"}];
		case "POST proof":
			this.proved = body.password === "demo" || body.code === "123456";
			return this.proved ? [200, {status: "ok"}] : refused;
		case "POST password":
			return body.old === "demo" ? [200, {status: "ok"}] : refused;
		case "GET factors": return [200, this.factors];
		case "POST factors/totp/begin": return [200, {secret: "JBSW Y3DP", qr: QR}];
		case "POST factors/totp/confirm":
			if (body.code !== "123456")
				return refused;
			Object.assign(this.factors, {on: true, totp: true, recovery: CODES.length});
			return [200, {recovery: CODES}];
		case "DELETE factors/totp":
			Object.assign(this.factors, {on: false, totp: false});
			return [200, {status: "ok"}];
		}
		if (method !== "DELETE" || !["sessions", "passwords"].includes(list))
			return undefined;
		this[list] = this[list].filter((one) => one.id !== id);
		return [200, {status: "ok"}];
	}
}
