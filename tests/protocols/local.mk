# SPDX-License-Identifier: BSD-2-Clause
protocols_tests = \
	%D%/test_apdu \
	%D%/test_atr \
	%D%/test_atr_text \
	%D%/test_ccid_chain \
	%D%/test_ccid_desc \
	%D%/test_ccid_exchange \
	%D%/test_ccid_msg \
	%D%/test_ccid_params \
	%D%/test_ccid_plan \
	%D%/test_ccid_quirks \
	%D%/test_ccid_readers \
	%D%/test_channel \
	%D%/test_conf \
	%D%/test_cyberjack \
	%D%/test_device \
	%D%/test_escape \
	%D%/test_frame \
	%D%/test_iccd \
	%D%/test_ctbcs \
	%D%/test_ids \
	%D%/test_openct_wire \
	%D%/test_pcsc_names \
	%D%/test_pcsc_part10 \
	%D%/test_pcsc_wire \
	%D%/test_pps \
	%D%/test_rutoken \
	%D%/test_sw \
	%D%/test_t0 \
	%D%/test_t0_char \
	%D%/test_script \
	%D%/test_settings \
	%D%/test_t1 \
	%D%/test_t1_block \
	%D%/test_t1_faults \
	%D%/test_t1_talks \
	%D%/test_tlv \
	%D%/test_usb_desc \
	%D%/test_usbip \
	%D%/test_vpcd
# End of protocols_tests
check_PROGRAMS += $(protocols_tests)
TESTS += $(protocols_tests)

%C%_test_apdu_CFLAGS = $(UNIT_CFLAGS)
%C%_test_apdu_LDADD = $(UNIT_LDADD)
%C%_test_atr_CFLAGS = $(UNIT_CFLAGS)
%C%_test_atr_LDADD = $(UNIT_LDADD)
%C%_test_atr_text_CFLAGS = $(UNIT_CFLAGS)
%C%_test_atr_text_LDADD = $(UNIT_LDADD)
%C%_test_channel_CFLAGS = $(UNIT_CFLAGS)
%C%_test_channel_LDADD = $(UNIT_LDADD)
%C%_test_conf_CFLAGS = $(UNIT_CFLAGS)
%C%_test_conf_LDADD = $(UNIT_LDADD)
%C%_test_cyberjack_CFLAGS = $(UNIT_CFLAGS)
%C%_test_cyberjack_LDADD = $(UNIT_LDADD)
%C%_test_device_CFLAGS = $(UNIT_CFLAGS)
%C%_test_device_LDADD = $(UNIT_LDADD)
%C%_test_escape_CFLAGS = $(UNIT_CFLAGS)
%C%_test_escape_LDADD = $(UNIT_LDADD)
%C%_test_frame_CFLAGS = $(UNIT_CFLAGS)
%C%_test_frame_LDADD = $(UNIT_LDADD)
%C%_test_iccd_CFLAGS = $(UNIT_CFLAGS)
%C%_test_iccd_LDADD = $(UNIT_LDADD)
%C%_test_ctbcs_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ctbcs_LDADD = $(UNIT_LDADD)
%C%_test_ids_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ids_LDADD = $(UNIT_LDADD)
%C%_test_openct_wire_CFLAGS = $(UNIT_CFLAGS)
%C%_test_openct_wire_LDADD = $(UNIT_LDADD)
%C%_test_pcsc_names_CFLAGS = $(UNIT_CFLAGS)
%C%_test_pcsc_names_LDADD = $(UNIT_LDADD)
%C%_test_pcsc_part10_CFLAGS = $(UNIT_CFLAGS)
%C%_test_pcsc_part10_LDADD = $(UNIT_LDADD)
%C%_test_pcsc_wire_CFLAGS = $(UNIT_CFLAGS)
%C%_test_pcsc_wire_LDADD = $(UNIT_LDADD)
%C%_test_pps_CFLAGS = $(UNIT_CFLAGS)
%C%_test_pps_LDADD = $(UNIT_LDADD)
%C%_test_rutoken_CFLAGS = $(UNIT_CFLAGS)
%C%_test_rutoken_LDADD = $(UNIT_LDADD)
%C%_test_sw_CFLAGS = $(UNIT_CFLAGS)
%C%_test_sw_LDADD = $(UNIT_LDADD)
%C%_test_t0_CFLAGS = $(UNIT_CFLAGS)
%C%_test_t0_LDADD = $(UNIT_LDADD)
%C%_test_t0_char_CFLAGS = $(UNIT_CFLAGS)
%C%_test_t0_char_LDADD = $(UNIT_LDADD)
%C%_test_settings_CFLAGS = $(UNIT_CFLAGS)
%C%_test_settings_LDADD = $(UNIT_LDADD)
%C%_test_script_CFLAGS = $(UNIT_CFLAGS)
%C%_test_script_LDADD = $(UNIT_LDADD)
%C%_test_t1_CFLAGS = $(UNIT_CFLAGS)
%C%_test_t1_LDADD = $(UNIT_LDADD)
%C%_test_t1_block_CFLAGS = $(UNIT_CFLAGS)
%C%_test_t1_block_LDADD = $(UNIT_LDADD)
%C%_test_t1_faults_CFLAGS = $(UNIT_CFLAGS)
%C%_test_t1_faults_LDADD = emulator/libemulator.la $(UNIT_LDADD)
%C%_test_t1_talks_CFLAGS = $(UNIT_CFLAGS)
%C%_test_t1_talks_LDADD = $(UNIT_LDADD)
%C%_test_tlv_CFLAGS = $(UNIT_CFLAGS)
%C%_test_tlv_LDADD = $(UNIT_LDADD)
%C%_test_usbip_CFLAGS = $(UNIT_CFLAGS)
%C%_test_usbip_LDADD = $(UNIT_LDADD)
%C%_test_vpcd_CFLAGS = $(UNIT_CFLAGS)
%C%_test_vpcd_LDADD = $(UNIT_LDADD)
EXTRA_DIST += %D%/t1_talk.h
%C%_test_ccid_desc_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ccid_desc_LDADD = $(UNIT_LDADD)
%C%_test_ccid_exchange_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ccid_exchange_LDADD = $(UNIT_LDADD)
%C%_test_ccid_msg_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ccid_msg_LDADD = $(UNIT_LDADD)
%C%_test_usb_desc_CFLAGS = $(UNIT_CFLAGS)
%C%_test_usb_desc_LDADD = $(UNIT_LDADD)
%C%_test_ccid_plan_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ccid_plan_LDADD = $(UNIT_LDADD)
%C%_test_ccid_quirks_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ccid_quirks_LDADD = $(UNIT_LDADD)
%C%_test_ccid_readers_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ccid_readers_LDADD = $(UNIT_LDADD)
EXTRA_DIST += %D%/ccid_readers.tsv
%C%_test_ccid_chain_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ccid_chain_LDADD = $(UNIT_LDADD)
%C%_test_ccid_params_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ccid_params_LDADD = $(UNIT_LDADD)
