# SPDX-License-Identifier: Apache-2.0
"""Maildirs as mail programs keep them. The tests read and change them while
the programs do not look."""

import os
import re

FLAGS = {"S": "\\Seen", "F": "\\Flagged", "R": "\\Answered",
         "T": "\\Deleted", "D": "\\Draft"}
counter = 0


def unix(message):
    """A message as programs keep it on disk."""
    return message.replace(b"\r\n", b"\n")


def comparable(message):
    """As on disk, and without the line mbsync adds to what it uploads."""
    return re.sub(rb"(?m)^X-TUID: .*\n", b"", unix(message))


def files(folder):
    """The paths of a folder's messages."""
    return sorted(entry.path for sub in ("cur", "new")
                  for entry in os.scandir(os.path.join(folder, sub))
                  if not entry.name.startswith("."))


def flags_of(path):
    letters = re.search(r":2,([A-Za-z]*)$", path)
    return {FLAGS[c] for c in letters[1] if c in FLAGS} if letters else set()


def read(folder):
    """[(sorted flags, comparable message)], sorted."""
    found = []
    for path in files(folder):
        with open(path, "rb") as file:
            found.append((sorted(flags_of(path)), comparable(file.read())))
    return sorted(found)


def set_flags(path, letters):
    base = re.sub(r":2,[A-Za-z]*$", "", os.path.basename(path))
    folder = os.path.dirname(os.path.dirname(path))
    target = os.path.join(folder, "cur",
                          base + ":2," + "".join(sorted(letters)))
    os.rename(path, target)
    return target


def create(folder):
    for sub in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(folder, sub), exist_ok=True)


def deliver(folder, message, letters=""):
    global counter
    counter += 1
    name = "%d.%d.localhost" % (1700000000 + counter, os.getpid())
    temporary = os.path.join(folder, "tmp", name)
    with open(temporary, "wb") as file:
        file.write(unix(message))
    os.rename(temporary, os.path.join(
        folder, "cur" if letters else "new",
        name + (":2," + letters if letters else "")))
