// SPDX-License-Identifier: BSD-2-Clause

import com.sun.jna.Function;
import com.sun.jna.Library;
import com.sun.jna.NativeLibrary;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import javax.smartcardio.ATR;
import javax.smartcardio.Card;
import javax.smartcardio.CardChannel;
import javax.smartcardio.CardException;
import javax.smartcardio.CommandAPDU;
import javax.smartcardio.ResponseAPDU;
import org.kapott.hbci.manager.HBCIKey;
import org.kapott.hbci.passport.HBCIPassportDDV;
import org.kapott.hbci.smartcardio.DDVBankData;
import org.kapott.hbci.smartcardio.DDVCardService;
import org.kapott.hbci.smartcardio.DDVCardService0;
import org.kapott.hbci.smartcardio.DDVCardService1;
import org.kapott.hbci.smartcardio.DDVKeyData;

/** libctapi, loaded for one session, as hbci4java's own C library does. */
final class CtApi {
	private static final HexFormat HEX = HexFormat.of();
	private static final int RTLD_NOW = 2;
	private static final byte HOST = 2;
	private final NativeLibrary library;
	private final short ctn;

	CtApi(String path, int ctn, int port) {
		this.ctn = (short)ctn;
		library = NativeLibrary.getInstance(path,
		    Map.of(Library.OPTION_OPEN_FLAGS, RTLD_NOW));
		done("CT_init", this.ctn, (short)port);
	}

	private void done(String name, Object... args) {
		Function f = library.getFunction(name);
		byte rc = (Byte)f.invoke(Byte.class, args);

		if (rc != 0)
			throw new IllegalStateException(name + ": " + rc);
	}

	/** The answer, in as much room as hbci4java's library offers. */
	byte[] data(int to, byte[] command, int expected) {
		int room = expected == 0 ? 2 : expected <= 8 ? 10 : 300;
		byte[] dad = { (byte)to }, sad = { HOST };
		byte[] answer = new byte[room];
		short[] length = { (short)room };

		done("CT_data", ctn, dad, sad, (short)command.length,
		    command, length, answer);
		return Arrays.copyOf(answer, length[0]);
	}

	void terminal(String command, int expected, String... want) {
		String got = HEX.formatHex(data(1,
		    HEX.parseHex(command), expected));

		if (Arrays.stream(want).noneMatch(got::endsWith))
			throw new IllegalStateException(command + ": " +
			    got);
	}

	void close() {
		done("CT_close", ctn);
		library.close();
	}
}

/** A card behind it, as hbci4java's classes for cards expect one. */
final class CtCard extends Card {
	final CtApi ct;
	private final CardChannel channel = new CtChannel(this);

	CtCard(CtApi ct) {
		this.ct = ct;
	}

	public ATR getATR() {
		throw new UnsupportedOperationException();
	}

	public String getProtocol() {
		return "T=1";
	}

	public CardChannel getBasicChannel() {
		return channel;
	}

	public CardChannel openLogicalChannel() throws CardException {
		throw new CardException("no logical channels");
	}

	public void beginExclusive() {
	}

	public void endExclusive() {
	}

	public byte[] transmitControlCommand(int code, byte[] data)
	    throws CardException {
		throw new CardException("CT-API has none");
	}

	public void disconnect(boolean reset) {
	}
}

final class CtChannel extends CardChannel {
	private final CtCard card;

	CtChannel(CtCard card) {
		this.card = card;
	}

	public Card getCard() {
		return card;
	}

	public int getChannelNumber() {
		return 0;
	}

	public ResponseAPDU transmit(CommandAPDU c) {
		return new ResponseAPDU(card.ct.data(0, c.getBytes(),
		    c.getNe()));
	}

	public int transmit(ByteBuffer command, ByteBuffer answer) {
		throw new UnsupportedOperationException();
	}

	public void close() {
	}
}

final class Ddv0 extends DDVCardService0 {
	Ddv0 open(Card card) {
		init(card);
		return this;
	}
}

final class Ddv1 extends DDVCardService1 {
	Ddv1 open(Card card) {
		init(card);
		return this;
	}
}

/**
 * hbci4java's passport for CT-API. Its native methods, which Debian's package
 * lacks, are these; they send what those send.
 */
public final class CtApiPassport extends HBCIPassportDDV {
	private static final long serialVersionUID = 1;
	private static final byte[] SELECT_MF =
	    HexFormat.of().parseHex("00a4000c023f00");
	private CtApi ct;
	private DDVCardService card;

	public CtApiPassport() {
		super((Object)null);
	}

	protected void initCT() {
		ct = new CtApi(getLibName(), getCTNumber(), getComPort());
		ct.terminal("20110000", 0, "9000");
		ct.terminal("2013008100", 256, "8101019000");
		ct.terminal("20120101013c00", 256, "9001");
		ct.terminal("2011010100", 256, "9001");
		ct.data(0, SELECT_MF, 0);
		try {
			card = new Ddv0().open(new CtCard(ct));
		} catch (RuntimeException e) {
			ct.data(0, SELECT_MF, 0);
			card = new Ddv1().open(new CtCard(ct));
		}
		setCID(card.getCID());
		setCardId(card.getCardId());
	}

	protected void ctReadBankData() {
		DDVBankData b = card.readBankData(getEntryIdx() - 1);

		setBLZ(b.blz);
		setCountry("DE");
		setHost(b.commaddr);
		setUserId(b.userid);
	}

	private HBCIKey key(DDVKeyData k) {
		return new HBCIKey(getCountry(), getBLZ(), getUserId(),
		    Integer.toString(k.num), Integer.toString(k.version),
		    null);
	}

	protected void ctReadKeyData() {
		DDVKeyData[] keys = card.readKeyData();

		setSigId((long)card.readSigId());
		setInstSigKey(key(keys[0]));
		setInstEncKey(key(keys[1]));
	}

	/* usebio is -1 in Hibiscus: it looks for the units first */
	protected void ctEnterPIN() {
		ct.terminal("2013008100", 256, "8101019000");
		card.verifySoftPIN(1, getSoftPin());
	}

	protected void ctSaveBankData() {
		throw new IllegalStateException("nothing is missing");
	}

	protected void ctSaveSigId() {
		card.writeSigId(getSigId().intValue());
	}

	protected byte[] ctSign(byte[] hash) {
		return card.sign(hash);
	}

	private int cryptKey() {
		return Integer.parseInt(getInstEncKeyNum());
	}

	protected byte[][] ctEncrypt() {
		return card.getEncryptionKeys(cryptKey());
	}

	protected byte[] ctDecrypt(byte[] key) {
		return card.decrypt(cryptKey(), key);
	}

	protected void closeCT() {
		ct.terminal("201501040101", 0, "9000");
		ct.terminal("20110000", 0, "9000");
		ct.terminal("2013008100", 256, "8101019000");
		ct.close();
	}
}
