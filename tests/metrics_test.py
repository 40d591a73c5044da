# SPDX-License-Identifier: Apache-2.0
"""What the running server counts, as Prometheus reads it (docs/monitoring.md).
Debian's promtool reads it, too."""

import http.client
import json
import re
import subprocess
import unittest

import mail
from harness import PROJECT, TIMEOUT, free_port, only_roost, wait_until
from imap_client import ImapError
from post import PostTest

SAMPLE = re.compile(r"([a-z_]+)(?:\{([a-z]+)=\"([^\"]*)\"\})? ([0-9.]+)")


def metrics(server):
    """{(name, label's value or None): number}."""
    found = {}
    for line in server.roost("metrics").splitlines():
        if line.startswith("#"):
            continue
        name, _, value, number = SAMPLE.fullmatch(line).groups()
        if name.endswith("_bucket"):
            continue
        found[name, value] = float(number)
    return found


def get(port, path, **fields):
    """(status, type, body) of a plain HTTP request."""
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    c.request("GET", path, headers=fields)
    answer = c.getresponse()
    body = answer.read().decode()
    c.close()
    return answer.status, answer.getheader("Content-Type"), body


@only_roost
class ListenerTest(PostTest):
    """metrics_port."""

    port = free_port()
    settings = "metrics_port = %d\n" % port

    def test_both_forms_are_served(self):
        status, kind, text = get(self.port, "/metrics")
        self.assertEqual((status, kind), (
            200, "text/plain; version=0.0.4; charset=utf-8"))
        self.assertIn("# TYPE roost_logins_total counter\n", text)
        status, kind, text = get(
            self.port, "/metrics",
            Accept="application/openmetrics-text;version=1.0.0,text/plain")
        self.assertEqual((status, kind), (
            200,
            "application/openmetrics-text; version=1.0.0; charset=utf-8"))
        self.assertIn("# TYPE roost_logins counter\n", text)
        self.assertTrue(text.endswith("# EOF\n"), text[-100:])
        self.assertEqual(get(self.port, "/healthz")[2], "ready\n")
        wait_until(
            lambda: metrics(self.server)[
                "roost_commands_total", "metrics"] >= 2,
            "both requests are counted")
        # Nothing else is served there, whatever the name of the host.
        self.assertEqual(get(self.port, "/")[0], 421)

    def test_prometheus_scrapes_it(self):
        port = free_port()
        config = self.work / "prometheus.yml"
        config.write_text(
            "scrape_configs:\n"
            "- job_name: roost\n"
            "  scrape_interval: 1s\n"
            "  static_configs: [{targets: ['127.0.0.1:%d']}]\n" % self.port)
        prometheus = subprocess.Popen(
            ["prometheus", "--config.file", config, "--storage.tsdb.path",
             self.work / "prometheus", "--web.listen-address",
             "127.0.0.1:%d" % port],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def asked():
            try:
                body = get(port, "/api/v1/query?query=up")[2]
                found = json.loads(body)["data"]["result"]
            except (OSError, ValueError, KeyError):
                return None
            return found and found[0]["value"][1] == "1"
        try:
            wait_until(asked, "Prometheus has scraped")
            said = json.loads(get(
                port, "/api/v1/query?query=roost_commit_seconds_count")[2])
            self.assertGreater(
                int(said["data"]["result"][0]["value"][1]), 0)
        finally:
            prometheus.terminate()
            prometheus.wait(TIMEOUT)


@only_roost
class MetricsTest(PostTest):
    def grown(self, before, name, label=None):
        return metrics(self.server)[name, label] - before[name, label]

    def test_promtool_finds_nothing(self):
        said = subprocess.run(
            ["promtool", "check", "metrics"], input=self.server.roost(
                "metrics").encode(), capture_output=True)
        self.assertEqual((said.returncode, said.stdout, said.stderr),
                         (0, b"", b""))

    def test_what_is_done_is_counted(self):
        before = metrics(self.server)
        c = self.connect()
        c.command("NOOP")
        with self.assertRaises(ImapError):
            self.connect(password="not the password")
        with self.assertRaises(ImapError):
            self.connect(user="nobody-" + self.user)
        self.mx().message("ann@example.org", [self.address], mail.simple(1))
        self.assertEqual(self.grown(before, "roost_sessions_total", "imap"), 3)
        # Three LOGINs and a NOOP.
        self.assertEqual(self.grown(before, "roost_commands_total", "imap"), 4)
        self.assertEqual(self.grown(before, "roost_sessions_total", "smtp"), 1)
        self.assertGreaterEqual(
            self.grown(before, "roost_commands_total", "smtp"), 4)
        self.assertEqual(self.grown(before, "roost_logins_total"), 1)
        for cause in ("wrong-password", "unknown-user"):
            self.assertEqual(self.grown(
                before, "roost_login_failures_total", cause), 1, cause)
        self.assertEqual(
            self.grown(before, "roost_deliveries_total", "delivered"), 1)
        self.assertGreaterEqual(
            self.grown(before, "roost_commit_seconds_count"), 2)
        self.assertGreater(
            metrics(self.server)["process_cpu_seconds_total", None], 0)

    def test_certificates_end_some_day(self):
        seconds = [number for (name, _), number in
                   metrics(self.server).items()
                   if name == "roost_certificate_seconds"]
        self.assertGreater(len(seconds), 0)
        self.assertGreater(min(seconds), 86400)

    def test_each_is_in_the_documents(self):
        said = (PROJECT / "docs/monitoring.md").read_text()
        names = set(re.findall(r"(?m)^# TYPE (\S+)",
                               self.server.roost("metrics")))
        self.assertEqual(names, set(re.findall(
            r"`((?:roost|process)_[a-z_]+)`", said)))

    def test_the_dashboard_asks_for_what_there_is(self):
        asked = set(re.findall(
            r"\b((?:roost|process)_[a-z_]+)",
            (PROJECT / "packaging/grafana/roost.json").read_text()))
        names = {name for name, _ in metrics(self.server)}
        names.add("roost_commit_seconds_bucket")
        self.assertEqual(asked - names, set())
        self.assertGreater(len(asked), 15)


if __name__ == "__main__":
    unittest.main()
