import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.Security;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * A TLS client on JSSE: lines from stdin go to the server with CRLF, what the server sends comes out on stdout.
 * The line "rekey" makes it send a KeyUpdate instead.
 *
 * <p>Arguments: port, server name, CA file (PEM), protocol (TLSv1.3), bytes after which a key is replaced (0: the
 * default of the JDK).
 */
public final class JsseClient {
  public static void main(String[] args) throws Exception {
    int port = Integer.parseInt(args[0]);
    String servername = args[1];
    limitKeys(Long.parseLong(args[4]));
    Socket tcp = new Socket("127.0.0.1", port);
    SSLSocket socket =
        (SSLSocket) trusting(args[2]).getSocketFactory().createSocket(tcp, servername, port, true);
    socket.setEnabledProtocols(new String[] {args[3]});
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    Thread receiver = new Thread(() -> receive(socket));
    receiver.setDaemon(true);
    receiver.start();
    send(socket);
  }

  /** Read by JSSE once, before the first connection. */
  private static void limitKeys(long bytes) {
    if (bytes == 0) return;
    String action = " KeyUpdate " + bytes;
    Security.setProperty(
        "jdk.tls.keyLimits", "AES/GCM/NoPadding" + action + ", ChaCha20-Poly1305" + action);
  }

  private static SSLContext trusting(String caPath) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (InputStream file = new FileInputStream(caPath)) {
      store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(file));
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  private static void send(SSLSocket socket) throws Exception {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.ISO_8859_1));
    OutputStream output = socket.getOutputStream();
    StringBuilder request = new StringBuilder();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.equals("rekey")) {
        // On a TLS 1.3 connection that is established, this sends a KeyUpdate.
        socket.startHandshake();
        continue;
      }
      request.append(line).append("\r\n");
      if (!line.isEmpty()) continue;
      output.write(request.toString().getBytes(StandardCharsets.ISO_8859_1));
      request.setLength(0);
    }
  }

  private static void receive(SSLSocket socket) {
    byte[] bytes = new byte[16 * 1024];
    try (OutputStream output = new FileOutputStream(FileDescriptor.out)) {
      InputStream input = socket.getInputStream();
      for (int read = input.read(bytes); read >= 0; read = input.read(bytes)) output.write(bytes, 0, read);
    } catch (Exception error) {
      System.err.println(error);
    }
    System.exit(1);
  }
}
