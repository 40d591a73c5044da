#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Verifies DKIM signatures with Debian's python3-dkim, for dkim_test.py: it runs
in Debian's Python, which has the library.

Standard input: {"records": {name: TXT}, "messages": [path]}. Standard output:
for each message a list of [selector, whether it is good, a word on why not]."""

import json
import sys

import dkim


def verify(path, records):
    with open(path, "rb") as file:
        message = file.read()
    results = []
    count = sum(name.lower() == b"dkim-signature"
                for name, _ in dkim.DKIM(message).headers)
    for n in range(count):
        verifier = dkim.DKIM(message)
        why = ""
        try:
            good = verifier.verify(
                idx=n, dnsfunc=lambda name, timeout=5: records.get(
                    name.decode().rstrip(".")))
        except Exception as error:  # the library lets others through
            good, why = False, repr(error)
        selector = (verifier.selector or b"").decode()
        results.append([selector, bool(good), why])
    return results


def main():
    asked = json.load(sys.stdin)
    records = {name: text.encode() for name, text in asked["records"].items()}
    json.dump([verify(path, records) for path in asked["messages"]],
              sys.stdout)


main()
