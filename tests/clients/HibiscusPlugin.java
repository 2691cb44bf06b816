// SPDX-License-Identifier: BSD-2-Clause

import de.willuhn.jameica.hbci.HBCI;
import de.willuhn.jameica.hbci.HBCICallbackSWT;
import de.willuhn.jameica.hbci.passports.ddv.DDVConfig;
import de.willuhn.jameica.hbci.passports.ddv.DDVConfigFactory;
import de.willuhn.jameica.hbci.passports.ddv.rmi.Reader;
import de.willuhn.jameica.hbci.passports.ddv.server.PassportHandleImpl;
import de.willuhn.jameica.plugin.AbstractPlugin;
import de.willuhn.jameica.system.Application;
import java.io.FileWriter;
import java.io.IOException;
import java.io.PrintWriter;
import org.kapott.hbci.manager.HBCIUtils;
import org.kapott.hbci.passport.HBCIPassportDDV;

/**
 * Runs inside Hibiscus, which has no tests of its own to be run: configures a
 * card reader with the values a user chooses, then opens and uses the card as
 * Hibiscus does. Writes what it finds to the file $RESULT; "end" is its last line.
 */
public class HibiscusPlugin extends AbstractPlugin {
	private PrintWriter result;

	public void init() {
		new Thread(this::play).start();
	}

	/** A new configuration of the kind with that name. */
	private DDVConfig configure(String reader) {
		DDVConfig config = DDVConfigFactory.create();

		for (Reader r : DDVConfigFactory.getReaderPresets())
			if (r.getName().equals(reader))
				config.setReaderPreset(r);
		result.println("reader: " + config.getReaderPreset().getName());
		config.setSoftPin(true);
		return config;
	}

	/** Without the dialog with a bank that follows there. */
	private void use(DDVConfig config) {
		try {
			HBCI hibiscus = (HBCI)Application.getPluginLoader()
			    .getPlugin(HBCI.class);
			((HBCICallbackSWT)hibiscus.getHBCICallback())
			    .setCurrentHandle(new PassportHandleImpl(config));
			HBCIPassportDDV p = (HBCIPassportDDV)
			    DDVConfigFactory.createPassport(config);

			result.println("bank: " + p.getBLZ() + " " + p.getHost());
			result.println("user: " + p.getUserId());
			byte[] signature = p.sign(new byte[20]);
			result.println("signed: " + p.verify(new byte[20],
			    signature));
			p.close();
		} catch (Exception e) {
			result.println("error: " + e.getMessage());
		}
	}

	private void play() {
		try (PrintWriter w = new PrintWriter(new FileWriter(
		    System.getenv("RESULT")), true)) {
			result = w;
			HBCIUtils.setParam("client.passport.DDV.pin", "12345");
			use(configure(
			    "PC/SC-Kartenleser (Kobil, ReinerSCT und andere)"));
			DDVConfig ctapi = configure(
			    "Benutzerdefinierter CTAPI-Leser");
			ctapi.setCTAPIDriver(System.getenv("LIBCTAPI"));
			result.println("port: " + ctapi.getPort() + " is " +
			    DDVConfig.getPortForName(ctapi.getPort()));
			use(ctapi);
			result.println("end");
		} catch (IOException e) {
			throw new IllegalStateException(e);
		}
	}
}
