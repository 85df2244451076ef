import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.google.protobuf.Timestamp;
import enos.dataflow.v1.FlowParameter;
import enos.dataflow.v1.FlowServiceGrpc;
import enos.dataflow.v1.UpdateAndTriggerFlowRequest;
import enos.dataflow.v1.UpdateAndTriggerFlowResponse;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/** Implements the RPC. */
final class FlowService extends FlowServiceGrpc.FlowServiceImplBase {
  private static final String FLOWS_PATH = "/dataflow-batch-service/v2.0/flows";
  private static final long UPSTREAM_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(30); // the longest that one call may take

  record CallParameter(String key, String value) {}

  /** The JSON body that EnOS expects; triggerTime is in Unix ms. */
  record FlowCall(int flowId, long triggerTime, List<CallParameter> parameters) {}

  @JsonIgnoreProperties(ignoreUnknown = true)
  record FlowData(String flowInstanceId) {}

  /** EnOS's answer; the result code is in status (v2.0) or code (v2.1). */
  @JsonIgnoreProperties(ignoreUnknown = true)
  record FlowAnswer(Long status, Long code, String msg, FlowData data) {
    Long resultCode() {
      return code != null ? code : status;
    }
  }

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ObjectWriter CALL_WRITER = JSON.writerFor(FlowCall.class);
  private static final ObjectReader ANSWER_READER = JSON.readerFor(FlowAnswer.class);

  private final HttpClient http;
  private final String url; // https://HOST, without a path
  private final String secretKey;
  private final TokenSource tokens;

  FlowService(HttpClient http, String url, String secretKey, TokenSource tokens) {
    this.http = http;
    this.url = url;
    this.secretKey = secretKey;
    this.tokens = tokens;
  }

  @Override
  public void updateAndTriggerFlow(UpdateAndTriggerFlowRequest request, StreamObserver<UpdateAndTriggerFlowResponse> observer) {
    String body;
    try {
      validate(request);
      body = CALL_WRITER.writeValueAsString(callOf(request));
    } catch (StatusRuntimeException | IOException error) {
      observer.onError(error);
      return;
    }
    Deadline deadline = Context.current().getDeadline();
    String token = tokens.current();
    CompletableFuture<HttpResponse<byte[]>> first = post(request, body, token, deadline);
    ((ServerCallStreamObserver<?>) observer).setOnCancelHandler(() -> first.cancel(true));
    first.thenApply(FlowService::decode)
        .exceptionallyCompose(error -> {
          if (Status.fromThrowable(error).getCode() != Status.Code.UNAUTHENTICATED) {
            return CompletableFuture.failedFuture(error);
          }
          // Refused for its token, and so not executed: once more with a fresh one.
          return tokens.replace(token).thenCompose(fresh -> post(request, body, fresh, deadline)).thenApply(FlowService::decode);
        })
        .whenComplete((response, error) -> {
          if (error != null) {
            observer.onError(statusOf(error));
            return;
          }
          observer.onNext(response);
          observer.onCompleted();
        });
  }

  /** Signs the call and sends it to EnOS. */
  private CompletableFuture<HttpResponse<byte[]>> post(UpdateAndTriggerFlowRequest request, String body, String token, Deadline deadline) {
    String timestamp = Long.toString(System.currentTimeMillis());
    String signedQuery = "actionupdateAndTriggerorgId" + request.getOrgId() + "userId" + request.getUserId();
    String query = "?action=updateAndTrigger&orgId=" + escape(request.getOrgId()) + "&userId=" + escape(request.getUserId());
    HttpRequest call = HttpRequest.newBuilder(URI.create(url + FLOWS_PATH + query))
        .timeout(timeLeft(deadline))
        .header("Content-Type", "application/json;charset=UTF-8")
        .header("apim-accesstoken", token)
        .header("apim-timestamp", timestamp)
        .header("apim-signature", Signature.sha256Hex(token, signedQuery, body, timestamp, secretKey))
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
    return http.sendAsync(call, HttpResponse.BodyHandlers.ofByteArray());
  }

  private static Duration timeLeft(Deadline deadline) {
    long left = deadline == null ? UPSTREAM_TIMEOUT_NS : deadline.timeRemaining(TimeUnit.NANOSECONDS);
    return Duration.ofNanos(Math.max(1, Math.min(left, UPSTREAM_TIMEOUT_NS)));
  }

  /** For a query: URLEncoder is for forms. */
  private static String escape(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20").replace("*", "%2A").replace("%7E", "~");
  }

  private static FlowCall callOf(UpdateAndTriggerFlowRequest request) {
    Timestamp time = request.getTriggerTime();
    List<CallParameter> parameters = new ArrayList<>(request.getParametersCount());
    for (FlowParameter parameter : request.getParametersList()) {
      parameters.add(new CallParameter(parameter.getKey(), parameter.getValue()));
    }
    return new FlowCall(request.getFlowId(), time.getSeconds() * 1000 + time.getNanos() / 1_000_000, parameters);
  }

  private static void validate(UpdateAndTriggerFlowRequest request) {
    Timestamp time = request.getTriggerTime();
    boolean hasTime = request.hasTriggerTime() && time.getSeconds() >= 0 && time.getNanos() >= 0 && time.getNanos() <= 999_999_999;
    require(hasLength(request.getUserIdBytes().size(), 1, 256), "user_id: 1 to 256 bytes are expected");
    require(hasLength(request.getOrgIdBytes().size(), 1, 256), "org_id: 1 to 256 bytes are expected");
    require(request.getFlowId() > 0, "flow_id: a number above 0 is expected");
    require(hasTime, "trigger_time: a time since 1970 is expected");
    require(request.getParametersCount() <= 10_000, "parameters: at most 10000 are expected");
    for (FlowParameter parameter : request.getParametersList()) {
      require(hasLength(parameter.getKeyBytes().size(), 1, 1 << 10) && hasLength(parameter.getValueBytes().size(), 0, 64 << 10),
          "parameters: a key of 1 byte to 1 KiB and a value of at most 64 KiB are expected");
    }
  }

  private static boolean hasLength(int bytes, int least, int most) {
    return bytes >= least && bytes <= most;
  }

  private static void require(boolean kept, String text) {
    if (!kept) {
      throw Status.INVALID_ARGUMENT.withDescription(text).asRuntimeException();
    }
  }

  private static UpdateAndTriggerFlowResponse decode(HttpResponse<byte[]> response) {
    FlowAnswer answer = null;
    try {
      answer = ANSWER_READER.readValue(response.body());
    } catch (IOException noJson) {
      // Told by the status below.
    }
    Long code = answer == null ? null : answer.resultCode();
    int httpStatus = response.statusCode();
    if (code != null && code != 0) {
      throw codeOf(code).withDescription("EnOS answered " + code + ": " + answer.msg()).asRuntimeException();
    }
    if (httpStatus >= 400) {
      throw codeOf(httpStatus).withDescription("EnOS answered HTTP " + httpStatus).asRuntimeException();
    }
    String id = answer == null || answer.data() == null ? null : answer.data().flowInstanceId();
    if (code == null || httpStatus / 100 != 2 || id == null || id.isEmpty()) {
      throw Status.INTERNAL.withDescription("EnOS's answer makes no sense").asRuntimeException();
    }
    return UpdateAndTriggerFlowResponse.newBuilder().setFlowInstanceId(id).build();
  }

  /** Maps EnOS's result codes and HTTP statuses. */
  private static Status codeOf(long code) {
    return switch ((int) code) {
      case 62101, 62102, 99400, 400, 413 -> Status.INVALID_ARGUMENT;
      case 62103, 99403, 498, 403 -> Status.PERMISSION_DENIED;
      case 62104, 62105 -> Status.FAILED_PRECONDITION;
      case 99404, 404 -> Status.NOT_FOUND;
      case 405, 501 -> Status.UNIMPLEMENTED;
      case 409 -> Status.ALREADY_EXISTS;
      case 415 -> Status.OUT_OF_RANGE;
      case 401, 497, 1203 -> Status.UNAUTHENTICATED;
      case 429 -> Status.RESOURCE_EXHAUSTED;
      case 62109, 99500, 500 -> Status.INTERNAL;
      case 504 -> Status.DEADLINE_EXCEEDED;
      default -> Status.UNKNOWN;
    };
  }

  /**
   * The status of a call that was refused or got no complete answer. Only a failed connect is UNAVAILABLE, which callers may
   * repeat: anything later may have been executed.
   */
  private static Throwable statusOf(Throwable thrown) {
    Throwable error = thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
    if (error instanceof StatusRuntimeException) {
      return error;
    }
    if (error instanceof ConnectException || error instanceof HttpConnectTimeoutException) {
      return Status.UNAVAILABLE.withDescription("EnOS cannot be reached").asRuntimeException();
    }
    if (error instanceof HttpTimeoutException) {
      return Status.DEADLINE_EXCEEDED.withDescription("EnOS did not answer in time").asRuntimeException();
    }
    return Status.UNKNOWN.withDescription("the connection to EnOS was lost: " + error).asRuntimeException();
  }
}
