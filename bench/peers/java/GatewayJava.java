import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ForkJoinPool;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * The gateway's main job, written the straightforward way in Java: a gRPC server that passes UpdateAndTriggerFlow on to the
 * EnOS REST API. Nothing in it blocks, so that calls run on the server's own threads and there is nothing for virtual ones.
 */
public final class GatewayJava {
  private static final int MAX_MESSAGE_BYTES = 1 << 20;

  public static void main(String[] arguments) throws Exception {
    // Before anything uses the pool: with less than two threads, as on two cores, the JDK does without it and java.net.http
    // starts a thread for each answer instead, which costs more than all the rest of a call.
    System.setProperty("java.util.concurrent.ForkJoinPool.common.parallelism",
        Integer.toString(Math.max(2, Runtime.getRuntime().availableProcessors())));
    Map<String, String> options = new HashMap<>();
    for (String argument : arguments) {
      String[] parts = argument.split("=", 2);
      if (!parts[0].startsWith("--") || parts.length < 2) {
        throw new IllegalArgumentException("not --name=value: " + argument);
      }
      options.put(parts[0].substring(2), parts[1]);
    }
    String url = required("--enos_url", options.get("enos_url"));
    String accessKey = required("ENOS_ACCESS_KEY", System.getenv("ENOS_ACCESS_KEY"));
    String secretKey = required("ENOS_SECRET_KEY", System.getenv("ENOS_SECRET_KEY"));

    HttpClient http = newHttpClient(options.get("enos_ca_file"));
    TokenSource tokens = new TokenSource(http, url, accessKey, secretKey);
    tokens.start();
    NettyServerBuilder.forAddress(address(options.getOrDefault("listen", "127.0.0.1:50051")))
        .directExecutor()
        .maxInboundMessageSize(MAX_MESSAGE_BYTES)
        .addService(new FlowService(http, url, secretKey, tokens))
        .build()
        .start()
        .awaitTermination();
  }

  private static String required(String name, String value) {
    if (value == null || value.isEmpty()) {
      throw new IllegalArgumentException(name + " is required");
    }
    return value;
  }

  private static InetSocketAddress address(String listen) {
    int colon = listen.lastIndexOf(':');
    return new InetSocketAddress(listen.substring(0, colon), Integer.parseInt(listen.substring(colon + 1)));
  }

  /** HTTP/1.1, so that a lost connection takes one call with it, not all; connections are kept, as many as calls were in flight. */
  private static HttpClient newHttpClient(String caFile) throws IOException, GeneralSecurityException {
    HttpClient.Builder builder = HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .followRedirects(HttpClient.Redirect.NEVER)
        .connectTimeout(Duration.ofSeconds(5))
        .executor(ForkJoinPool.commonPool()); // cheaper than the default, a thread for whatever is ready
    if (caFile != null) {
      builder.sslContext(trusting(Path.of(caFile)));
    }
    return builder.build();
  }

  private static SSLContext trusting(Path caFile) throws IOException, GeneralSecurityException {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    try (InputStream pem = Files.newInputStream(caFile)) {
      int number = 0;
      for (Certificate certificate : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
        trusted.setCertificateEntry("ca-" + number++, certificate);
      }
    }
    TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers.getTrustManagers(), null);
    return context;
  }

  private GatewayJava() {}
}
