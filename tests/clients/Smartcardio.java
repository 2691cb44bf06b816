// SPDX-License-Identifier: BSD-2-Clause

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import javax.smartcardio.Card;
import javax.smartcardio.CardChannel;
import javax.smartcardio.CardException;
import javax.smartcardio.CardTerminal;
import javax.smartcardio.CardTerminals;
import javax.smartcardio.CommandAPDU;
import javax.smartcardio.TerminalFactory;

/**
 * Java's own interface to cards. Prints what it finds; where it prints "remove"
 * or "insert" it waits for that to be done to the card.
 */
public class Smartcardio {
	static final byte[] SELECT = HexFormat.of().parseHex("00a4000c023f00");

	static void connect(CardTerminal terminal, String protocol)
	    throws CardException {
		try {
			Card card = terminal.connect(protocol);

			System.out.println(protocol + ": " + card.getProtocol());
			card.disconnect(false);
		} catch (CardException e) {
			System.out.println(protocol + ": refused");
		}
	}

	/** Another thread of the same program must wait for an exclusive one. */
	static void exclusive(Card card) throws Exception {
		CardChannel channel = card.getBasicChannel();
		Thread other = new Thread(() -> {
			try {
				channel.transmit(new CommandAPDU(SELECT));
				System.out.println("not exclusive");
			} catch (CardException e) {
				System.out.println("exclusive");
			}
		});

		card.beginExclusive();
		other.start();
		other.join();
		channel.transmit(new CommandAPDU(SELECT));
		card.endExclusive();
	}

	static void transmit(Card card) throws CardException {
		CardChannel channel = card.getBasicChannel();
		ByteBuffer answer = ByteBuffer.allocate(300);

		System.out.printf("SELECT: %04x%n", channel.transmit(
		    new CommandAPDU(SELECT)).getSW());
		int n = channel.transmit(ByteBuffer.wrap(new CommandAPDU(0, 0x84,
		    0, 0, 8).getBytes()), answer);
		System.out.printf("GET CHALLENGE: %d bytes%n", n);
	}

	public static void main(String[] args) throws Exception {
		CardTerminals terminals = TerminalFactory.getDefault().terminals();
		List<CardTerminal> all = terminals.list();

		for (CardTerminal t : all)
			System.out.println(t.getName() + ": " +
			    (t.isCardPresent() ? "card" : "empty"));
		CardTerminal terminal = all.get(0);
		for (String protocol : List.of("*", "T=0", "T=1"))
			connect(terminal, protocol);
		Card card = terminal.connect("*");
		System.out.println("ATR: " + HexFormat.of().formatHex(
		    card.getATR().getBytes()));
		transmit(card);
		exclusive(card);
		card.disconnect(true);
		transmit(terminal.connect("*"));

		card = terminal.connect("*");
		System.out.println("remove");
		System.out.println(terminal.waitForCardAbsent(0));
		try {
			transmit(card);
		} catch (CardException | IllegalStateException e) {
			System.out.println("the card is gone");
		}
		System.out.println(terminal.waitForCardPresent(100));
		System.out.println("insert");
		System.out.println(terminal.waitForCardPresent(0));
		transmit(terminal.connect("*"));
	}
}
