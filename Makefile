# Schakel.  `make help` lists the targets.
#
#   make demo      set up, build, and watch Jonas and Samira move on
#   make test      set up, build, and pass every test
#
# CC=gcc|clang   SAN=1 (ASan + UBSan)   V=1 (show commands)   B=DIR (build folder)

VERSION := 0.1.0
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
SAN ?= 0
variant := $(if $(filter 1,$(SAN)),san,release)-$(notdir $(CC))
B ?= build/$(variant)
PREFIX ?= /usr/local
DESTDIR ?=
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' $(1) $(2))

warnings := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes \
  -Wmissing-prototypes -Wvla -Wswitch-enum -Wundef -Wformat=2 -Werror
harden := -fstack-protector-strong -fPIE
sanflags := -fsanitize=address,undefined -fno-sanitize-recover=undefined \
  -fno-omit-frame-pointer
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 $(harden)
# Not position-independent: a process starts in two thirds of the time.
CFLAGS_san := -O1 -g1 -fstack-protector-strong -fno-pie $(sanflags)
LDFLAGS_release := -pie -Wl,-z,relro,-z,now
LDFLAGS_san := $(sanflags) -no-pie -fuse-ld=gold
mode := $(if $(filter 1,$(SAN)),san,release)
CFLAGS := $(CFLAGS_$(mode))
LDFLAGS := $(LDFLAGS_$(mode))
base := -std=c17 -I. -I$(B) $(DEFINES) -DSK_VERSION='"$(VERSION)"' $(warnings) -MMD -MP
# protocol/, policies/ and node/engine/ see no POSIX at all.
pure := $(base)
posix := $(base) -D_GNU_SOURCE

pkg = $(shell pkg-config $(1) $(2) 2>/dev/null)
msgpack := $(shell pkg-config --exists msgpack-c 2>/dev/null && echo msgpack-c || echo msgpack)
LIBS_protocol = $(call pkg,--libs,libsodium nettle $(msgpack))
LIBS_policies = $(call pkg,--libs,yaml-0.1)
LIBS_sandbox = $(call pkg,--libs,libseccomp)
LIBS_node = -llmdb $(LIBS_sandbox)
LIBS_net = $(call pkg,--libs,libczmq libzmq) $(LIBS_sandbox)
LIBS_tools = $(call pkg,--libs,jansson)
LIBS_test = -lcriterion

# As many jobs as there are processors, unless make was told how many.
jobs := $(shell nproc 2>/dev/null || echo 2)
parallel = $(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(jobs))

src = $(sort $(wildcard $(1)/*.c))
obj = $(patsubst %.c,$(B)/%.o,$(1))

protocol_o := $(call obj,$(call src,protocol))
policies_o := $(call obj,$(call src,policies))
engine_o := $(call obj,$(call src,node/engine))
node_o := $(call obj,$(call src,node))
core_o := $(call obj,$(call src,node/core))
net_o := $(call obj,$(call src,node/net))
schakel_o := $(call obj,$(call src,tools/schakel))

programs := $(B)/schakel $(B)/schakeld $(B)/schakel-net
tests_protocol := $(patsubst %.c,$(B)/%,$(wildcard tests/protocol/test_*.c))
tests_policies := $(patsubst %.c,$(B)/%,$(wildcard tests/policies/test_*.c))
tests_node := $(patsubst %.c,$(B)/%,$(wildcard tests/node/test_*.c))
tests_tools := $(patsubst %.c,$(B)/%,$(wildcard tests/tools/test_*.c))
tests_unit := $(tests_protocol) $(tests_policies) $(tests_node) $(tests_tools)
tests_system := $(sort $(wildcard tests/system/test_*.sh))
fuzzers := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

.PHONY: all help setup demo test check unit system sim ci lint format fuzz \
  fuzz-short bench bench-scale faults install clean sim-region jsonld
.SECONDARY:
all: $(programs)

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile
	@grep -hoE '^##[^#].*' Makefile | sed 's/^## /  make /'

# ---------------------------------------------------------------- compile
$(B)/protocol/%.o: protocol/%.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(pure) $(CFLAGS) -c $< -o $@
$(B)/policies/%.o: policies/%.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(pure) $(CFLAGS) -c $< -o $@
$(B)/node/engine/%.o: node/engine/%.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(pure) $(CFLAGS) -c $< -o $@
# What domain.yaml says about timers is built in.  docs/decisions/
domain_inc := node/engine/domain_yaml.inc
$(B)/$(domain_inc) build/fuzz/$(domain_inc): policies/library/domain.yaml
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)od -An -v -tx1 $< | sed 's/[0-9a-f][0-9a-f]/0x&,/g' > $@
$(B)/node/engine/timer_rules.o: $(B)/$(domain_inc)
build/fuzz/node/engine/timer_rules.o: build/fuzz/$(domain_inc)
# Tests have much to compile and little to run; what they call is watched for
# undefined behaviour, their own assertions are not.  Their memory is watched by
# calls, and a mistake inside macros has two places: a seventh less to compile.
CFLAGS_tests := -Wno-conversion -Wno-missing-prototypes \
  $(if $(filter san,$(mode)),-O0 -fno-sanitize=undefined -Wno-format-nonliteral)
CFLAGS_tests_gcc := -Wno-format-truncation -ftrack-macro-expansion=1 \
  --param asan-instrumentation-with-call-threshold=0
$(B)/tests/%.o: tests/%.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(posix) $(CFLAGS) $(CFLAGS_tests) $(if $(findstring clang,$(CC)),,$(CFLAGS_tests_gcc)) -c $< -o $@
$(B)/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(posix) $(CFLAGS) -c $< -o $@

$(B)/libsk-protocol.a: $(protocol_o)
$(B)/libsk-policies.a: $(policies_o)
$(B)/libsk-engine.a: $(engine_o)
$(B)/libsk-node.a: $(node_o)
$(B)/libsk-schakel.a: $(filter-out %/main.o,$(schakel_o))
$(B)/lib%.a:
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

protocol_a := $(B)/libsk-protocol.a
policies_a := $(B)/libsk-policies.a $(protocol_a)
node_a := $(B)/libsk-engine.a $(B)/libsk-node.a $(policies_a)
link = $(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) \
  -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(1)

$(B)/schakeld: $(core_o) $(node_a)
	$(call say,LD,$@)
	$(Q)$(call link,$(LIBS_node) $(LIBS_policies) $(LIBS_protocol))
$(B)/schakel-net: $(net_o) $(B)/libsk-node.a $(protocol_a)
	$(call say,LD,$@)
	$(Q)$(call link,$(LIBS_net) $(LIBS_protocol))
$(B)/schakel: $(schakel_o) $(policies_a)
	$(call say,LD,$@)
	$(Q)$(call link,$(LIBS_tools) $(LIBS_policies) $(LIBS_protocol))

$(tests_protocol): %: %.o $(protocol_a)
	$(call say,LD,$@)
	$(Q)$(call link,$(LIBS_protocol) $(LIBS_test))
$(tests_policies): %: %.o $(policies_a)
	$(call say,LD,$@)
	$(Q)$(call link,$(LIBS_policies) $(LIBS_protocol) $(LIBS_test))
# The transport is tested as a process, and by peers that speak raw ZeroMQ.
$(B)/tests/node/test_net: $(B)/schakel-net
$(B)/tests/node/test_daemon: $(B)/schakeld $(B)/schakel-net
$(B)/tests/node/test_net: LIBS_test += $(LIBS_net)
$(tests_node): %: %.o $(node_a)
	$(call say,LD,$@)
	$(Q)$(call link,$(LIBS_node) $(LIBS_policies) $(LIBS_protocol) $(LIBS_test))

$(tests_tools): %: %.o $(B)/libsk-schakel.a $(policies_a)
	$(call say,LD,$@)
	$(Q)$(call link,$(LIBS_tools) $(LIBS_policies) $(LIBS_protocol) $(LIBS_test))

# The simulator, with curves of its own: tests/sim/curves.h.
sim_o := $(call obj,$(call src,tests/sim))
sim_wrap := -Wl,--wrap=crypto_sign_detached \
  -Wl,--wrap=crypto_sign_verify_detached \
  -Wl,--wrap=crypto_scalarmult -Wl,--wrap=crypto_scalarmult_base
region_o := $(call obj,$(call src,tests/region)) $(B)/tests/sim/curves.o
$(B)/region: $(region_o) $(node_a)
	$(call say,LD,$@)
	$(Q)$(call link,$(sim_wrap) $(LIBS_node) $(LIBS_policies) $(LIBS_protocol))
sim_memo := -Wl,--wrap=sk_bundle_load -Wl,--wrap=sk_timer_rules_read \
  -Wl,--wrap=sk_base64_read
$(B)/sim: $(sim_o) $(node_a)
	$(call say,LD,$@)
	$(Q)$(call link,$(sim_wrap) $(sim_memo) $(LIBS_node) $(LIBS_policies) $(LIBS_protocol))

# ---------------------------------------------------------------- use and test
## demo            set up, build, and run the stories (KEEP=1, STORY=S4A)
STORY ?= S2A S0A X1
demo:
	@sh tools/dev/setup.sh demo
	@$(parallel) all
	@for story in $(STORY); do \
	  $(B)/schakel rehearse tests/scenarios/$$story.yaml \
	    $(if $(KEEP),--keep) || exit 1; \
	done

## test            set up, build, and pass every test
test:
	@sh tools/dev/setup.sh test
	@$(parallel) B=build/release-gcc CC=gcc SAN=0 all
	@$(parallel) SAN=1 all tests
	@$(parallel) B=build/release-gcc CC=gcc SAN=0 sim
	@$(MAKE) --no-print-directory SAN=1 check

tests: $(tests_unit)

## check           every test (SAN=1: with ASan and UBSan)
check: all $(tests_unit)
	@sh tools/dev/run-tests.sh $(B) $(tests_unit) -- $(tests_system)

## unit            unit tests only
unit: $(tests_unit)
	@sh tools/dev/run-tests.sh $(B) $(tests_unit)

## system          tests with real daemons only
system: all
	@sh tools/dev/run-tests.sh $(B) -- $(tests_system)

## coverage        what unit tests take of each source file (ALSO=a script)
.PHONY: coverage
coverage:
	@sh tools/dev/setup.sh test
	@$(parallel) B=build/cov CC=gcc SAN=0 LDFLAGS_release='--coverage -pie' \
	  CFLAGS_release='-O0 -g1 -fPIE --coverage -Wno-format-nonliteral' all tests
	@sh tools/dev/coverage.sh build/cov $(tests_unit:$(B)/%=build/cov/%) $(ALSO)

## sim             whole federations in bad weather: make sim SEEDS=1..10000
SEEDS ?= 1..500
sim: $(B)/sim $(B)/region
	@$(B)/sim --seeds $(SEEDS)
	@$(B)/sim --seeds 1..8 --curves
	@$(B)/region 24 > /dev/null
## sim-region      what a federation of 3 to 300 nodes costs, as a table
REGION ?= 3 10 30 100 300
sim-region:
	@$(parallel) B=build/region SAN=0 build/region/region \
	  DEFINES='-DSK_PARTNERS_MAX=320 -DSK_ORGS_MAX=320'
	@build/region/region head
	@for nodes in $(REGION); do build/region/region $$nodes || exit 1; done

## build-clang     everything compiles with clang too
build-clang:
	@$(parallel) CC=clang all tests-compiled
tests-compiled: $(tests_unit:%=%.o)

## lint            layers, purity, format (and make tidy: clang-tidy)
lint:
	@sh tools/dev/setup.sh test
	@$(parallel) all
	@sh tools/dev/check-layers.sh
	@sh tools/dev/check-tested.sh
	@sh tools/dev/check-purity.sh $(B)
	@$(MAKE) --no-print-directory check-format
	@echo "lint: clean"

sources := $(sort $(wildcard protocol/*.[ch] policies/*.[ch] node/*.[ch] \
  node/*/*.[ch] tools/schakel/*.[ch] tools/dev/*.[ch] tests/*/*.[ch]))
.PHONY: check-format tidy build-clang tests tests-compiled
check-format:
	@clang-format --dry-run -Werror $(sources)

## format          lay out every source file
format:
	@clang-format -i $(sources)

# A file is looked at again when it, a header of it, or a check changed.
tidied := $(patsubst %.o,%.tidy,$(protocol_o) $(policies_o) $(engine_o) \
  $(node_o) $(core_o) $(net_o) $(schakel_o))
tidy: $(tidied)
$(B)/%.tidy: $(B)/%.o .clang-tidy
	$(call say,TIDY,$*.c)
	$(Q)clang-tidy --quiet $*.c -- -std=c17 -I. -I$(B) \
	  $(if $(filter protocol/% policies/% node/engine/%,$*),,-D_GNU_SOURCE) \
	  >$@.log 2>&1 || { cat $@.log; exit 1; }
	@touch $@

# ---------------------------------------------------------------- fuzz
fuzz_b := build/fuzz
fuzz_pure := $(patsubst %.c,$(fuzz_b)/%.o,$(wildcard protocol/*.c policies/*.c node/engine/*.c node/store.c node/store_memory.c node/ipc.c tools/schakel/json.c tools/schakel/plain.c tools/schakel/csv.c tools/schakel/kvs.c))
fuzz_flags := -O1 -gline-tables-only -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
$(fuzz_b)/%.o: %.c
	@mkdir -p $(@D)
	$(Q)clang -std=c17 -I. -I$(fuzz_b) -MMD -MP $(if $(filter tests/% tools/% node/ipc%,$<),-D_GNU_SOURCE) -Werror=implicit-function-declaration $(fuzz_flags) -c $< -o $@
$(fuzz_b)/fuzz_%: $(fuzz_b)/tests/fuzz/fuzz_%.o $(fuzz_pure)
	$(call say,LD,$@)
	$(Q)clang -fsanitize=fuzzer,address,undefined -o $@ $^ $(LIBS_tools) $(LIBS_policies) $(LIBS_protocol)

SECS ?= 60
## fuzz            one target for a while: make fuzz T=envelope SECS=600
fuzz: $(fuzz_b)/fuzz_$(T)
	$(fuzz_b)/fuzz_$(T) -max_total_time=$(SECS) -timeout=5 -rss_limit_mb=1024 -max_len=65536 tests/fuzz/corpus/$(T)

## fuzz-short      every target for a few seconds
fuzz-short:
	@sh tools/dev/setup.sh test
	@$(parallel) $(addprefix $(fuzz_b)/,$(fuzzers))
	@sh tools/dev/fuzz-short.sh $(fuzz_b) $(fuzzers)

# ---------------------------------------------------------------- bench
$(B)/bench_decide: $(B)/tools/dev/bench_decide.o $(B)/tools/dev/bench_rules.o $(policies_a)
	$(call say,LD,$@)
	$(Q)$(call link,$(LIBS_policies) $(LIBS_protocol))
$(B)/bench_journal $(B)/bench_log: $(B)/bench_%: $(B)/tools/dev/bench_%.o $(node_a)
	$(call say,LD,$@)
	$(Q)$(call link,$(LIBS_node) $(LIBS_policies) $(LIBS_protocol))
$(B)/bench_load: $(B)/tools/dev/bench_load.o $(B)/node/core/setup.o $(node_a)
	$(call say,LD,$@)
	$(Q)$(call link,$(LIBS_node) $(LIBS_policies) $(LIBS_protocol))
$(B)/bench_scale $(B)/bench_withdraw $(B)/bench_flood: $(B)/bench_%: $(B)/tools/dev/bench_%.o $(B)/tools/schakel/client.o $(B)/tools/schakel/json.o $(protocol_a)
	$(call say,LD,$@)
	$(Q)$(call link,$(LIBS_tools) $(LIBS_protocol))
$(B)/bench_exchange: $(addprefix $(B)/tools/,dev/bench_exchange.o dev/bench_floor.o dev/bench_physics.o schakel/client.o schakel/json.o) $(node_a)
	$(call say,LD,$@)
	$(Q)$(call link,$(LIBS_tools) $(LIBS_node) $(LIBS_policies) $(LIBS_protocol) -lpthread)
$(B)/bench_nats: $(B)/tools/dev/bench_nats.o
	$(call say,LD,$@)
	$(Q)$(call link,-lnats)
$(B)/bench_rabbitmq: $(B)/tools/dev/bench_rabbitmq.o
	$(call say,LD,$@)
	$(Q)$(call link,-lrabbitmq)

## jsonld          exports read by the JSON-LD library of npm (needs a network)
jsonld:
	@sh tools/dev/setup.sh bench
	@$(parallel) all
	@sh tools/dev/jsonld.sh $(B)

## bench           speed, side by side in one run
bench:
	@sh tools/dev/setup.sh bench
	@$(parallel) all $(B)/bench_decide $(B)/bench_journal $(B)/bench_exchange $(B)/bench_nats $(B)/bench_rabbitmq $(B)/bench_flood
	@sh tools/dev/bench_policy.sh $(B)
	@sh tools/dev/bench.sh $(B)
	@sh tools/dev/bench_flood.sh $(B)

## bench-scale     many participants, entries, partners: takes long
bench-scale:
	@sh tools/dev/setup.sh bench
	@$(parallel) all $(B)/bench_load $(B)/bench_scale $(B)/bench_withdraw
	@sh tools/dev/bench_scale.sh $(B)

## faults          partners in trouble, and what others notice of it: a table
faults:
	@sh tools/dev/setup.sh test
	@$(parallel) all
	@LONG=1 sh tests/system/test_faults.sh $(B)

# ---------------------------------------------------------------- install
## install         DESTDIR= PREFIX=/usr/local
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/schakel \
	  $(DESTDIR)$(PREFIX)/share/schakel/stories \
	  $(DESTDIR)$(PREFIX)/share/doc/schakel/nl \
	  $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -m 755 $(B)/schakel $(B)/schakeld $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(B)/schakel-net $(DESTDIR)$(PREFIX)/libexec/schakel
	cp -R policies/library $(DESTDIR)$(PREFIX)/share/schakel/
	for story in $$(grep -l '^bundles: ../../policies/' tests/scenarios/*.yaml); do \
	  sed 's|^bundles: ../../policies/|bundles: ../|' $$story \
	    > $(DESTDIR)$(PREFIX)/share/schakel/stories/$$(basename $$story) || \
	    exit 1; \
	done
	install -m 644 docs/*.md README.md $(DESTDIR)$(PREFIX)/share/doc/schakel
	install -m 644 docs/nl/*.md $(DESTDIR)$(PREFIX)/share/doc/schakel/nl
	cp -R docs/decisions $(DESTDIR)$(PREFIX)/share/doc/schakel/
	sed 's|@PREFIX@|$(PREFIX)|g' tools/systemd/schakeld@.service \
	  > $(DESTDIR)$(PREFIX)/lib/systemd/system/schakeld@.service

clean:
	rm -rf build

-include $(shell find $(B) $(fuzz_b) -name '*.d' 2>/dev/null)
