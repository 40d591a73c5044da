// SPDX-License-Identifier: Apache-2.0
#include "setup/sentences.h"

struct sentence {
	const char *text;
	const char *mend;
};

// NULL: as in probe/cause.h.
// clang-format off
static const struct sentence causes[PROBE_CAUSES][SETUP_LANGUAGES] = {
    [PROBE_OK] = {{NULL,
     NULL},
     {"一切正常。",
     ""}},
    [PROBE_BAD_ADDRESS] = {{NULL,
     NULL},
     {"{detail} 不是邮箱地址。",
     "请输入完整的地址，例如 anna@example.org。"}},
    [PROBE_NO_DOMAIN] = {{NULL,
     NULL},
     {"域名 {host} 不存在。",
     "请检查地址中 @ 后面的部分有没有输错。"}},
    [PROBE_NOTHING_FOUND] = {{NULL,
     NULL},
     {"没有找到 {host} 的邮件服务器：它没有公布设置，常用的名称也都找不到。",
     "请向邮箱服务商询问服务器名称。"}},
    [PROBE_NO_NAME] = {{"DNS has no server named {host}.",
     "The administrator has to give this name an A or AAAA "
     "record in DNS."},
     {"DNS 中没有名为 {host} 的服务器。",
     "管理员需要在 DNS 中为这个名称添加 A 或 AAAA 记录。"}},
    [PROBE_NO_ADDRESS] = {{"The name {host} exists, but has no address in DNS.",
     "The administrator has to give this name an A or AAAA "
     "record in DNS."},
     {"名称 {host} 存在，但在 DNS 中没有地址。",
     "管理员需要在 DNS 中为这个名称添加 A 或 AAAA 记录。"}},
    [PROBE_PRIVATE_ADDRESS] = {{NULL,
     "The administrator has to look at the addresses of this name "
     "in DNS."},
     {"{host} 的地址是 {detail}，它属于私有网络或本机。陌生人的域名不得指向那里。",
     "管理员需要检查这个名称在 DNS 中的地址。"}},
    [PROBE_NO_DNS] = {{NULL,
     "The trouble is the server's: the administrator has to "
     "look at its DNS resolver. Your settings may be right "
     "nevertheless."},
     {"无法查询 {host} 的地址：{detail}。",
     "问题出在服务器上：管理员需要检查它的 DNS 解析器。您的设置可能并没有错。"}},
    [PROBE_REFUSED] = {{"Nothing listens at port {port} of {host}.",
     "This way is not served now. Use another of the settings, "
     "and tell the administrator."},
     {"{host} 的端口 {port} 没有程序在监听。",
     "这项服务目前没有运行。请改用另一项设置，并告知管理员。"}},
    [PROBE_SILENT] = {{NULL,
     "A firewall drops the connection. Use another of the "
     "settings, and tell the administrator."},
     {"{host} 的端口 {port} 没有应答。",
     "连接被防火墙丢弃。请改用另一项设置，并告知管理员。"}},
    [PROBE_UNREACHABLE] = {{"The server cannot reach {host}: {detail}.",
     "The administrator has to look at the server's network and "
     "at its address in DNS."},
     {"服务器无法到达 {host}：{detail}。",
     "管理员需要检查服务器的网络，以及它在 DNS 中的地址。"}},
    [PROBE_IPV6_BROKEN] = {{NULL,
     NULL},
     {"{host} 可以通过 IPv4 连接，但无法通过它的 IPv6 地址 {detail} 连接。",
     "管理员应修复服务器的 IPv6，或者删除它的 AAAA 记录：先尝试 IPv6 的邮件程序会等待很久，或者连接失败。"}},
    [PROBE_IPV4_BROKEN] = {{NULL,
     NULL},
     {"{host} 可以通过 IPv6 连接，但无法通过它的 IPv4 地址 {detail} 连接。",
     "管理员应修复服务器的 IPv4，或者删除它的 A 记录。"}},
    [PROBE_FROM_INSIDE] = {{NULL,
     "Behind a router this is usual. If your mail program does "
     "not get through either, tell the administrator: the port "
     "is not forwarded, or the address in DNS is wrong."},
     {"服务器自己无法通过地址 {detail} 连接 {host} 的端口 {port}，因此改为从内部测试。",
     "如果服务器位于路由器之后，这是正常的。如果您的邮件程序也无法连接，请告知管理员：端口没有转发，或者 DNS 中的"
     "地址有误。"}},
    [PROBE_NOT_TLS] = {{NULL,
     NULL},
     {"{host} 的端口 {port} 不是一开始就使用 TLS。",
     "请为这个端口选择 STARTTLS，或者改用 TLS 的端口。"}},
    [PROBE_NOT_STARTTLS] = {{NULL,
     NULL},
     {"{host} 的端口 {port} 要求一开始就使用 TLS，而不是 STARTTLS。",
     "请为这个端口选择 TLS（也称为 SSL/TLS），或者改用 STARTTLS 的端口。"}},
    [PROBE_NO_ENCRYPTION] = {{NULL,
     NULL},
     {"{host} 的端口 {port} 不提供加密。",
     "请改用其他端口。不要在这里发送密码：途中的任何人都能看到它。管理员需要启用 TLS。"}},
    [PROBE_STARTTLS_REFUSED] = {{NULL,
     NULL},
     {"{host} 的端口 {port} 声称支持 STARTTLS，却拒绝使用：{detail}",
     "管理员需要检查证书和日志。"}},
    [PROBE_TLS_FAILED] = {{NULL,
     NULL},
     {"无法与 {host} 的端口 {port} 建立加密连接：{detail}。",
     "服务器需要 TLS 1.2 或更高版本，以及一份可以读取的证书。"}},
    [PROBE_NO_GREETING] = {{NULL,
     NULL},
     {"{host} 的端口 {port} 接受了连接，但 {detail} 秒内没有任何回应。",
     "服务器过载或停顿了，或者监听这个端口的是别的程序。请稍后再试；管理员需要查看日志。"}},
    [PROBE_SLOW] = {{NULL,
     NULL},
     {"{host} 的端口 {port} 过了 {detail} 秒才回应。",
     "邮件程序可能会放弃等待：服务器过载，或者在等待 DNS，或者设有延迟。"}},
    [PROBE_NO_ANSWER] = {{NULL,
     NULL},
     {"{host} 的端口 {port} 回应之后，{detail} 秒内没有再应答。",
     "服务器过载或停顿了：管理员需要查看日志。"}},
    [PROBE_WRONG_PROTOCOL] = {{NULL,
     NULL},
     {"{host} 的端口 {port} 上不是 {protocol} 服务器：它说的是“{detail}”。",
     "请检查端口号。"}},
    [PROBE_TURNED_AWAY] = {{NULL,
     NULL},
     {"{host} 的端口 {port} 拒绝了连接：{detail}",
     "请稍等一会儿再试；可能是来自您的网络的连接太多，或者您的网络被阻止了。"}},
    [PROBE_HUNG_UP] = {{NULL,
     NULL},
     {"{host} 在端口 {port} 上中途断开了连接。",
     "管理员可以在日志中找到原因。"}},
    [PROBE_NONSENSE] = {{NULL,
     NULL},
     {"{host} 在端口 {port} 上的应答不符合 {protocol} 协议：“{detail}”。",
     "请检查端口号；管理员需要检查服务器。"}},
    [PROBE_EXPIRED] = {{NULL,
     NULL},
     {"{host} 的证书已于 {detail} 过期。",
     "管理员需要更新证书。如果已经更新，还需要让服务器重新读取。"}},
    [PROBE_NOT_YET] = {{NULL,
     NULL},
     {"{host} 的证书在 {detail} 之前无效。",
     "请检查服务器的时钟。"}},
    [PROBE_SELF_SIGNED] = {{NULL,
     NULL},
     {"{host} 的证书是自签名的：没有人为它作保。",
     "管理员需要从证书颁发机构（例如 Let's Encrypt）取得证书。"}},
    [PROBE_UNKNOWN_ISSUER] = {{NULL,
     NULL},
     {"{host} 的证书由 {detail} 颁发，但没有受信任的机构为它作保。",
     "服务器必须发送完整的证书链（文件通常名为 fullchain.pem）。"}},
    [PROBE_CHAIN_EXPIRED] = {{NULL,
     NULL},
     {"{host} 发送的颁发机构 {detail} 的证书已经过期。",
     "管理员需要更换所发送的证书链。"}},
    [PROBE_WRONG_NAME] = {{NULL,
     "The administrator has to get a certificate with the name "
     "{host}."},
     {"{host} 的证书属于其他名称：{detail}。",
     "管理员需要取得一份包含名称 {host} 的证书。"}},
    [PROBE_BAD_CERTIFICATE] = {{NULL,
     NULL},
     {"无法验证 {host} 的证书：{detail}。",
     "管理员需要更换证书。"}},
    [PROBE_LOGIN_NEEDS_TLS] = {{NULL,
     NULL},
     {"{host} 的端口 {port} 在没有加密时不接受密码，而那里又不提供加密。",
     "请改用其他端口；管理员需要启用 TLS。"}},
    [PROBE_NO_LOGIN] = {{NULL,
     NULL},
     {"{host} 的端口 {port} 不能登录。",
     "发信请使用端口 465 或 587：端口 25 供服务器之间使用。"}},
    [PROBE_NO_MECHANISM] = {{NULL,
     NULL},
     {"{host} 的端口 {port} 不接受密码，只接受：{detail}。",
     "您的邮件程序必须用其他方式登录；服务商也许可以提供应用专用密码。"}},
    [PROBE_WITHHELD] = {{NULL,
     "The administrator has to mend the certificate first."},
     {"没有把密码发送给 {host}，因为不能确定谁会收到它。",
     "管理员需要先修复证书。"}},
    [PROBE_NOT_VOUCHED] = {{NULL,
     "Ask the administrator whether this name is right."},
     {"不能确定 {host} 是您的服务商的服务器："
     "它是由 {detail} 给出的，途中的任何人都能改动这个信息。没有向它发送密码。",
     "请向管理员确认这个名称是否正确。"}},
    [PROBE_WRONG_PASSWORD] = {{"The address or the password is wrong.",
     "Type both again. Capital and small letters are different."},
     {"地址或密码不正确。",
     "请重新输入地址和密码，注意区分大小写。"}},
    [PROBE_DISABLED] = {{"The password is right, but the account is disabled.",
     "Ask the administrator."},
     {"密码正确，但这个账户已被停用。",
     "请联系管理员。"}},
    [PROBE_LIMITED] = {{"There were too many wrong log-ins, so no password is "
     "checked for a while.",
     "Wait a quarter of an hour. Then check every device that "
     "uses an old password."},
     {"错误的登录次数太多，暂时不再检查密码。",
     "请等待十五分钟，然后检查每一台还在使用旧密码的设备。"}},
    [PROBE_LOGIN_TROUBLE] = {{"The server cannot check passwords now. {detail}",
     "The trouble is the server's. Try again later; if it "
     "stays, tell the administrator."},
     {"服务器目前无法检查密码。{detail}",
     "问题出在服务器上。请稍后再试；如果仍然如此，请告知管理员。"}},
    [PROBE_FALSE_SERVER] = {{NULL,
     NULL},
     {"{host} 无法证明它知道这个密码。",
     "不要把密码发送到那里：可能有别人冒充它应答。"}},
    [PROBE_NO_MAILBOX] = {{"You are logged in, but the inbox cannot be opened: "
     "{detail}",
     "Tell the administrator."},
     {"登录成功，但无法打开收件箱：{detail}",
     "请告知管理员。"}},
    [PROBE_SENDER_REFUSED] = {{"You are logged in, but may not send as this address: "
     "{detail}",
     "Check the address. It has to belong to the user who logs "
     "in."},
     {"登录成功，但不能以这个地址发信：{detail}",
     "请检查地址：它必须属于登录的用户。"}},
    [PROBE_TIME_OVER] = {{"There was no time left to try port {port} of {host}.",
     "Try again."},
     {"没有时间尝试 {host} 的端口 {port}。",
     "请再试一次。"}},
    [PROBE_STOPPED] = {{NULL,
     NULL},
     {"测试被中止了。",
     "请再试一次。"}},
};

static const char *const stages[][SETUP_LANGUAGES] = {
    [PROBE_RESOLVE] = {"The name {host} leads to {detail}.",
     "名称 {host} 指向 {detail}。"},
    [PROBE_CONNECT] = {"The server is reached (at {detail}).",
     "已连接到服务器（{detail}）。"},
    [PROBE_ENCRYPT] = {"The connection is encrypted.",
     "连接已加密。"},
    [PROBE_GREETING] = {"The {protocol} server answers.",
     "{protocol} 服务器有应答。"},
    [PROBE_OFFER] = {"The server says what it can do.",
     "服务器说明了它的功能。"},
    [PROBE_CERTIFICATE] = {"The certificate is valid for {host}.",
     "证书有效，适用于 {host}。"},
    [PROBE_LOGIN] = {"You can log in.",
     "可以登录。"},
    [PROBE_DONE] = {"Everything was tried.",
     "全部测试完毕。"},
};

static const char *const uses[PROBE_PROTOCOLS][SETUP_LANGUAGES] = {
    [PROBE_IMAP] = {"The inbox can be opened.",
     "可以打开收件箱。"},
    [PROBE_POP3] = {"The inbox can be opened.",
     "可以打开收件箱。"},
    [PROBE_SMTP] = {"The server lets you send as this address.",
     "服务器允许您以这个地址发信。"},
};

static const char *const verdicts[SETUP_VERDICTS][SETUP_LANGUAGES] = {
    [SETUP_VERDICT_GOOD] = {"Everything works.",
     "一切正常。"},
    [SETUP_VERDICT_DOUBT] = {"Everything works, with a note.",
     "一切正常，但有需要注意的地方。"},
    [SETUP_VERDICT_FAULT] = {"Something does not work.",
     "有些地方不正常。"},
    [SETUP_VERDICT_RIGHT_PASSWORD] = {"Address and password are right.",
     "地址和密码正确。"},
    [SETUP_VERDICT_BUSY] = {"Other tests are under way. Try again in a minute.",
     "正在进行其他测试，请一分钟后再试。"},
};
// clang-format on

void setup_sentence(enum setup_language language, enum probe_cause cause,
    const struct probe_words *words, struct buf *out)
{
	const char *text = causes[cause][language].text;
	if (text)
		probe_fill(text, words, out);
	else
		probe_cause_sentence(cause, words, out);
}

void setup_mend(enum setup_language language, enum probe_cause cause,
    const struct probe_words *words, struct buf *out)
{
	const char *text = causes[cause][language].mend;
	if (text)
		probe_fill(text, words, out);
	else
		probe_cause_mend(cause, words, out);
}

void setup_stage_sentence(enum setup_language language,
    enum probe_protocol protocol, enum probe_stage stage,
    const struct probe_words *words, struct buf *out)
{
	const char *text = stage == PROBE_USE ? uses[protocol][language]
					      : stages[stage][language];
	probe_fill(text, words, out);
}

const char *setup_verdict_sentence(
    enum setup_language language, enum setup_verdict verdict)
{
	return verdicts[verdict][language];
}
