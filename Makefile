# SPDX-License-Identifier: Apache-2.0
# A thin cover over Meson (Debian 12 and 13).
#
#   make packages   installs the Debian packages that a build needs
#   make            builds the release program, build/roost
#   make run        installs what is missing, builds, and runs a demonstration
#   make test       installs what is missing, builds with ASan and UBSan, and
#                   runs every test; closes with "N passed, N failed"
#   make install    DESTDIR=…, prefix=… (/usr/local)
#   make deb        a Debian package, in build-deb
#   make bench      measures Roost beside Dovecot
#   make fuzz       every fuzzer for SECONDS=60
#   make coverage   how much of the parsers the unit tests and fuzzers run
#   make lint       clang-tidy, cppcheck and gcc's -fanalyzer
#   make clean

prefix ?= /usr/local
sysconfdir ?= /etc
SECONDS ?= 60
DATA ?= data
JOBS ?= $(shell nproc)

.PHONY: all packages build run test test-build install deb bench fuzz coverage \
	lint clean sample

all: build

packages:
	@scripts/install_packages build

build/build.ninja:
	@scripts/install_packages --check build
	meson setup build --buildtype=release

build: build/build.ninja
	@ninja -C build -j $(JOBS) --quiet

run:
	@scripts/install_packages build run
	@$(MAKE) --no-print-directory build
	@exec build/roost serve --demo --data $(DATA)

build-asan/build.ninja:
	meson setup build-asan -Dtests=true -Db_sanitize=address,undefined

test-build:
	@scripts/install_packages build test
	@$(MAKE) --no-print-directory build-asan/build.ninja
	@ninja -C build-asan -j $(JOBS) --quiet

test: test-build
	@tests/prepare
	@ASAN_OPTIONS=detect_leaks=1 tests/run --unit build-asan \
		--roost build-asan/roost

install: build/build.ninja
	meson setup --reconfigure build --prefix=$(prefix) \
		--sysconfdir=$(sysconfdir) >/dev/null
	meson install -C build $(if $(DESTDIR),--destdir=$(abspath $(DESTDIR)))

deb:
	@scripts/install_packages build deb
	@scripts/deb $(JOBS)

bench: build
	@scripts/install_packages bench
	@bench/run

build-fuzz/build.ninja:
	CC=clang meson setup build-fuzz -Dfuzz=true \
		-Db_sanitize=address,undefined -Db_lundef=false

fuzz:
	@scripts/install_packages build fuzz
	@$(MAKE) --no-print-directory build-fuzz/build.ninja
	@ninja -C build-fuzz -j $(JOBS) --quiet
	@scripts/fuzz build-fuzz $(SECONDS)

build-coverage/build.ninja:
	CC=clang meson setup build-coverage -Dtests=true -Dfuzz=true \
		-Dcoverage=true -Db_lundef=false

coverage:
	@scripts/install_packages build coverage
	@$(MAKE) --no-print-directory build-coverage/build.ninja
	@ninja -C build-coverage -j $(JOBS) --quiet
	@scripts/coverage build-coverage build-fuzz/corpus

lint:
	@scripts/install_packages build lint
	@scripts/lint $(JOBS)

# packaging/roost.conf, which a test holds against the table of settings.
sample: build
	build/roost config sample > packaging/roost.conf

clean:
	rm -rf build build-asan build-coverage build-deb build-fuzz build-lint \
		build-lint-clang
