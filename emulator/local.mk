# SPDX-License-Identifier: BSD-2-Clause
# All but main, so that tests link it.
noinst_LTLIBRARIES += %D%/libemulator.la
%C%_libemulator_la_SOURCES = \
	%D%/answer.c \
	%D%/answer.h \
	%D%/card.c \
	%D%/card.h \
	%D%/card_atr.c \
	%D%/card_atr.h \
	%D%/card_chain.c \
	%D%/card_chain.h \
	%D%/card_cmd.c \
	%D%/card_cmd.h \
	%D%/card_t0.c \
	%D%/card_t0.h \
	%D%/card_t1.c \
	%D%/card_t1.h \
	%D%/card_text.c \
	%D%/card_text.h \
	%D%/cardman.c \
	%D%/cardos.c \
	%D%/cardos.h \
	%D%/cardos_data.c \
	%D%/cardos_file.c \
	%D%/cardos_key.c \
	%D%/cardos_load.c \
	%D%/cardos_object.c \
	%D%/cardos_sm.c \
	%D%/ccid.c \
	%D%/ccid.h \
	%D%/ccid_answer.c \
	%D%/ccid_cmd.c \
	%D%/ccid_state.h \
	%D%/ccid_xfr.c \
	%D%/conn.h \
	%D%/control.c \
	%D%/control.h \
	%D%/ctl.c \
	%D%/ctl.h \
	%D%/cyberjack.c \
	%D%/ddv.c \
	%D%/ddv.h \
	%D%/ddv_key.c \
	%D%/ddv_load.c \
	%D%/epass3000.c \
	%D%/eutron.c \
	%D%/eutron.h \
	%D%/fault.c \
	%D%/fault.h \
	%D%/iccd.c \
	%D%/iccd.h \
	%D%/ikey.c \
	%D%/ikey.h \
	%D%/iso.c \
	%D%/iso.h \
	%D%/iso_data.c \
	%D%/iso_load.c \
	%D%/iso_pin.c \
	%D%/listen.c \
	%D%/listen.h \
	%D%/loop.c \
	%D%/loop.h \
	%D%/model_ccid.c \
	%D%/model_cherry.c \
	%D%/model_token.c \
	%D%/models.c \
	%D%/models.h \
	%D%/openpgp.c \
	%D%/openpgp.h \
	%D%/openpgp_data.c \
	%D%/openpgp_key.c \
	%D%/openpgp_pin.c \
	%D%/openpgp_use.c \
	%D%/pertosmart.c \
	%D%/pertosmart.h \
	%D%/pertosmart1030.c \
	%D%/pertosmart1038.c \
	%D%/rutoken.c \
	%D%/rutoken.h \
	%D%/server.c \
	%D%/server.h \
	%D%/server_op.c \
	%D%/server_urb.c \
	%D%/token.c \
	%D%/token.h \
	%D%/token_t0.c \
	%D%/token_t0.h \
	%D%/usb.c \
	%D%/usb.h \
	%D%/usb_control.c \
	%D%/usb_control.h \
	%D%/usb_standard.c \
	%D%/usb_standard.h \
	%D%/world.c \
	%D%/world.h
# End of libemulator_la_SOURCES
nodist_%C%_libemulator_la_SOURCES = %D%/builtin.c
%C%_libemulator_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
%C%_libemulator_la_LIBADD = $(CRYPTO_LIBS)

bin_PROGRAMS += %D%/slotemu
%C%_slotemu_SOURCES = %D%/main.c
%C%_slotemu_LDADD = %D%/libemulator.la protocols/libprotocols.la base/libbase.la

# The built-in cards are the shipped ones.
%D%/builtin.c: $(dist_cards_DATA) %D%/mkbuiltin.sh
	$(AM_V_GEN)$(MKDIR_P) %D% && \
	$(SHELL) $(srcdir)/%D%/mkbuiltin.sh $(filter %.card,$^) >$@.tmp && \
	mv $@.tmp $@
CLEANFILES += %D%/builtin.c
BUILT_SOURCES += %D%/builtin.c
EXTRA_DIST += %D%/mkbuiltin.sh

cardsdir = $(datadir)/slotd/cards
dist_cards_DATA = \
	%D%/cards/cardos-m4.0.card \
	%D%/cards/cardos.card \
	%D%/cards/ddv-0.card \
	%D%/cards/ddv-1.card \
	%D%/cards/etoken.card \
	%D%/cards/fast.card \
	%D%/cards/openpgp-extended.card \
	%D%/cards/openpgp.card \
	%D%/cards/rutoken.card \
	%D%/cards/sample.card \
	%D%/cards/t0.card
# End of dist_cards_DATA
