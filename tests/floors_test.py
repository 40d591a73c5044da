# SPDX-License-Identifier: Apache-2.0
"""The check of the includes passes for this source tree, and it finds each
kind of mistake."""

import pathlib
import subprocess
import tempfile
import unittest

CHECK = pathlib.Path(__file__).resolve().parent / "floors"


def check(files):
    """(exit code, output) for a tree of {path: text}."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run([CHECK, folder], capture_output=True, text=True)
        return done.returncode, done.stdout


class Floors(unittest.TestCase):
    def test_this_tree_has_no_mistakes(self):
        done = subprocess.run([CHECK], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_down_is_allowed(self):
        code, out = check({"imap/a.c": '#include "store/store.h"\n',
                           "server/m.c": '#include "admin/cli.h"\n'})
        self.assertEqual(code, 0, out)

    def test_planted_mistakes_are_found(self):
        for name, line in (
                ("base/a.c", '#include "wire/date.h"'),
                ("wire/a.h", '#include "store/store.h"'),
                ("store/a.c", '#include "imap/session.h"'),
                ("store/a.c", '#include "auth/auth.h"'),
                ("wire/a.c", '#include "engine/engine.h"'),
                ("imap/a.c", '#include "smtp/session.h"'),
                ("imap/a.c", '#include "net/server.h"'),
                ("imap/a.c", '#include "engine/engine.h"'),
                ("imap/a.c", "#include <sys/socket.h>"),
                ("imap/a.c", "#  include <openssl/ssl.h>"),
                ("admin/a.c", '#include "server/config.h"'),
                ("base/a.c", '#include "buf.h"'),
                ("net/a.c", "pthread_create(&thread, NULL, run, net);"),
                ("store/a.c", '#include "engine/impl.h"'),
                ("cellar/a.c", ""),
                ("imap/a.c", '#include "cellar/wine.h"')):
            with self.subTest(name=name, line=line):
                code, out = check({name: "// x\n\n%s\n" % line})
                self.assertEqual(code, 1, out)
                self.assertIn(name.split("/")[0], out)

    def test_an_empty_tree_is_a_mistake(self):
        code, _ = check({})
        self.assertEqual(code, 1)
