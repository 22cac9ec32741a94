# The only build entry. `make help` lists what it does. Sources and tests are found by wildcard.
# Variables: CC, CFLAGS, PREFIX, DESTDIR, V=1 (show commands), SAN=address|thread (build with a sanitizer).

PREFIX  ?= /usr/local
LIBDIR  ?= $(PREFIX)/lib
BINDIR  ?= $(PREFIX)/bin
INCDIR  ?= $(PREFIX)/include
MANDIR  ?= $(PREFIX)/share/man
CFLAGS  ?= -O2 -g
V       ?= 0
SHELL   := /bin/bash

header   := include/custmine/base.h
major    := $(shell sed -n 's/^\#define CM_VERSION_MAJOR //p' $(header))
minor    := $(shell sed -n 's/^\#define CM_VERSION_MINOR //p' $(header))
patch    := $(shell sed -n 's/^\#define CM_VERSION_PATCH //p' $(header))
version  := $(major).$(minor).$(patch)

san_address := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
san_thread  := -fsanitize=thread
san_fuzzer  := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
sanitize    := $(san_$(SAN))

warnings := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes $(WERROR)
cflags   := -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE $(warnings) -ffp-contract=off -fvisibility=hidden -fPIC \
            -Iinclude -Ilib $(CPPFLAGS) $(CFLAGS) $(sanitize)
ifneq ($(findstring -m32,$(CFLAGS)),)
cflags   += -msse2 -mfpmath=sse
endif
ldlibs   := -lcsv -lz -lpthread -lm
ldflags  := $(LDFLAGS) $(sanitize)

# One folder of objects a configuration, so that none is mixed with another.
conf     := $(shell printf '%s' '$(CC) $(cflags) $(ldflags)' | cksum | cut -d' ' -f1)
out      := build/$(conf)
ifeq ($(V),0)
quiet = @printf '  %-5s %s\n' $(1) $@;
endif

lib_sources := $(sort $(wildcard lib/*/*.c lib/*/*/*.c))
lib_objects := $(lib_sources:%.c=$(out)/%.o)
cmd_sources := $(sort $(wildcard examples/custmine/*.c))
cmd_objects := $(cmd_sources:%.c=$(out)/%.o)
examples    := $(patsubst examples/%.c,$(out)/%,$(sort $(wildcard examples/*.c)))
unit_sources := $(sort $(wildcard tests/unit/*.c))
unit_objects := $(unit_sources:%.c=$(out)/%.o)
oom_sources := $(sort $(wildcard tests/oom/*.c))
oom_objects := $(oom_sources:%.c=$(out)/%.o)
fuzzers     := $(patsubst tests/fuzz/%.c,$(out)/tests/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
abi_tests   := $(patsubst tests/abi/%.c,$(out)/tests/abi/%,$(sort $(wildcard tests/abi/*.c)))
bench_programs := $(patsubst tests/bench/%.c,$(out)/tests/bench/%,$(sort $(wildcard tests/bench/*.c)))
bench_objects := $(patsubst %.c,$(out)/%.o,$(sort $(wildcard tests/bench/support/*.c)))
sentences   := $(sort $(wildcard lib/*/sentences.def lib/*/*/sentences.def))

shared   := $(out)/libcustmine.so.$(version)
soname   := libcustmine.so.$(major)
static   := $(out)/libcustmine.a
command  := $(out)/custmine

.PHONY: all demo truth check build-unit check-unit check-cli check-oom check-abi check-fuzz check-bindings bench install uninstall \
        clean asan tsan fuzz nightly where help
.SECONDARY:

all: $(shared) $(static) $(command) $(examples) ## the library, shared and static, and the command
	@ln -sfn $(conf) build/current # the configuration built last, for people

help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'

$(out)/generated/sentences_all.h: $(sentences) Makefile
	@mkdir -p $(@D)
	@for f in $(sentences); do echo "#include \"$${f#lib/}\""; done > $@

$(out)/lib/base/status.o: $(out)/generated/sentences_all.h

$(out)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(cflags) $(part_flags) -I$(out)/generated -MMD -MP -c $< -o $@

$(static): $(lib_objects)
	$(call quiet,AR)rm -f $@ && $(AR) rcs $@ $^

$(shared): $(lib_objects) lib/custmine.map
	$(call quiet,LD)$(CC) -shared -Wl,-soname,$(soname) -Wl,--version-script=lib/custmine.map -Wl,--no-undefined \
	  $(ldflags) -o $@ $(lib_objects) $(ldlibs)
	@ln -sf $(notdir $@) $(out)/$(soname) && ln -sf $(notdir $@) $(out)/libcustmine.so

# The command and the examples know the public header alone, and are linked as a user would.
$(out)/examples/%.o: part_flags := -Ilib/none
$(command): $(cmd_objects) $(shared)
	$(call quiet,LD)$(CC) $(ldflags) -o $@ $(cmd_objects) -L$(out) -lcustmine -Wl,-rpath,'$$ORIGIN' -lm

$(out)/%: $(out)/examples/%.o $(shared)
	$(call quiet,LD)$(CC) $(ldflags) -o $@ $< -L$(out) -lcustmine -Wl,-rpath,'$$ORIGIN' -lm

check_flags = $(shell pkg-config --cflags check)
check_libs  = $(shell pkg-config --libs check)
$(out)/tests/unit/%.o: part_flags = -Itests -include tests/unit/quick_check.h $(check_flags) -Wno-shadow -Wno-conversion -Wno-missing-prototypes
$(out)/tests/oom/%.o: part_flags = -Itests
$(out)/test_unit: $(unit_objects) $(static)
	$(call quiet,LD)$(CC) $(ldflags) -o $@ $(unit_objects) $(static) $(check_libs) $(ldlibs)
$(out)/test_oom: $(oom_objects) $(static)
	$(call quiet,LD)$(CC) $(ldflags) -o $@ $(oom_objects) $(static) $(ldlibs)

# Each tests/unit/test_NAME.c defines `Suite *test_NAME(void)`; main.c runs them all.
$(out)/generated/suites.h: $(unit_sources) Makefile
	@mkdir -p $(@D)
	@for f in $(filter tests/unit/test_%,$(unit_sources)); do echo "SUITE($$(basename $${f%.c}))"; done > $@
$(out)/tests/unit/main.o: $(out)/generated/suites.h

check: check-unit check-abi check-cli check-oom check-fuzz check-bindings ## all tests that need nothing but the packages of the README
	@echo "make check: all passed"

build-unit: $(out)/test_unit ## the program of the unit tests alone

check-unit: all $(out)/test_unit ## unit tests; CK_RUN_SUITE=name runs one suite
	@tests/unit/run.sh $(out)/test_unit $(CK_RUN_SUITE)

# The ABI tests look at the library as it is shipped, so not with a sanitizer.
check-abi: all $(abi_tests) ## symbols, layouts, constants and headers against the committed lists; an installation
ifeq ($(SAN),)
	@tests/abi/run.sh $(out) $(CC)
	@tests/abi/readme_example.sh $(out) $(CC)
else
	@echo "skipped: check-abi (a sanitizer adds symbols of its own)"
endif

check-cli: all ## the command against its golden outputs
	@tests/cli/run.sh $(out)

check-oom: $(out)/test_oom ## every allocation fails once, and from then on
	@$(out)/test_oom $(OOM_ARGS)

check-fuzz: $(fuzzers) ## the fuzz targets over their committed inputs
	@for f in $(fuzzers); do $$f tests/fuzz/corpus/$${f##*/fuzz_} || exit 1; done

check-bindings: all ## Python and Lua, as far as they are installed
	@tests/bindings/run.sh $(out)

$(out)/tests/abi/%: $(out)/tests/abi/%.o $(shared)
	$(call quiet,LD)$(CC) $(ldflags) -o $@ $< -L$(out) -lcustmine -Wl,-rpath,'$$ORIGIN/../..'

# Fuzz targets: with a driver that replays files; under `make fuzz` with libFuzzer.
$(out)/tests/fuzz/fuzz_%: $(out)/tests/fuzz/fuzz_%.o $(out)/tests/fuzz/driver.o $(static)
	$(call quiet,LD)$(CC) $(ldflags) -o $@ $< $(out)/tests/fuzz/driver.o $(static) $(ldlibs)

FUZZ_SECONDS ?= 60
fuzz: ## libFuzzer over every target for FUZZ_SECONDS each (needs clang)
	@$(MAKE) CC=clang SAN=fuzzer CFLAGS="-O1 -g" fuzz-run

# The kernels take minutes to compile so, and no fuzz target comes near them.
ifeq ($(SAN),fuzzer)
$(out)/lib/model/kmeans/filter_%.o: part_flags := -fno-sanitize=all
endif

.PHONY: fuzz-run
fuzz-run: $(static) $(patsubst tests/fuzz/%.c,$(out)/tests/fuzz/%.o,$(wildcard tests/fuzz/fuzz_*.c))
	@for f in $(basename $(notdir $(wildcard tests/fuzz/fuzz_*.c))); do \
	  clang -fsanitize=fuzzer,address,undefined -o $(out)/$$f $(out)/tests/fuzz/$$f.o $(static) $(ldlibs) && \
	  mkdir -p $(out)/found/$$f && \
	  $(out)/$$f -max_total_time=$(FUZZ_SECONDS) -timeout=20 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
	    -artifact_prefix=$(out)/found/ $(out)/found/$$f tests/fuzz/corpus/$${f#fuzz_} > $(out)/$$f.log 2>&1; \
	  status=$$?; tail -8 $(out)/$$f.log; [ $$status = 0 ] || exit 1; done

asan: ## make check with AddressSanitizer and UndefinedBehaviorSanitizer
	@$(MAKE) SAN=address CFLAGS="-O1 -g" check

tsan: ## unit tests with ThreadSanitizer
	@$(MAKE) SAN=thread CFLAGS="-O1 -g" check-unit

demo: all ## the main job on a generated shop
	@mkdir -p build/demo
	@$(out)/generate > build/demo/sales.csv
	@$(command) demo build/demo/sales.csv

$(out)/tests/bench/%: $(out)/tests/bench/%.o $(bench_objects) $(shared)
	$(call quiet,LD)$(CC) $(ldflags) -o $@ $< $(bench_objects) -L$(out) -lcustmine -lz -Wl,-rpath,'$$ORIGIN/../..' -lm

truth: all ## published figures beside ours
	@tests/truth.sh $(out)

bench: all $(bench_programs) ## speed beside the peers; BENCH="load kmeans/n2m*" picks workloads and cases, tests/bench/run.py says more
	@python3 tests/bench/run.py $(out) $(BENCH)

nightly: ## what takes longer: long fuzzing, valgrind, other architectures, coverage
	@tests/nightly.sh

install: all ## into PREFIX (and DESTDIR)
	install -d $(DESTDIR)$(INCDIR)/custmine $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(BINDIR)
	install -m 644 include/custmine.h $(DESTDIR)$(INCDIR)/
	install -m 644 include/custmine/*.h $(DESTDIR)$(INCDIR)/custmine/
	install -m 755 $(shared) $(DESTDIR)$(LIBDIR)/
	ln -sf $(notdir $(shared)) $(DESTDIR)$(LIBDIR)/$(soname)
	ln -sf $(notdir $(shared)) $(DESTDIR)$(LIBDIR)/libcustmine.so
	install -m 644 $(static) $(DESTDIR)$(LIBDIR)/
	sed -e 's|@PREFIX@|$(PREFIX)|;s|@LIBDIR@|$(LIBDIR)|;s|@INCDIR@|$(INCDIR)|;s|@VERSION@|$(version)|' \
	  pkgconfig/custmine.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/custmine.pc
	chmod 644 $(DESTDIR)$(LIBDIR)/pkgconfig/custmine.pc
	$(CC) $(ldflags) -o $(DESTDIR)$(BINDIR)/custmine $(cmd_objects) -L$(out) -lcustmine -Wl,-rpath,'$(LIBDIR)' -lm

uninstall: ## takes away what install put there
	rm -f $(DESTDIR)$(INCDIR)/custmine.h $(DESTDIR)$(INCDIR)/custmine/*.h $(DESTDIR)$(LIBDIR)/libcustmine.a \
	  $(DESTDIR)$(LIBDIR)/libcustmine.so $(DESTDIR)$(LIBDIR)/$(soname) $(DESTDIR)$(LIBDIR)/$(notdir $(shared)) \
	  $(DESTDIR)$(LIBDIR)/pkgconfig/custmine.pc $(DESTDIR)$(BINDIR)/custmine
	-rmdir $(DESTDIR)$(INCDIR)/custmine

clean: ## removes all that was built
	rm -rf build

where: ## prints the folder of the objects of this configuration
	@echo $(out)

-include $(shell find build -name '*.d' 2>/dev/null)
