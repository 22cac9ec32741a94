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
sentences   := $(sort $(wildcard lib/*/sentences.def lib/*/*/sentences.def))

shared   := $(out)/libcustmine.so.$(version)
soname   := libcustmine.so.$(major)
static   := $(out)/libcustmine.a
command  := $(out)/custmine

.PHONY: all demo check check-unit check-cli check-oom check-abi check-fuzz check-bindings check-examples bench install uninstall \
        clean asan tsan fuzz nightly where help
.SECONDARY:

all: $(shared) $(static) $(command) $(examples) build/current ## the library, shared and static, and the command

# build/current points to the newest configuration built; tests and people find the command there.
build/current: $(shared) $(command)
	@ln -sfn $(conf) build/current

help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | column -t -s '|'

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
$(out)/tests/unit/%.o: part_flags = -Itests $(check_flags) -Wno-shadow -Wno-conversion
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

check-unit: $(out)/test_unit ## unit tests; CK_RUN_SUITE=name runs one suite
	@$(out)/test_unit

clean: ## removes all that was built
	rm -rf build

-include $(shell find build -name '*.d' 2>/dev/null)

where: ## prints the folder of the objects of this configuration
	@echo $(out)
