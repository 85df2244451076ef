package enos.flow;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotEquals;
import static org.junit.Assert.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import enos.dataflow.v1.ErrorReason;
import enos.flow.details.BadRequest;
import enos.flow.details.ErrorInfo;
import enos.flow.details.RetryInfo;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
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

  private static Failure keyed(Status.Code code, Execution execution, KeyState state) {
    Failure failure = failed(code, execution);
    failure.keyKept = true;
    failure.keyState = state;
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
  public void whatTheKeyAllows() {
    assertTrue(RepeatOptions.worthRepeating(keyed(Status.Code.UNKNOWN, Execution.UNKNOWN, KeyState.NOT_TOLD)));
    assertTrue(RepeatOptions.worthRepeating(keyed(Status.Code.ABORTED, Execution.UNKNOWN, KeyState.RESERVED)));
    assertFalse(RepeatOptions.worthRepeating(keyed(Status.Code.UNKNOWN, Execution.UNKNOWN, KeyState.DOUBT)));
    assertFalse(RepeatOptions.worthRepeating(keyed(Status.Code.PERMISSION_DENIED, Execution.UNKNOWN, KeyState.NOT_TOLD)));
    assertFalse(RepeatOptions.worthRepeating(keyed(Status.Code.NOT_FOUND, Execution.NOT_EXECUTED, KeyState.NONE)));
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

  private static void afterOneThatMayHaveRun(Failure last, Execution expected) {
    Failure lost = keyed(Status.Code.UNKNOWN, Execution.UNKNOWN, KeyState.NOT_TOLD);
    lost.likelyFlowInstanceId = "1-2";
    RepeatOptions.History history = new RepeatOptions.History();
    history.add(lost);
    history.add(last);
    assertEquals(expected, last.execution);
    assertEquals(expected == Execution.UNKNOWN, history.mayHaveStarted);
    assertEquals(expected == Execution.UNKNOWN ? "1-2" : "", last.likelyFlowInstanceId);
  }

  @Test
  public void onlyNotExecutedWithNoneUndoesAnEarlierUnknown() {
    afterOneThatMayHaveRun(keyed(Status.Code.NOT_FOUND, Execution.NOT_EXECUTED, KeyState.NONE), Execution.NOT_EXECUTED);
    afterOneThatMayHaveRun(keyed(Status.Code.UNAVAILABLE, Execution.NOT_EXECUTED, KeyState.NOT_TOLD), Execution.UNKNOWN);
    afterOneThatMayHaveRun(keyed(Status.Code.INVALID_ARGUMENT, Execution.NOT_EXECUTED, KeyState.REUSED), Execution.UNKNOWN);
    Failure expired = keyed(Status.Code.INVALID_ARGUMENT, Execution.NOT_EXECUTED, KeyState.NONE);
    expired.reason = ErrorReason.IDEMPOTENCY_KEY_EXPIRED;
    afterOneThatMayHaveRun(expired, Execution.UNKNOWN);
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

  @Test
  public void keyIsAUuidOfVersionSeven() {
    assertEquals("01234567-89ab-7fff-bfff-ffffffffffff", IdempotencyKey.of(0x0123456789abL, -1, -1));
    assertNotEquals(IdempotencyKey.create(), IdempotencyKey.create());
  }

  @Test
  public void wrongSettingsAreRefused() {
    for (Runnable wrong : new Runnable[] {
        () -> FlowClient.builder("localhost").build(),
        () -> FlowClient.builder("localhost:1").plaintext().serverName("x").build(),
        () -> FlowClient.builder("gateway:1").plaintext().tokenFile(java.nio.file.Path.of("/x")).build()}) {
      try {
        wrong.run();
      } catch (IllegalArgumentException expected) {
        continue;
      }
      throw new AssertionError("accepted");
    }
  }
}
