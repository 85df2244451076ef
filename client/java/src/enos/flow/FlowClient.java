package enos.flow;

import com.google.protobuf.Timestamp;
import enos.dataflow.v1.CancelFlowInstanceRequest;
import enos.dataflow.v1.ErrorReason;
import enos.dataflow.v1.FlowInstance;
import enos.dataflow.v1.FlowServiceGrpc;
import enos.dataflow.v1.GetFlowInstanceRequest;
import enos.dataflow.v1.GetFlowInstanceResponse;
import enos.dataflow.v1.UpdateAndTriggerFlowRequest;
import enos.dataflow.v1.UpdateAndTriggerFlowResponse;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/**
 * Starts EnOS flows through the gateway, and reads, watches and cancels their runs. It is the connection: make one and keep it.
 * Thread-safe. All calls throw {@link FlowException}; an interrupt ends waits, and stays set.
 *
 * <p>Each call that succeeds starts another run. So {@link #trigger} repeats a call only where that cannot start the flow twice.
 */
public final class FlowClient implements AutoCloseable {
  private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);
  private static final long LONGEST_MILLIS = TimeUnit.DAYS.toMillis(365);

  /** From the most recent initial metadata of a call with a key. */
  private volatile boolean keysKept;
  /** A key was refused: keys that the caller did not ask for are not sent any more. */
  private volatile boolean keysNotOffered;
  /** There has been a connection. */
  private volatile boolean connected;

  final ManagedChannel channel;
  final Path tokenFile;

  FlowClient(ManagedChannel channel, Path tokenFile) {
    this.channel = channel;
    this.tokenFile = tokenFile;
  }

  /** {@code address} is host:port, for example "gateway.example.com:443". TLS, but for this machine's own addresses. */
  public static FlowClientBuilder builder(String address) {
    return new FlowClientBuilder(address);
  }

  /** The time in the form that the request takes. */
  public static Timestamp timestamp(Instant time) {
    return Timestamp.newBuilder().setSeconds(time.getEpochSecond()).setNanos(time.getNano()).build();
  }

  /** For calls of other services of the gateway, such as grpc.health.v1. */
  public ManagedChannel channel() {
    return channel;
  }

  /** Closes the connection and ends all calls in progress. */
  @Override
  public void close() {
    channel.shutdownNow();
  }

  /** Whether the gateway said that it keeps idempotency keys, when it was last called with one. */
  public boolean keepsKeys() {
    return keysKept;
  }

  public TriggeredFlow trigger(UpdateAndTriggerFlowRequest request) {
    return trigger(request, FlowCallOptions.DEFAULT);
  }

  /**
   * Starts one run of a flow, and repeats the call if that cannot start the flow twice and may help: after NOT_EXECUTED or,
   * with an idempotency key that the gateway stores, also if the flow may have been started. If the gateway stores keys and
   * the request has none, one is generated for all attempts of this call.
   */
  public TriggeredFlow trigger(UpdateAndTriggerFlowRequest request, FlowCallOptions options) {
    long deadline = deadline(options, DEFAULT_TIMEOUT);
    boolean makesKey = request.getIdempotencyKey().isEmpty() && options.makesKey && !keysNotOffered;
    Start start = new Start(makesKey ? withKey(request, IdempotencyKey.create()) : request, makesKey);
    try {
      return options.repeat.repeat(mayHaveStarted -> start.attempt(options, deadline, mayHaveStarted), new Until(deadline));
    } catch (Failed failed) {
      throw new FlowException(failed.failure);
    }
  }

  /** One logical call: its request, whose key may have been made here and is then given up where no key is kept. */
  private final class Start {
    UpdateAndTriggerFlowRequest request;
    private boolean madeKey;

    Start(UpdateAndTriggerFlowRequest request, boolean madeKey) {
      this.request = request;
      this.madeKey = madeKey;
    }

    TriggeredFlow attempt(FlowCallOptions options, long deadline, boolean mayHaveStarted) throws Failed {
      if (mayHaveStarted && !keepsKeys()) { // another gateway's word in the meantime
        Failure failure = Failure.notSent(Status.Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_UNSPECIFIED,
            "the gateway no longer says that it keeps idempotency keys; not called again.");
        failure.idempotencyKey = request.getIdempotencyKey();
        throw new Failed(failure);
      }
      try {
        return triggerOnce(request, options, deadline);
      } catch (Failed failed) {
        if (!madeKey || mayHaveStarted || failed.failure.reason != ErrorReason.IDEMPOTENCY_NOT_OFFERED) {
          throw failed;
        }
      }
      keysNotOffered = true;
      madeKey = false;
      request = withKey(request, "");
      return triggerOnce(request, options, deadline);
    }
  }

  private static UpdateAndTriggerFlowRequest withKey(UpdateAndTriggerFlowRequest request, String key) {
    return request.toBuilder().setIdempotencyKey(key).build();
  }

  private TriggeredFlow triggerOnce(UpdateAndTriggerFlowRequest request, FlowCallOptions options, long deadline)
      throws Failed {
    if (options.attemptTimeout != null) {
      deadline = Math.min(deadline, System.nanoTime() + options.attemptTimeout.toNanos());
    }
    boolean hasKey = !request.getIdempotencyKey().isEmpty();
    AtomicReference<Metadata> headers = new AtomicReference<>();
    AtomicReference<Metadata> trailers = new AtomicReference<>();
    try {
      UpdateAndTriggerFlowResponse response =
          call(options, deadline, headers, trailers, stub -> stub.updateAndTriggerFlow(request));
      boolean kept = keyKept(hasKey, headers.get());
      if (response.getFlowInstanceId().isEmpty()) {
        throw incomplete("the gateway answered OK without a flow instance id", trailers.get(), options);
      }
      return new TriggeredFlow(response.getFlowInstanceId(), response.getReplayed(),
          Headers.first(trailers.get(), Headers.REQUEST_ID, options.requestId),
          Headers.first(trailers.get(), Headers.ENOS_REQUEST_ID, ""), kept ? request.getIdempotencyKey() : "");
    } catch (Failed failed) {
      failed.failure.keyKept = keyKept(hasKey, headers.get());
      failed.failure.idempotencyKey = request.getIdempotencyKey();
      throw failed;
    }
  }

  /** Headers are the gateway's own: an error that a proxy or a library made up comes without any (null). */
  private boolean keyKept(boolean hasKey, Metadata headers) {
    if (!hasKey) {
      return false;
    }
    if (headers != null) {
      boolean kept = "1".equals(headers.get(Headers.IDEMPOTENCY));
      keysKept = kept;
      return kept;
    }
    return keysKept;
  }

  /** The error of an answer that says OK and not what. */
  private static Failed incomplete(String message, Metadata trailers, FlowCallOptions options) {
    Failure failure = new Failure(Status.Code.INTERNAL, message);
    failure.requestId = Headers.first(trailers, Headers.REQUEST_ID, options.requestId);
    failure.enosRequestId = Headers.first(trailers, Headers.ENOS_REQUEST_ID, "");
    return new Failed(failure);
  }

  public FlowInstance get(FlowRun run) {
    return get(run, FlowCallOptions.DEFAULT);
  }

  /** What has become of a run. */
  public FlowInstance get(FlowRun run, FlowCallOptions options) {
    AtomicReference<Metadata> trailers = new AtomicReference<>();
    GetFlowInstanceResponse response = read(options, trailers, stub -> stub.getFlowInstance(GetFlowInstanceRequest.newBuilder()
        .setUserId(run.userId).setOrgId(run.orgId).setFlowInstanceId(run.flowInstanceId).build()));
    if (!response.hasFlowInstance()) {
      throw new FlowException(incomplete("the gateway answered OK without a flow instance", trailers.get(), options)
          .failure.startsNothing());
    }
    return response.getFlowInstance();
  }

  public void cancel(FlowRun run) {
    cancel(run, FlowCallOptions.DEFAULT);
  }

  /** Ends a run. Returns when EnOS took the request; watch the run to see it take effect. */
  public void cancel(FlowRun run, FlowCallOptions options) {
    read(options, new AtomicReference<>(), stub -> stub.cancelFlowInstance(CancelFlowInstanceRequest.newBuilder()
        .setUserId(run.userId).setOrgId(run.orgId).setFlowInstanceId(run.flowInstanceId).build()));
  }

  private <T> T read(FlowCallOptions options, AtomicReference<Metadata> trailers,
      Function<FlowServiceGrpc.FlowServiceBlockingStub, T> method) {
    try {
      return call(options, deadline(options, DEFAULT_TIMEOUT), new AtomicReference<>(), trailers, method);
    } catch (Failed failed) {
      throw new FlowException(failed.failure.startsNothing());
    }
  }

  public FlowWatch watch(FlowRun run) {
    return watch(run, FlowCallOptions.DEFAULT);
  }

  /** The state of a run at first, then whenever it has changed, until it has ended. */
  public FlowWatch watch(FlowRun run, FlowCallOptions options) {
    return new FlowWatch(this, run, options);
  }

  public FlowInstance await(FlowRun run) {
    return await(run, FlowCallOptions.DEFAULT);
  }

  /** Waits until a run has ended, and tells how. Watches again for as long as the gateway is UNAVAILABLE, as {@link #watch} does. */
  public FlowInstance await(FlowRun run, FlowCallOptions options) {
    try (FlowWatch watch = watch(run, options)) {
      FlowInstance last = null;
      while (watch.hasNext()) {
        last = watch.next();
      }
      return last;
    }
  }

  /** Null, or why there is no connection. */
  Failure connect(long deadline, Context context) {
    Failure failure = Connection.connect(channel, deadline, context);
    if (failure == null) {
      connected = true;
    }
    return failure;
  }

  boolean wasConnected() {
    return connected;
  }

  /** Connects, makes one call and unpacks its error. */
  private <T> T call(FlowCallOptions options, long deadline, AtomicReference<Metadata> headers,
      AtomicReference<Metadata> trailers, Function<FlowServiceGrpc.FlowServiceBlockingStub, T> method) throws Failed {
    Failure failure = millisLeft(deadline) <= 0
        ? Failure.notSent(Status.Code.DEADLINE_EXCEEDED, ErrorReason.ERROR_REASON_UNSPECIFIED,
            "no time was left for the call; nothing was sent")
        : connect(deadline, Context.current());
    Metadata own = new Metadata();
    if (failure == null) {
      failure = outgoing(options, own);
    }
    if (failure == null) {
      try {
        return method.apply(FlowServiceGrpc.newBlockingStub(channel)
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(own),
                MetadataUtils.newCaptureMetadataInterceptor(headers, trailers))
            .withDeadlineAfter(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS));
      } catch (StatusRuntimeException error) {
        failure = Failure.of(error);
      }
    }
    if (failure.requestId.isEmpty()) {
      failure.requestId = options.requestId;
    }
    throw new Failed(failure);
  }

  /** What every call sends: who calls, and the request id. Null, or why it cannot. */
  Failure outgoing(FlowCallOptions options, Metadata own) {
    if (!options.requestId.isEmpty()) {
      own.put(Headers.REQUEST_ID, options.requestId);
    }
    if (tokenFile != null) {
      try {
        own.put(Headers.AUTHORIZATION, "Bearer " + TokenFile.read(tokenFile));
      } catch (IllegalArgumentException unusable) {
        Failure failure = Failure.notSent(
            Status.Code.UNAUTHENTICATED, ErrorReason.ERROR_REASON_UNSPECIFIED, unusable.getMessage());
        failure.reasonName = FlowException.TOKEN_FILE_UNUSABLE;
        return failure;
      }
    }
    return null;
  }

  static long deadline(FlowCallOptions options, Duration otherwise) {
    Duration timeout = options.timeout == null ? otherwise : options.timeout;
    return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Math.min(timeout.toMillis(), LONGEST_MILLIS));
  }

  static long millisLeft(long deadline) {
    return TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
  }

  /** The real clock, until a deadline. */
  private static final class Until implements RepeatOptions.Hooks {
    private final long deadline;

    Until(long deadline) {
      this.deadline = deadline;
    }

    @Override
    public long millisLeft() {
      return FlowClient.millisLeft(deadline);
    }

    @Override
    public boolean pause(long millis) {
      try {
        Thread.sleep(millis);
        return true;
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        return false;
      }
    }

    @Override
    public double random() {
      return ThreadLocalRandom.current().nextDouble();
    }
  }

  /** A failure on its way to whoever decides about the next attempt. */
  static final class Failed extends Exception {
    private static final long serialVersionUID = 1;
    final transient Failure failure;

    Failed(Failure failure) {
      super(null, null, false, false);
      this.failure = failure;
    }
  }
}
