import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * A server of MongoDB's protocol that keeps everything in memory, on a port of 127.0.0.1; with the files of a certificate and its key it
 * speaks TLS. For each line with the name of a command it
 * prints how many of those have come. It ends with its input.
 */
public class Mongo {
    /** As new as clients of today want a server to be. */
    private static final class Version implements MongoVersion {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(6, 0, 0);
        }

        @Override
        public int getWireVersion() {
            return 17;
        }
    }

    private static final class Counting extends MemoryBackend {
        private final Map<String, LongAdder> calls = new ConcurrentHashMap<>();

        @Override
        public Document handleMessage(MongoMessage message) {
            String name = message.getDocument().keySet().iterator().next();
            calls.computeIfAbsent(name, ignored -> new LongAdder()).increment();
            return super.handleMessage(message);
        }

        long calls(String name) {
            LongAdder count = calls.get(name);
            return count == null ? 0 : count.sum();
        }
    }

    private static void secure(MongoServer server, String certificate, String key) throws Exception {
        String pem = Files.readString(Path.of(key)).replaceAll("-----[A-Z ]+-----|\\s", "");
        PKCS8EncodedKeySpec bytes = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem));
        try (InputStream file = Files.newInputStream(Path.of(certificate))) {
            Certificate made = CertificateFactory.getInstance("X.509").generateCertificate(file);
            server.enableSsl(KeyFactory.getInstance("EC").generatePrivate(bytes), null, (X509Certificate) made);
        }
    }

    public static void main(String[] arguments) throws Exception {
        Counting backend = new Counting();
        backend.version(new Version());
        MongoServer server = new MongoServer(backend);
        if (arguments.length == 3) {
            secure(server, arguments[1], arguments[2]);
        }
        server.bind("127.0.0.1", Integer.parseInt(arguments[0]));
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String name = lines.readLine(); name != null; name = lines.readLine()) {
            System.out.println(backend.calls(name));
        }
        System.exit(0);
    }
}
