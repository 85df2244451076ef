import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.grpc.Status;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Holds the access token and renews it before it expires. */
final class TokenSource {
  private static final Logger LOG = Logger.getLogger(TokenSource.class.getName());
  private static final String TOKEN_PATH = "/apim-token-service/v2.0/token/";
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final long RETRY_MS = 1000;

  private final HttpClient http;
  private final String url;
  private final String accessKey;
  private final String secretKey;
  private final ObjectMapper json = new ObjectMapper();
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
    Thread thread = new Thread(task, "token");
    thread.setDaemon(true);
    return thread;
  });

  // One fetch at a time: each begins when the one before has ended.
  private CompletableFuture<String> fetching = CompletableFuture.completedFuture("");
  private long lastTimestamp; // EnOS takes each one once
  private volatile String token = "";
  private volatile long lifetimeMs;

  TokenSource(HttpClient http, String url, String accessKey, String secretKey) {
    this.http = http;
    this.url = url;
    this.accessKey = accessKey;
    this.secretKey = secretKey;
  }

  /** Fetches the first token and from then on renews it in the background. */
  void start() {
    replace("").join();
    renewAfter(lifetimeMs * 8 / 10);
  }

  String current() {
    return token;
  }

  /**
   * Another token than the refused one: the current one where it is another already, else what {@code get} answers, and
   * where that is the refused one still, what {@code refresh} answers.
   */
  synchronized CompletableFuture<String> replace(String refused) {
    fetching = fetching.exceptionally(error -> "")
        .thenCompose(ended -> fetchUnlessReplaced(refused, "get"))
        .thenCompose(ended -> fetchUnlessReplaced(refused, "refresh"));
    return fetching;
  }

  private void renewAfter(long delayMs) {
    timer.schedule(() -> replace(token).whenComplete((renewed, error) -> {
      if (error != null) {
        LOG.log(Level.WARNING, "renew the token", error);
      }
      renewAfter(error != null ? RETRY_MS : lifetimeMs * 8 / 10);
    }), delayMs, TimeUnit.MILLISECONDS);
  }

  private CompletableFuture<String> fetchUnlessReplaced(String refused, String action) {
    if (!token.equals(refused)) {
      return CompletableFuture.completedFuture(token);
    }
    lastTimestamp = Math.max(System.currentTimeMillis(), lastTimestamp + 1);
    Map<String, Object> fields = new HashMap<>();
    fields.put("appKey", accessKey);
    fields.put("timestamp", lastTimestamp);
    fields.put("encryption", Signature.sha256Hex(accessKey, Long.toString(lastTimestamp), secretKey));
    if (action.equals("refresh")) {
      fields.put("accessToken", token);
    }
    HttpRequest request = HttpRequest.newBuilder(URI.create(url + TOKEN_PATH + action))
        .timeout(TIMEOUT)
        .header("Content-Type", "application/json;charset=UTF-8")
        .POST(HttpRequest.BodyPublishers.ofString(json.valueToTree(fields).toString()))
        .build();
    return http.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray()).thenApply(response -> take(response.body()));
  }

  private String take(byte[] text) {
    JsonNode answer;
    try {
      answer = json.readTree(text);
    } catch (IOException error) {
      throw noToken("its answer is no JSON");
    }
    String given = answer.path("data").path("accessToken").asText();
    if (answer.path("status").asLong(-1) != 0 || given.isEmpty()) {
      throw noToken(answer.path("msg").asText());
    }
    lifetimeMs = answer.path("data").path("expire").asLong() * 1000;
    token = given;
    return given;
  }

  private static RuntimeException noToken(String why) {
    return Status.UNAVAILABLE.withDescription("EnOS gives no token: " + why).asRuntimeException();
  }
}
