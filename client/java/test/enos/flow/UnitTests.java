package enos.flow;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotEquals;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import enos.dataflow.v1.ErrorReason;
import enos.dataflow.v1.FlowInstance;
import enos.dataflow.v1.FlowServiceGrpc;
import enos.dataflow.v1.GetFlowInstanceResponse;
import enos.dataflow.v1.UpdateAndTriggerFlowRequest;
import enos.dataflow.v1.UpdateAndTriggerFlowResponse;
import enos.dataflow.v1.WatchFlowInstanceResponse;
import enos.flow.details.BadRequest;
import enos.flow.details.ErrorInfo;
import enos.flow.details.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.Test;

/** The repeat rule and the decoding of errors, without a gateway. */
public final class UnitTests {
  private static Failure failed(Status.Code code, Execution execution) {
    Failure failure = new Failure(code, "no");
    failure.execution = execution;
    return failure;
  }

  @Test
  public void codeAndExecutionDecideTogether() {
    for (Status.Code code : Status.Code.values()) {
      boolean mayPass = code == Status.Code.UNAVAILABLE || code == Status.Code.RESOURCE_EXHAUSTED;
      assertEquals(code.name(), mayPass, RepeatOptions.worthRepeating(failed(code, Execution.NOT_EXECUTED)));
      assertFalse(code.name(), RepeatOptions.worthRepeating(failed(code, Execution.UNKNOWN)));
    }
  }

  @Test
  public void waits() {
    RepeatOptions options = new RepeatOptions(5, Duration.ofMillis(100), Duration.ofMillis(350));
    Failure busy = failed(Status.Code.UNAVAILABLE, Execution.NOT_EXECUTED);
    assertEquals(OptionalLong.of(50), options.waitMillis(busy, 1, 60_000, 0.5));
    assertEquals(OptionalLong.of(100), options.waitMillis(busy, 2, 60_000, 0.5));
    assertEquals(OptionalLong.of(175), options.waitMillis(busy, 3, 60_000, 0.5));
    assertEquals(OptionalLong.empty(), options.waitMillis(busy, 5, 60_000, 0.5));
    busy.retryAfter = Optional.of(Duration.ofSeconds(7));
    assertEquals(OptionalLong.of(7000), options.waitMillis(busy, 1, 7001, 0.5));
    assertEquals(OptionalLong.empty(), options.waitMillis(busy, 1, 7000, 0.5));
  }

  /** One answer of client/testing/repeat_cases.txt. */
  private static Failure answer(String text) {
    String[] words = text.split(" ");
    Failure failure = failed(Status.Code.valueOf(words[0]), Execution.valueOf(words[1]));
    for (String word : List.of(words).subList(2, words.length)) {
      String value = word.substring(word.indexOf('=') + 1);
      switch (word.replaceAll("=.*", "")) {
        case "kept":
          failure.keyKept = true;
          break;
        case "key_state":
          failure.keyState = KeyState.valueOf(value);
          break;
        case "likely":
          failure.likelyFlowInstanceId = value;
          break;
        case "reason":
          failure.reason = ErrorReason.valueOf(value);
          break;
        case "retry_after":
          failure.retryAfter = Optional.of(Duration.ofMillis(Long.parseLong(value)));
          break;
        default:
          throw new AssertionError(text);
      }
    }
    return failure;
  }

  /** Plays answers, then OK, with a clock that only waiting advances. */
  private static final class Played implements RepeatOptions.Hooks {
    private long millis = 10_000;
    private int calls;
    private final List<String> waits = new ArrayList<>();

    String play(String... answers) {
      String end = "OK";
      try {
        RepeatOptions.DEFAULT.repeat(mayHaveStarted -> {
          if (calls++ >= answers.length) {
            return null;
          }
          throw new FlowClient.Failed(answer(answers[calls - 1]));
        }, this);
      } catch (FlowClient.Failed failed) {
        String likely = failed.failure.likelyFlowInstanceId;
        end = failed.failure.execution + (likely.isEmpty() ? "" : " likely=" + likely);
      }
      return "calls=" + calls + " waits=" + String.join(",", waits) + " end=" + end;
    }

    @Override
    public long millisLeft() {
      return millis;
    }

    @Override
    public boolean pause(long wait) {
      if (wait > 0) {
        waits.add(String.valueOf(wait));
      }
      millis -= wait;
      return true;
    }

    @Override
    public double random() {
      return 0.5;
    }
  }

  @Test
  public void theRuleOfAllClients() throws IOException {
    int cases = 0;
    for (String line : Files.readAllLines(Path.of(System.getenv("ENOS_REPEAT_CASES")))) {
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      String[] sides = line.split(" => ");
      String[] name = sides[0].split(": ", 2);
      assertEquals(name[0], sides[1], new Played().play(name[1].split("; ")));
      cases++;
    }
    assertTrue(cases > 0);
  }

  private static Any detail(String name, Message message) {
    return Any.newBuilder().setTypeUrl("type.googleapis.com/google.rpc." + name).setValue(message.toByteString()).build();
  }

  private static Failure decoded(String domain, String reason, Map<String, String> metadata) {
    return Failure.of(StatusProto.toStatusRuntimeException(com.google.rpc.Status.newBuilder().setCode(13).setMessage("no")
        .addDetails(detail("ErrorInfo",
            ErrorInfo.newBuilder().setDomain(domain).setReason(reason).putAllMetadata(metadata).build()))
        .addDetails(detail("RetryInfo", RetryInfo.newBuilder()
            .setRetryDelay(com.google.protobuf.Duration.newBuilder().setNanos(1_000_000)).build()))
        .addDetails(detail("BadRequest", BadRequest.newBuilder()
            .addFieldViolations(BadRequest.FieldViolation.newBuilder().setField("user_id")).build()))
        .build()));
  }

  @Test
  public void theGatewaysOwnError() {
    Failure failure = decoded("enos-flow-gateway", "ENOS_LOCKED", Map.of("execution", "NOT_EXECUTED",
        "enos_code", "62105", "http_status", "200", "key_state", "NONE", "enos_message", "locked"));
    assertEquals(Status.Code.INTERNAL, failure.code);
    assertEquals(ErrorReason.ENOS_LOCKED, failure.reason);
    assertEquals(Execution.NOT_EXECUTED, failure.execution);
    assertEquals(62105, failure.enosCode.getAsLong());
    assertEquals(200, failure.httpStatus);
    assertEquals(KeyState.NONE, failure.keyState);
    assertEquals(Optional.of(Duration.ofMillis(1)), failure.retryAfter);
    assertEquals("user_id", failure.violations.get(0).field());
  }

  @Test
  public void whoeverElseMadeIt_Unknown() {
    Failure ofAProxy = decoded("a proxy", "ENOS_LOCKED", Map.of("execution", "NOT_EXECUTED"));
    assertEquals(Execution.UNKNOWN, ofAProxy.execution);
    assertEquals("", ofAProxy.reasonName);
    Failure later = decoded("enos-flow-gateway", "OF_A_LATER_GATEWAY", Map.of("http_status", "9999", "key_state", "ELSE"));
    assertEquals(ErrorReason.ERROR_REASON_UNSPECIFIED, later.reason);
    assertEquals("OF_A_LATER_GATEWAY", later.reasonName);
    assertEquals(0, later.httpStatus);
    assertEquals(KeyState.NOT_TOLD, later.keyState);
    assertEquals(Execution.UNKNOWN, Failure.of(Status.INTERNAL.asRuntimeException()).execution);
  }

  /** A gateway that answers as told, and notes the keys that it saw. */
  private static final class FakeGateway implements AutoCloseable {
    final List<String> keys = new ArrayList<>();
    final List<Status> cuts = new ArrayList<>(); // how watches end, one after another, before one sees the run's end
    final FlowClient client;
    private final Server server;

    /** For each call: "keeps" or "older" (headers without the mark) with an id, "empty" without one, else the reason of a refusal. */
    FakeGateway(String... answers) throws IOException {
      String name = InProcessServerBuilder.generateName();
      server = InProcessServerBuilder.forName(name).directExecutor().addService(
          ServerServiceDefinition.builder(FlowServiceGrpc.SERVICE_NAME).addMethod(FlowServiceGrpc.getUpdateAndTriggerFlowMethod(),
              (call, metadata) -> {
                call.request(1);
                return new ServerCall.Listener<UpdateAndTriggerFlowRequest>() {
                  @Override
                  public void onMessage(UpdateAndTriggerFlowRequest request) {
                    keys.add(request.getIdempotencyKey());
                    answer(call, answers[keys.size() - 1]);
                  }
                };
              }).addMethod(FlowServiceGrpc.getGetFlowInstanceMethod(),
              ServerCalls.asyncUnaryCall((request, answer) -> {
                answer.onNext(GetFlowInstanceResponse.getDefaultInstance());
                answer.onCompleted();
              })).addMethod(FlowServiceGrpc.getCancelFlowInstanceMethod(), ServerCalls.asyncUnaryCall((request, answer) -> {}))
              .addMethod(FlowServiceGrpc.getWatchFlowInstanceMethod(), ServerCalls.asyncServerStreamingCall((request, answer) -> watch(answer)))
              .build()).build().start();
      client = new FlowClient(InProcessChannelBuilder.forName(name).build(), null);
    }

    private void watch(StreamObserver<WatchFlowInstanceResponse> answer) {
      FlowInstance.Builder run = FlowInstance.newBuilder().setFlowId(1);
      answer.onNext(WatchFlowInstanceResponse.newBuilder().setFlowInstance(run).build());
      if (!cuts.isEmpty()) {
        answer.onError(cuts.remove(0).asRuntimeException());
        return;
      }
      answer.onNext(WatchFlowInstanceResponse.newBuilder().setFlowInstance(run.setEnded(true)).build());
      answer.onCompleted();
    }

    private static void answer(ServerCall<UpdateAndTriggerFlowRequest, UpdateAndTriggerFlowResponse> call, String answer) {
      if (!answer.equals("keeps") && !answer.equals("older") && !answer.equals("empty")) {
        StatusRuntimeException refusal = refusal(answer);
        call.close(refusal.getStatus(), refusal.getTrailers());
        return;
      }
      Metadata headers = new Metadata();
      if (!answer.equals("older")) {
        headers.put(Headers.IDEMPOTENCY, "1");
      }
      call.sendHeaders(headers);
      call.sendMessage(UpdateAndTriggerFlowResponse.newBuilder().setFlowInstanceId(answer.equals("empty") ? "" : "1-2").build());
      call.close(Status.OK, new Metadata());
    }

    private static StatusRuntimeException refusal(String reason) {
      return StatusProto.toStatusRuntimeException(com.google.rpc.Status.newBuilder().setCode(9).addDetails(detail("ErrorInfo",
          ErrorInfo.newBuilder().setDomain("enos-flow-gateway").setReason(reason).putMetadata("execution", "NOT_EXECUTED").build()))
          .build());
    }

    String trigger() {
      return client.trigger(UpdateAndTriggerFlowRequest.getDefaultInstance()).idempotencyKey();
    }

    @Override
    public void close() {
      client.close();
      server.shutdownNow();
    }
  }

  @Test
  public void anOlderGatewayDoesNotEndTheUseOfKeys() throws IOException {
    try (FakeGateway gateway = new FakeGateway("older", "keeps")) {
      assertEquals("", gateway.trigger());
      assertEquals(gateway.keys.get(0).length(), gateway.trigger().length());
    }
  }

  @Test
  public void aRefusedKeyIsTheLastThatWasNotAskedFor() throws IOException {
    try (FakeGateway gateway = new FakeGateway("IDEMPOTENCY_NOT_OFFERED", "older", "keeps")) {
      assertEquals("", gateway.trigger());
      assertEquals("", gateway.trigger());
      assertNotEquals("", gateway.keys.get(0));
      assertEquals(List.of("", ""), gateway.keys.subList(1, 3));
    }
  }

  @Test
  public void okWithoutAnAnswer() throws IOException {
    try (FakeGateway gateway = new FakeGateway("empty", "empty", "empty")) {
      FlowException failure = assertThrows(FlowException.class, gateway::trigger);
      assertEquals(Status.Code.INTERNAL, failure.code());
      assertEquals(Execution.UNKNOWN, failure.execution());
      assertEquals(3, gateway.keys.size());
      failure = assertThrows(FlowException.class, () -> gateway.client.get(new FlowRun("u", "o", "1-2")));
      assertEquals(Execution.STARTS_NOTHING, failure.execution());
    }
  }

  /** As when a connection reaches its age, its grace ends, or a gateway drains, in the middle of a long run. */
  @Test
  public void aWatchGoesOnOverStreamsThatAreCut() throws IOException {
    try (FakeGateway gateway = new FakeGateway()) {
      gateway.cuts.addAll(List.of(Status.UNAVAILABLE, Status.CANCELLED, Status.INTERNAL));
      RepeatOptions soon = new RepeatOptions(1, Duration.ofMillis(1), Duration.ofMillis(1));
      List<Boolean> states = new ArrayList<>();
      FlowWatch watch = gateway.client.watch(new FlowRun("u", "o", "1-2"), FlowCallOptions.DEFAULT.withRepeat(soon));
      watch.forEachRemaining(state -> states.add(state.getEnded()));
      assertEquals(List.of(false, true), states);
      assertTrue(gateway.cuts.isEmpty());
    }
  }

  @Test
  public void keyIsAUuidOfVersionSeven() {
    assertEquals("01234567-89ab-7fff-bfff-ffffffffffff", IdempotencyKey.of(0x0123456789abL, -1, -1));
    assertNotEquals(IdempotencyKey.create(), IdempotencyKey.create());
  }

  @Test
  public void wrongSettingsAreRefused() {
    for (Runnable wrong : new Runnable[] {
        () -> FlowClient.builder("localhost").build(),
        () -> FlowClient.builder("127.0.0.256:1").plaintext().tokenFile(Path.of("/dev/null")).build(),
        () -> FlowCallOptions.DEFAULT.withRequestId("two\nlines"),
        () -> FlowClient.builder("localhost:1").plaintext().serverName("x").build(),
        () -> FlowClient.builder("gateway:1").plaintext().tokenFile(Path.of("/x")).build()}) {
      try {
        wrong.run();
      } catch (IllegalArgumentException expected) {
        continue;
      }
      throw new AssertionError("accepted");
    }
  }
}
