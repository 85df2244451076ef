package enos.flow;

import enos.dataflow.v1.ErrorReason;
import enos.dataflow.v1.FlowInstance;
import enos.dataflow.v1.FlowServiceGrpc;
import enos.dataflow.v1.WatchFlowInstanceRequest;
import enos.dataflow.v1.WatchFlowInstanceResponse;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * The states of a run until it has ended. UNAVAILABLE and lost connections do not end it: the run is watched again. Only where
 * the client never had a connection that is an error. For one thread at a time, but for
 * {@link #close}, which stops watching and not the run.
 */
public final class FlowWatch implements Iterator<FlowInstance>, AutoCloseable {
  private final FlowClient client;
  private final WatchFlowInstanceRequest request;
  private final FlowCallOptions options;
  private final long deadline;
  private final Context.CancellableContext context = Context.ROOT.withCancellation();
  private final CountDownLatch closed = new CountDownLatch(1);

  private Iterator<WatchFlowInstanceResponse> stream;
  private boolean hadState; // on the present stream
  private int failures; // streams in a row that brought nothing new
  private FlowInstance last;
  private FlowInstance ahead;

  FlowWatch(FlowClient client, FlowRun run, FlowCallOptions options) {
    this.client = client;
    this.options = options;
    this.deadline = FlowClient.deadline(options, Duration.ofDays(365));
    this.request = WatchFlowInstanceRequest.newBuilder()
        .setUserId(run.userId).setOrgId(run.orgId).setFlowInstanceId(run.flowInstanceId).build();
  }

  /** Waits for the next state. False: the run has ended, and the last state said how. Throws FlowException. */
  @Override
  public boolean hasNext() {
    while (ahead == null && (last == null || !last.getEnded())) {
      try {
        read();
      } catch (StatusRuntimeException error) {
        stream = null;
        again(Failure.of(error).startsNothing());
      }
    }
    if (ahead == null) {
      close();
    }
    return ahead != null;
  }

  @Override
  public FlowInstance next() {
    if (!hasNext()) {
      throw new NoSuchElementException("the run has ended");
    }
    FlowInstance state = ahead;
    ahead = null;
    return state;
  }

  @Override
  public void close() {
    closed.countDown();
    context.cancel(null);
  }

  private void read() {
    if (isOver()) {
      throw stopped();
    }
    if (stream == null) {
      open();
    }
    if (!stream.hasNext()) {
      throw end(new Failure(Status.Code.INTERNAL, "the gateway ended the watch before the run had ended"));
    }
    FlowInstance state = stream.next().getFlowInstance();
    hadState = true;
    if (!state.equals(last)) { // a stream begins with a state that the one before it may have told
      last = state;
      ahead = state;
      failures = 0;
    }
  }

  private void open() {
    hadState = false;
    Metadata own = new Metadata();
    Failure failure = client.wasConnected() ? null : client.connect(deadline, context);
    if (failure == null) {
      failure = client.outgoing(options, own);
    }
    if (failure != null) {
      throw isOver() ? stopped() : end(failure);
    }
    FlowServiceGrpc.FlowServiceBlockingStub stub = FlowServiceGrpc.newBlockingStub(client.channel)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(own));
    if (options.timeout != null) {
      stub = stub.withDeadlineAfter(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    }
    Context before = context.attach();
    try {
      stream = stub.watchFlowInstance(request);
    } finally {
      context.detach(before);
    }
  }

  /** Returns after the wait, or throws why the run is watched no longer. */
  private void again(Failure failure) {
    if (isOver()) {
      throw stopped();
    }
    if (failure.code == Status.Code.DEADLINE_EXCEEDED && failure.reasonName.isEmpty()) {
      throw end(timeIsUp()); // gRPC gave up before the gateway's answer came
    }
    if (!meansWatchAgain(failure, hadState, client.tokenFile != null)) {
      throw end(failure);
    }
    failures++;
    long wait = failure.retryAfter.map(Duration::toMillis)
        .orElseGet(() -> options.repeat.backoffMillis(failures, ThreadLocalRandom.current().nextDouble()));
    if (wait >= FlowClient.millisLeft(deadline)) {
      throw end(failure);
    }
    try {
      closed.await(wait, TimeUnit.MILLISECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      close();
    }
  }

  /** A channel that was shut down says UNAVAILABLE for ever. */
  private boolean isOver() {
    return closed.getCount() == 0 || client.channel.isShutdown() || FlowClient.millisLeft(deadline) <= 0;
  }

  private FlowException stopped() {
    if (closed.getCount() == 0 || client.channel.isShutdown()) {
      return end(new Failure(Status.Code.CANCELLED, "the watch was cancelled; the run goes on"));
    }
    return end(timeIsUp());
  }

  private static Failure timeIsUp() {
    return Failure.notSent(Status.Code.DEADLINE_EXCEEDED, ErrorReason.WATCH_TIMEOUT,
        "the run had not ended when the time to watch it was over; it goes on");
  }

  private FlowException end(Failure failure) {
    close();
    if (failure.requestId.isEmpty()) {
      failure.requestId = options.requestId;
    }
    return new FlowException(failure.startsNothing());
  }

  /** The gateway said UNAVAILABLE, or something cut a stream that had worked, or its token has run out since. */
  static boolean meansWatchAgain(Failure failure, boolean hadState, boolean hasToken) {
    if (failure.code == Status.Code.UNAVAILABLE) {
      return true;
    }
    if (!hadState) {
      return false;
    }
    if (failure.reasonName.isEmpty()) {
      return true;
    }
    return hasToken && failure.reason == ErrorReason.CALLER_UNAUTHENTICATED;
  }
}
