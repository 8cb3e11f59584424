# daxswitch. `make demo` and `make test` install everything they need on a bare Debian machine. Swift 6.2 or newer is
# Debian's own if the release has it; otherwise it must be there.

PREFIX ?= /usr/local
DESTDIR ?=
SBINDIR ?= $(PREFIX)/sbin
UNITDIR ?= $(PREFIX)/lib/systemd/system

SWIFT ?= swift
TOOL := .build/release/daxswitch
# Where `make lab` puts recordings of its own; they are judged and not kept.
RECORDINGS := .build/recordings
# The kernels that `make lab-kernels` builds.
SHAPES := 7.3-modular 7.3-builtin 6.12-modular 6.12-builtin
# TOMLKit imports Foundation for Data alone, which is in FoundationEssentials: without these the linker would take all of
# Foundation with ICU, four times the size.
UNUSED := Foundation FoundationInternationalization _FoundationICU CoreFoundation
# No library of the tool's lies beside it: without the option its directory would be searched for them.
RELEASE := -c release --static-swift-stdlib --disable-local-rpath \
	$(foreach library,$(UNUSED),-Xswiftc -Xfrontend -Xswiftc -disable-autolink-library -Xswiftc -Xfrontend -Xswiftc $(library))

# The C++ library is linked into the tool where its archive is there: the loader would resolve four thousand symbols of the
# shared one at each start, a third of what `--version` takes. The linker finds the archive first in a directory of its own.
ARCHIVE := $(wildcard $(shell $(dir $(realpath $(shell command -v $(SWIFT))))clang -print-file-name=libstdc++.a 2>/dev/null))
STATIC := $(CURDIR)/.build/static
RELEASE += $(if $(ARCHIVE),-Xlinker -L$(STATIC) -Xlinker --as-needed)

# Each type is made by its own function. By its name the runtime would ask for each type argument which protocols it conforms to,
# and go through all 4,800 conformances of the program for each answer: a fifth of what `status` takes.
RELEASE += -Xswiftc -Xfrontend -Xswiftc -disable-concrete-type-metadata-mangled-name-accessors
# Swift's own linker arguments export every symbol, as if the tool were a library.
RELEASE += -Xlinker --no-export-dynamic
# Functions in the order in which the usual commands first call them. What a start touches lies together, and the kernel maps
# 2 MiB less. A name that is no longer there is passed over; `make order` writes the file again.
ORDER := $(CURDIR)/Tools/function-order.txt
RELEASE += -Xswiftc -Xfrontend -Xswiftc -function-sections -Xlinker --symbol-ordering-file=$(ORDER) \
	-Xlinker --no-warn-symbol-ordering
# `make order` needs the names, and valgrind can't read the rest.
STRIP := -Xlinker -s
RELEASE += $(STRIP)
# The places that the loader has to correct as a bit map: 1 MiB less to read at each start. From glibc 2.36 on.
GLIBC := $(lastword $(shell getconf GNU_LIBC_VERSION))
RELEASE += $(if $(shell printf '2.36\n%s\n' $(GLIBC) | sort -C -V && echo newer),-Xlinker -z -Xlinker pack-relative-relocs)

# TOMLKit does not free the strings that it hands out, and the tool's own memory goes with its process.
SANITIZED := ASAN_OPTIONS=detect_leaks=0 TSAN_OPTIONS=suppressions=$(CURDIR)/Tests/Sanitize/races

# Debian's swiftlang has the module of Testing's overlay for Foundation, which no test uses, but not its library.
OVERLAY = $(dir $(realpath $(shell command -v $(SWIFT))))../lib/swift/linux/lib_Testing_Foundation.so
WITHOUT_OVERLAY := -Xswiftc -Xfrontend -Xswiftc -disable-cross-import-overlays
SUITE = $(SWIFT) test $(if $(wildcard $(OVERLAY)),,$(WITHOUT_OVERLAY))

.PHONY: all setup try suite test bench budget order bench-ready check-budget sanitize sanitize-address sanitize-thread demo lab lab-kernels lab-main lab-ready lint spelling completions \
	docs cases policies install deb test-deb rpm test-rpm test-ansible release clean

all: setup
	$(if $(ARCHIVE),@mkdir -p "$(STATIC)" && ln -sf "$(ARCHIVE)" "$(STATIC)/")
	$(SWIFT) build $(RELEASE) --product daxswitch

# What building needs: a Swift toolchain and libkmod.
setup:
	@.ci/setup

# The tool at work on recorded machines, without root, CXL memory or QEMU. A debug build: it takes a third of the time.
try: setup
	$(SWIFT) build --product daxswitch
	@Tools/try .build/debug/daxswitch

# The suite, with the release build as the tool that its tests run: what is installed, and several times as fast as a debug
# build. Of 1,400 tests only those that fail are named. Without `make`, `swift test` runs the debug build.
suite: all
	@.ci/setup test
	DAXSWITCH_TOOL=$(CURDIR)/$(TOOL) $(SUITE) --quiet

# The spelling and the suite, the budget of instructions, then the main job on real kernels in QEMU.
test: spelling suite
	$(MAKE) check-budget
	$(MAKE) lab-main

# What the tool costs beside its peers, measured here: a table, docs/performance.md and docs/scaling.svg. The figures of
# guests are those that the lab's case `bench` left, which `make lab` runs.
bench: all bench-ready
	Benchmarks/bench run

# The instructions of start-up, status and plan against Benchmarks/budget.json, and what writes that file after a change that
# is meant.
check-budget: all bench-ready
	@Benchmarks/bench check-budget

budget: all bench-ready
	Benchmarks/bench write-budget

order:
	$(MAKE) all bench-ready STRIP="-Xlinker -S"
	Benchmarks/bench write-order

bench-ready:
	@.ci/setup bench

lab-ready: all
	Tests/Lab/prepare

lab-main: lab-ready
	Tests/Lab/lab run --tool $(TOOL) --policies Policies

# Kernels of shapes that Debian does not ship, from its source; an hour of work once, then they are in the lab's cache.
lab-kernels: lab-ready
	Tests/Lab/prepare kernels
	for shape in modular builtin; do Tests/Lab/build-kernel $$shape || exit; done

# Every case, the suite under the address sanitizer, then the table of dangerous situations again: four hours.
lab: lab-kernels test-ansible sanitize-address
	Tests/Lab/lab run --group main --group persist --group findings --group restore --group hmat --group bench --tool $(TOOL) --policies Policies
	Tests/Lab/lab run --group main --group persist --group builtin --group restore --tool $(TOOL) --policies Policies $(SHAPES:%=--kernel %)
	Tests/Lab/lab walk --tool $(TOOL) $(SHAPES:%=--kernel %)
	Tests/Lab/lab safety --tool $(TOOL) --policies Policies --kernel coordinated --kernel 6.12 $(filter %-builtin,$(SHAPES:%=--kernel=%))
	Tests/Lab/lab record --kernel 6.12 --kernel coordinated --scenario partly-covered --out $(RECORDINGS)
	DAXSWITCH_EXTRA_CAPTURES=$(RECORDINGS) $(SUITE) --filter 'ReplayTests|DifferentialTests'
	DAXSWITCH_FUZZ_SECONDS=20 DAXSWITCH_EVERY_CAPTURE=1 $(SUITE) --filter 'FuzzTests|ForgedLogTests'

# A real kernel with CXL memory, where status, plan, apply and verify can be watched.
demo: lab-ready
	Tests/Lab/demo --tool $(TOOL)
	@.ci/on-this-host $(TOOL)

# The suite under the address sanitizer, then under the thread sanitizer; each is a build of its own, removed afterwards.
# A build alone takes longer than the two minutes that `make test` could spare, so `make lab` runs the first.
# Tests in which a recorded machine is / are left out by themselves: neither works without /proc of the process. Under a limit
# on the size of files the thread sanitizer does not work, and it holds back the signals that a forked child sends itself.
sanitize: sanitize-address sanitize-thread

sanitize-address sanitize-thread: sanitize-%: setup
	@.ci/setup test
	$(SANITIZED) $(SUITE) --disable-xctest --sanitize=$* --scratch-path .build/$* \
		--skip SavedPlanTests.fullDisk --skip ChildProcessTests.nohup --skip ChildProcessTests.stopped
	rm -rf .build/$*

# The format of the sources, which is also a test of the suite, and the spelling of every text.
lint: spelling
	$(SWIFT) format lint --strict --parallel -r Sources Tests Tools Package.swift Benchmarks/Functions Benchmarks/Package.swift

# What is recorded from machines is left as it is; .codespellrc names the words that only look wrong.
spelling:
	@.ci/setup lint
	git ls-files | grep -vE '^Tests/(Captures|Cases|FuzzTests/Corpus)/' | xargs codespell

# The generated files that are checked in.
completions: setup
	$(SWIFT) build --product daxswitch
	.build/debug/daxswitch --generate-completion-script bash > completions/daxswitch.bash
	.build/debug/daxswitch --generate-completion-script zsh > completions/_daxswitch
	.build/debug/daxswitch --generate-completion-script fish > completions/daxswitch.fish

docs: setup
	$(SWIFT) build --product daxswitch
	$(SWIFT) run daxswitch-docs

# The expected output of Tests/Cases, after a change that is meant: read the difference before you commit it.
cases: setup
	DAXSWITCH_WRITE_CASES=1 $(SUITE) --filter CaseTests

policies:
	Policies/embed > Sources/Policy/BuiltinPolicies.swift

# Installs what `make` has built; as root it does not build again.
install:
	@test -x $(TOOL) || { echo "run make first" >&2; exit 1; }
	install -D -m 0755 $(TOOL) "$(DESTDIR)$(SBINDIR)/daxswitch"
	install -d "$(DESTDIR)$(PREFIX)/share/daxswitch/policies"
	install -m 0644 Policies/*.toml "$(DESTDIR)$(PREFIX)/share/daxswitch/policies/"
	install -D -m 0644 completions/daxswitch.bash "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/daxswitch"
	install -D -m 0644 completions/_daxswitch "$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_daxswitch"
	install -D -m 0644 completions/daxswitch.fish "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/daxswitch.fish"
	for page in docs/man/*.[1-9]; do \
		install -D -m 0644 $$page "$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}" || exit; done
	install -d "$(DESTDIR)$(PREFIX)/share/doc/daxswitch/docs/schemas" "$(DESTDIR)$(PREFIX)/share/doc/daxswitch/Examples"
	install -m 0644 README.md LICENSE "$(DESTDIR)$(PREFIX)/share/doc/daxswitch/"
	install -m 0644 Examples/* "$(DESTDIR)$(PREFIX)/share/doc/daxswitch/Examples/"
	install -m 0644 docs/*.md docs/*.svg "$(DESTDIR)$(PREFIX)/share/doc/daxswitch/docs/"
	install -m 0644 docs/schemas/*.json "$(DESTDIR)$(PREFIX)/share/doc/daxswitch/docs/schemas/"
	install -d "$(DESTDIR)$(UNITDIR)"
	sed 's|@SBINDIR@|$(SBINDIR)|' packaging/systemd/daxswitch-apply@.service \
		> "$(DESTDIR)$(UNITDIR)/daxswitch-apply@.service"

# A Debian package of what `make` has built, in .build/deb.
deb: all
	packaging/build-deb

# The package installed, upgraded, removed and purged on Debian 12 and 13.
test-deb: deb
	packaging/test-deb

# An RPM of what `make` has built, in .build/rpm.
rpm: all
	packaging/build-rpm

# The RPM installed, upgraded and removed below a root of its own.
test-rpm: rpm
	packaging/test-rpm

# The Ansible collection against recorded machines, then over SSH against booted guests with the package installed.
test-ansible: lab-ready deb
	packaging/test-ansible $(TOOL) $$(ls -t .build/deb/daxswitch_*.deb | head -n 1)

# Checks, tests, packages and tags the version in the sources. DRY_RUN=1: the checks, and what would be done.
release:
	@DRY_RUN=$(DRY_RUN) packaging/release

clean:
	rm -rf .build
