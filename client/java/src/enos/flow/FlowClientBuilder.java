package enos.flow;

import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannelBuilder;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Where the gateway is, and who calls it. */
public final class FlowClientBuilder {
  static final String VERSION = "0.1.0";
  // All connections in turn; never a retryPolicy, because the call is not idempotent.
  private static final Map<String, ?> SERVICE_CONFIG =
      Map.of("loadBalancingConfig", List.of(Map.of("round_robin", Map.of())));

  private final String address;
  private boolean plaintext;
  private boolean tls;
  private Path caFile;
  private Path certFile;
  private Path keyFile;
  private String serverName;
  private Path tokenFile;

  FlowClientBuilder(String address) {
    this.address = address;
  }

  /** To any address: what is sent can be read and changed on the way. */
  public FlowClientBuilder plaintext() {
    plaintext = true;
    return this;
  }

  /** TLS even to this machine. The settings below imply it. */
  public FlowClientBuilder tls() {
    tls = true;
    return this;
  }

  /** The certificate authorities to trust (PEM), in place of the system's. */
  public FlowClientBuilder caFile(Path pem) {
    caFile = pem;
    return tls();
  }

  /** This client's own certificate and key (PEM), for a gateway that requires one. */
  public FlowClientBuilder certificate(Path certificatePem, Path keyPem) {
    certFile = certificatePem;
    keyFile = keyPem;
    return tls();
  }

  /** The name that the gateway's certificate must have, if it is not the host of the address. */
  public FlowClientBuilder serverName(String name) {
    serverName = name;
    return tls();
  }

  /** A file with a bearer token (one line), read anew for each attempt. */
  public FlowClientBuilder tokenFile(Path file) {
    tokenFile = file;
    return this;
  }

  /**
   * Does not connect yet.
   *
   * @throws IllegalArgumentException a setting that is wrong, or a file that cannot be read
   */
  public FlowClient build() {
    boolean loopback = isLoopback(hostOf(address));
    boolean encrypted = !plaintext && (tls || !loopback);
    if (hostOf(address).isEmpty() || !address.contains(":")) {
      throw new IllegalArgumentException(
          "address " + address + ": expected host:port, for example gateway.example.com:443");
    }
    if (plaintext && tls) {
      throw new IllegalArgumentException("plaintext cannot be combined with settings of TLS");
    }
    if (tokenFile != null) {
      if (!encrypted && !loopback) {
        throw new IllegalArgumentException(
            "tokenFile: a token is not sent in plaintext to another machine (" + address + "), expected TLS");
      }
      TokenFile.read(tokenFile);
    }
    ManagedChannelBuilder<?> builder = Grpc.newChannelBuilder(
            address.contains("://") || address.startsWith("dns:") ? address : "dns:///" + address,
            encrypted ? tlsCredentials() : InsecureChannelCredentials.create())
        .defaultServiceConfig(SERVICE_CONFIG)
        .disableServiceConfigLookUp() // from DNS, which could supply a retryPolicy
        .disableRetry()
        .userAgent("enos-flow-java/" + VERSION)
        .keepAliveTime(60, TimeUnit.SECONDS)
        .keepAliveTimeout(20, TimeUnit.SECONDS);
    if (serverName != null) {
      builder.overrideAuthority(serverName);
    }
    if (loopback) { // a proxy of the environment must not carry a local, unencrypted call off this machine
      builder.proxyDetector(target -> null);
    }
    return new FlowClient(builder.build(), tokenFile);
  }

  private ChannelCredentials tlsCredentials() {
    TlsChannelCredentials.Builder credentials = TlsChannelCredentials.newBuilder();
    try {
      if (caFile != null) {
        credentials.trustManager(caFile.toFile());
      }
      if (certFile != null) {
        credentials.keyManager(certFile.toFile(), keyFile.toFile());
      }
    } catch (IOException unreadable) {
      throw new IllegalArgumentException("a PEM file cannot be read: " + unreadable.getMessage(), unreadable);
    }
    return credentials.build();
  }

  private static String hostOf(String address) {
    String rest = address.startsWith("dns:///") ? address.substring("dns:///".length()) : address;
    if (rest.startsWith("[")) {
      return rest.substring(1, Math.max(1, rest.indexOf(']')));
    }
    int colon = rest.lastIndexOf(':');
    return colon < 0 ? rest : rest.substring(0, colon);
  }

  /** By the text alone: a name is not looked up. */
  private static boolean isLoopback(String host) {
    return host.equals("localhost") || host.equals("::1") || host.matches("127(\\.(25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})){3}");
  }
}
