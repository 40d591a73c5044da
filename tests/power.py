# SPDX-License-Identifier: Apache-2.0
"""What a power cut leaves of a folder: images made from a record of all changes
(tests/disk/disk_record.c).

Two models of a file system:

strict  POSIX and no more. A file's bytes are durable when the file was synced,
        a name when its folder was. Of everything else any part may be there, in
        any order, and a write may be torn at 512 bytes.
ext4    data=ordered, as Linux mounts ext4. Changes of names, and of lengths,
        are durable in the order in which they were made, and every sync makes
        all names durable that came before it. A file never shows bytes that
        were not written: what was appended and not synced is missing from some
        point on. What was overwritten may be old or new, by 512 bytes.
"""

import os
import pathlib
import struct

HEADER = struct.Struct("=IIQQ")
SECTOR = 512
MODELS = ("strict", "ext4")


class Entry:
    __slots__ = ("kind", "inode", "offset", "data")

    def __init__(self, kind, inode, offset, data):
        self.kind, self.inode = kind, inode
        self.offset, self.data = offset, data


def read_record(path):
    """[Entry]; kind "m" is a mark of the test."""
    raw = pathlib.Path(path).read_bytes()
    entries = []
    at = 0
    while at < len(raw):
        size, kind, inode, offset = HEADER.unpack_from(raw, at)
        at += HEADER.size
        entries.append(Entry(chr(kind), inode, offset, raw[at:at + size]))
        at += size
    return entries


class Marker:
    """Adds marks to a record, each behind all changes made until then."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_WRONLY | os.O_APPEND)

    def mark(self, text):
        data = text.encode()
        os.write(self.fd, HEADER.pack(len(data), ord("m"), 0, 0) + data)

    def close(self):
        os.close(self.fd)


class File:
    def __init__(self):
        self.durable = bytearray()
        self.pending = []  # (position in the record, Entry)


def apply(content, entry):
    if entry.kind == "t":
        if entry.offset <= len(content):
            del content[entry.offset:]
        else:
            content.extend(bytes(entry.offset - len(content)))
        return
    end = entry.offset + len(entry.data)
    if end > len(content):
        content.extend(bytes(end - len(content)))
    content[entry.offset:end] = entry.data


def torn(content, entry, chance):
    """Only some sectors of a write reach the disk."""
    at = entry.offset
    end = entry.offset + len(entry.data)
    while at < end:
        stop = min(end, (at // SECTOR + 1) * SECTOR)
        if chance.random() < 0.5:
            part = entry.data[at - entry.offset:stop - entry.offset]
            apply(content, Entry("w", 0, at, part))
        at = stop


class Disk:
    """Everything up to some entry of a record. take() goes on by one entry;
    image() tells what a power cut at this moment may leave."""

    def __init__(self, root):
        self.root = str(root)
        self.files = {}  # inode: File
        self.folders = {os.stat(root).st_ino: ""}  # inode: path
        self.names = {}  # durable. path: inode, or None for a folder
        self.pending = []  # (position, folder's inode, kind, paths, inode)
        self.begun = {}  # inode: position where its sync began
        self.forced = 0  # ext4: all names before this position are durable
        self.position = 0

    def relative(self, raw):
        path = os.path.normpath(raw.decode())
        return os.path.relpath(path, self.root)

    def folder_of(self, path):
        parent = os.path.dirname(path)
        for inode, known in self.folders.items():
            if known == parent:
                return inode
        return None

    # -- taking entries

    def take(self, entry):
        self.position += 1
        kind = entry.kind
        if kind in "wt":
            self.files.setdefault(entry.inode, File()).pending.append(
                (self.position, entry))
        elif kind == "b":
            self.begun[entry.inode] = self.position
        elif kind == "s":
            self.synced(entry.inode, self.begun.get(entry.inode, 0))
        elif kind == "c":
            self.files[entry.inode] = File()
            self.name(kind, [self.relative(entry.data)], entry.inode)
        elif kind == "l":
            self.name("c", [self.relative(entry.data)], entry.inode)
        elif kind == "d":
            path = self.relative(entry.data)
            self.folders[entry.inode] = path
            self.name(kind, [path], entry.inode)
        elif kind == "u":
            self.name(kind, [self.relative(entry.data)], 0)
        elif kind == "r":
            paths = [self.relative(p) for p in entry.data.split(b"\0")]
            self.name(kind, paths, entry.inode)

    def name(self, kind, paths, inode):
        self.pending.append((self.position, self.folder_of(paths[-1]), kind,
                             paths, inode))

    def synced(self, inode, begun):
        file = self.files.get(inode)
        if file:
            while file.pending and file.pending[0][0] < begun:
                apply(file.durable, file.pending.pop(0)[1])
        if inode in self.folders:
            left = []
            for change in self.pending:
                if change[0] < begun and change[1] == inode:
                    self.rename(self.names, change)
                else:
                    left.append(change)
            self.pending = left
        self.forced = max(self.forced, begun)

    @staticmethod
    def rename(names, change):
        _, _, kind, paths, inode = change
        if kind == "c":
            names[paths[0]] = inode
        elif kind == "d":
            names[paths[0]] = None
        elif kind == "u":
            names.pop(paths[0], None)
        else:
            names.pop(paths[0], None)
            names[paths[1]] = inode

    # -- images

    def image(self, model, chance):
        """{path: bytes, or None for a folder}."""
        names = dict(self.names)
        if model == "strict":
            keep = chance.choice((0, 0.5, 1))
            for change in self.pending:
                if chance.random() < keep:
                    self.rename(names, change)
        else:
            cut = chance.choice((0, self.position,
                                 chance.randint(0, self.position)))
            for change in self.pending:
                if change[0] < max(self.forced, cut):
                    self.rename(names, change)
        contents = {}
        for path, inode in sorted(names.items()):
            parents = [str(p) for p in pathlib.PurePath(path).parents][:-1]
            if any(p not in names for p in parents):
                continue  # its folder is not there
            contents[path] = None if inode is None else bytes(
                self.content(inode, model, chance))
        return contents

    def content(self, inode, model, chance):
        file = self.files.get(inode)
        if not file:
            return b""
        content = bytearray(file.durable)
        if model == "strict":
            keep = chance.choice((0, 0.5, 0.9, 1))
            for _, entry in file.pending:
                if chance.random() >= keep:
                    continue
                if entry.kind == "w" and chance.random() < 0.2:
                    torn(content, entry, chance)
                else:
                    apply(content, entry)
            return content
        size = len(content)
        for _, entry in file.pending:
            if entry.kind == "t" or entry.offset >= size:
                apply(content, entry)
            else:
                torn(content, entry, chance)
        # Appended bytes reach the disk page by page, and the length follows.
        if len(content) > size:
            end = chance.choice((size, len(content),
                                 chance.randint(size, len(content))))
            del content[end:]
        return content


def write_image(contents, root):
    """Makes files and folders of an image below `root`."""
    for path, content in contents.items():
        target = pathlib.Path(root) / path
        if content is None:
            target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path, content in contents.items():
        if content is not None:
            (pathlib.Path(root) / path).write_bytes(content)
