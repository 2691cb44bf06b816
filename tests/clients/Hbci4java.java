// SPDX-License-Identifier: BSD-2-Clause

import java.util.Arrays;
import java.util.Date;
import java.util.HexFormat;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import javax.crypto.Cipher;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.DESedeKeySpec;
import javax.crypto.spec.IvParameterSpec;
import org.kapott.hbci.callback.AbstractHBCICallback;
import org.kapott.hbci.manager.HBCIUtils;
import org.kapott.hbci.passport.AbstractHBCIPassport;
import org.kapott.hbci.passport.HBCIPassport;
import org.kapott.hbci.passport.HBCIPassportDDV;

/**
 * What hbci4java does with a home-banking card, twice in one JVM: read it, PIN,
 * sign, verify, encrypt, decrypt, write the counter, close. Each step runs in a
 * thread of its own, as in Hibiscus.
 *
 *	java Hbci4java ctapi LIBRARY [PIN]
 *	java Hbci4java pcsc READER [PIN]
 *
 * Says "all is well" or throws. With "ctapi" a session that nobody closed comes
 * between the two, as Hibiscus leaves one when a dialog with the bank fails.
 */
public class Hbci4java {
	static final HexFormat HEX = HexFormat.of();

	/** The user; says nothing. */
	static final class User extends AbstractHBCICallback {
		private final String pin;

		User(String pin) {
			this.pin = pin;
		}

		public void log(String text, int level, Date date,
		    StackTraceElement from) {
		}

		public void callback(HBCIPassport p, int reason, String text,
		    int type, StringBuffer answer) {
			if (reason == NEED_SOFTPIN)
				answer.append(pin);
			else if (reason == NEED_PASSPHRASE_LOAD ||
			    reason == NEED_PASSPHRASE_SAVE)
				answer.replace(0, answer.length(), "a file");
		}

		public void status(HBCIPassport p, int what, Object[] o) {
		}
	}

	/** Triple DES as the bank does it, with the key of the emulated cards. */
	static byte[] des(int mode, String how, byte[] key, byte[] data)
	    throws Exception {
		byte[] whole = Arrays.copyOf(key, 24);
		Cipher c = Cipher.getInstance("DESede/" + how + "/NoPadding");

		System.arraycopy(key, 0, whole, 16, 8);
		c.init(mode, SecretKeyFactory.getInstance("DESede")
		    .generateSecret(new DESedeKeySpec(whole)),
		    how.equals("CBC") ? new IvParameterSpec(new byte[8]) : null);
		return c.doFinal(data);
	}

	static final byte[] BANK_KEY =
	    HEX.parseHex("1032547698badcfe8967452301efcdab");
	static final byte[] TEXT = "Eine Nachricht von 32 Zeichen...".getBytes();

	static void check(boolean is, String what) {
		if (!is)
			throw new IllegalStateException("not true: " + what);
	}

	/** Does it in a new thread. */
	static <T> T step(Callable<T> what) throws Exception {
		FutureTask<T> task = new FutureTask<>(what);

		new Thread(task).start();
		return task.get();
	}

	static void crypt(HBCIPassportDDV p) throws Exception {
		byte[][] sent = step(() -> p.encrypt(TEXT));
		byte[] wrapped = sent[0].length == 16 ? sent[0] : sent[1];
		byte[] crypted = sent[0].length == 16 ? sent[1] : sent[0];
		byte[] session = des(Cipher.DECRYPT_MODE, "ECB", BANK_KEY, wrapped);
		byte[] key = HEX.parseHex("000102030405060708090a0b0c0d0e0f");

		check(Arrays.equals(TEXT, des(Cipher.DECRYPT_MODE, "CBC", session,
		    crypted)), "the bank can read what was encrypted");
		byte[] forUs = des(Cipher.DECRYPT_MODE, "ECB", BANK_KEY, key);
		byte[] text = des(Cipher.ENCRYPT_MODE, "CBC", key, TEXT);
		check(Arrays.equals(TEXT, step(() -> p.decrypt(forUs, text))),
		    "what the bank encrypts can be read");
	}

	/** One session; the counter that it found on the card. */
	static long session(Callable<HBCIPassportDDV> open) throws Exception {
		HBCIPassportDDV p = step(open);
		byte[] hash = Arrays.copyOf(TEXT, 20), other = hash.clone();
		byte[] signature = step(() -> p.sign(hash));
		long counter = p.getSigId();

		other[19]++;
		check(p.getBLZ().equals("12345678"), "the bank's code");
		check(p.getUserId().equals("1234567890"), "the user");
		check(p.getCardId().contains("2800011234567890"), "the card");
		check(p.getInstSigKeyVersion().equals("7"), "the sign key");
		check(p.getInstEncKeyVersion().equals("9"), "the crypt key");
		check(signature.length == 8, "a signature");
		check(step(() -> p.verify(hash, signature)), "it is verified");
		check(!step(() -> p.verify(other, signature)), "not for another");
		crypt(p);
		step(() -> {
			p.setSigId(counter + 1);
			p.saveChanges();
			return null;
		});
		step(() -> {
			p.close();
			return null;
		});
		return counter;
	}

	public static void main(String[] args) throws Exception {
		boolean ctapi = args[0].equals("ctapi");
		String header = "client.passport.DDV.";
		Properties config = new Properties();

		config.put(header + (ctapi ? "libname.ctapi" : "pcsc.name"),
		    args[1]);
		config.put(header + "libname.ddv", args[1]);	/* to be loaded */
		config.put(header + "port", "1");
		config.put(header + "ctnumber", "0");
		config.put(header + "softpin", "1");
		config.put(header + "entryidx", "1");
		config.put(header + "path", "./");
		HBCIUtils.init(config, new User(args.length > 2 ? args[2] :
		    "12345"));
		Callable<HBCIPassportDDV> open = ctapi ? CtApiPassport::new :
		    () -> (HBCIPassportDDV)AbstractHBCIPassport.getInstance(
		    "DDVPCSC");

		long counter = session(open);
		if (ctapi)
			step(open);
		check(session(open) == counter + 1, "the counter was written");
		System.out.println("all is well");
	}
}
