# SPDX-License-Identifier: Apache-2.0
"""Servers whose disk fails as a test says (tests/disk/disk_fault.c)."""

import errno
import mmap
import os
import pathlib
import struct

from harness import PROJECT, RoostServer, program

# Kinds of files and kinds of calls, as in tests/disk.
LOG, TABLE, BLOB, MANIFEST, FOLDER, OTHER = 1, 2, 4, 8, 16, 32
EVERY_KIND = 63
WRITE, SYNC, READ, CHANGE = 1, 2, 4, 8
SHORT = 0  # the error of a write that writes only half
FOR_EVER = 0xffffffff


def library(name):
    """The path of a library that Meson built for tests, beside the server."""
    for build in (pathlib.Path(program()).parent, PROJECT / "build-asan"):
        path = build / "tests/disk" / ("lib%s.so" % name)
        if path.is_file():
            return str(path)
    raise AssertionError("%s is not built: make test-build" % path)


class FaultyServer(RoostServer):
    """A server with such a disk. fail() says what fails from now on."""

    def __init__(self, settings=""):
        super().__init__(settings)
        self.control = self.folder / "fault"
        self.control.write_bytes(bytes(4096))
        self.control.chmod(0o666)
        with open(self.control, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 4096)

    def environment(self):
        found = super().environment()
        found["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
        return {**found, "LD_PRELOAD": library("disk_fault"),
                "ROOST_DISK_CONTROL": str(self.control),
                "ROOST_DISK_FOLDER": str(self.data)}

    def fail(self, kinds, calls, error=errno.EIO, first=1, times=FOR_EVER,
             full=False):
        self.mend()
        struct.pack_into("=9I", self.memory, 0, 0, kinds, calls, error,
                         first, times, 0, 0, int(full))
        struct.pack_into("=I", self.memory, 0, 1)

    def mend(self):
        """The disk is well again."""
        struct.pack_into("=I", self.memory, 0, 0)
        struct.pack_into("=I", self.memory, 32, 0)

    @property
    def failed(self):
        """How many calls have failed."""
        return struct.unpack_from("=I", self.memory, 28)[0]
