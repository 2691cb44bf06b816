#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# What perl.py runs: every call of Chipcard::PCSC, on a card "sample".
use strict;
use warnings;
use Chipcard::PCSC;
use Chipcard::PCSC::Card;

$| = 1;

# A call's result; nothing is an error, and so is 0 unless it is what counts.
sub must {
	my ($name, $got) = @_;
	die "$name: $Chipcard::PCSC::errno\n" unless defined $got;
	return $got;
}

sub ask {
	my ($card, $hex) = @_;
	my $answer = must("Transmit", $card->Transmit(
	    Chipcard::PCSC::ascii_to_array($hex)));
	return Chipcard::PCSC::array_to_ascii($answer);
}

my $context = must("context", Chipcard::PCSC->new());
my @names = $context->ListReaders();
print "reader: $_\n" for @names;
print "groups: ", join(",", $context->ListReaders("SCard\$AllReaders")), "\n";

my $card = must("Connect", Chipcard::PCSC::Card->new($context, $names[0],
    $Chipcard::PCSC::SCARD_SHARE_SHARED));
print "protocol: $card->{dwProtocol}\n";
my @status = $card->Status();
print "status: $status[0], state ", $status[1] & 0xffff, ", protocol ",
    "$status[2], ATR ", Chipcard::PCSC::array_to_ascii($status[3]), "\n";

must("BeginTransaction", $card->BeginTransaction());
print "in a transaction: ", ask($card, "00 A4 00 0C 02 3F 00"), "\n";
print "file: ", ask($card, "00 B0 82 00 00"), "\n";
must("EndTransaction",
    $card->EndTransaction($Chipcard::PCSC::SCARD_LEAVE_CARD));
my ($sw, $data) = $card->TransmitWithCheck("00 B0 90 00 00", "6A 82");
print "checked: $sw: ", Chipcard::PCSC::Card::ISO7816Error($sw), "\n";

my $features = $card->Control(0x42000000 + 3400, [0]);
print "features: ", defined $features ?
    Chipcard::PCSC::array_to_ascii($features) : "none", "\n";

print "reset: ", must("Reconnect", $card->Reconnect(
    $Chipcard::PCSC::SCARD_SHARE_EXCLUSIVE,
    $Chipcard::PCSC::SCARD_PROTOCOL_T1,
    $Chipcard::PCSC::SCARD_RESET_CARD)), "\n";
print "after it: ", ask($card, "00 84 00 00 08") =~ / 90 00$/ ? "well" : "not",
    "\n";
must("Disconnect", $card->Disconnect($Chipcard::PCSC::SCARD_UNPOWER_CARD));

my @states = ({ reader_name => $names[0],
    current_state => $Chipcard::PCSC::SCARD_STATE_UNAWARE });
must("GetStatusChange", $context->GetStatusChange(\@states));
while (1) {
	my $state = $states[0]->{event_state};
	print $state & $Chipcard::PCSC::SCARD_STATE_PRESENT ? "present\n" :
	    "empty\n";
	last if $state & $Chipcard::PCSC::SCARD_STATE_EMPTY;
	$states[0]->{current_state} = $state;
	must("GetStatusChange", $context->GetStatusChange(\@states, 20000));
}
my $gone = Chipcard::PCSC::Card->new($context, $names[0]);
print "without a card: ", defined $gone ? "connected" :
    $Chipcard::PCSC::errno, "\n";
