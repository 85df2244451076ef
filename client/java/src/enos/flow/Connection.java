package enos.flow;

import enos.dataflow.v1.ErrorReason;
import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import com.google.protobuf.Empty;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Connecting before a call: gRPC alone cannot tell a call that never left from one that was lost. */
final class Connection {
  // Has no side effects wherever it arrives.
  private static final MethodDescriptor<Empty, Empty> HEALTH = MethodDescriptor.<Empty, Empty>newBuilder()
      .setType(MethodDescriptor.MethodType.UNARY)
      .setFullMethodName("grpc.health.v1.Health/Check")
      .setRequestMarshaller(ProtoUtils.marshaller(Empty.getDefaultInstance()))
      .setResponseMarshaller(ProtoUtils.marshaller(Empty.getDefaultInstance()))
      .build();

  private Connection() {}

  /** Null, or why there is no connection: certainly NOT_EXECUTED, because no call was made. Ends with the context. */
  static Failure connect(ManagedChannel channel, long deadline, Context context) {
    for (;;) {
      if (context.isCancelled()) {
        return unreachable(Status.Code.CANCELLED, "cancelled before there was a connection to the gateway");
      }
      ConnectivityState state = channel.getState(true);
      switch (state) {
        case READY:
          return null;
        case TRANSIENT_FAILURE:
        case SHUTDOWN:
          Failure failure = unreachable(Status.Code.UNAVAILABLE, "no connection to the gateway" + why(channel, deadline));
          channel.resetConnectBackoff(); // the next call need not wait up to two minutes
          return failure;
        default:
      }
      CountDownLatch changed = new CountDownLatch(1);
      Context.CancellationListener cancelled = ended -> changed.countDown();
      context.addListener(cancelled, Runnable::run);
      channel.notifyWhenStateChanged(state, changed::countDown);
      try {
        if (!changed.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
          return unreachable(Status.Code.DEADLINE_EXCEEDED, "no connection to the gateway within the time-out");
        }
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        return unreachable(Status.Code.CANCELLED, "interrupted before there was a connection to the gateway");
      } finally {
        context.removeListener(cancelled);
      }
    }
  }

  private static Failure unreachable(Status.Code code, String message) {
    return Failure.notSent(code, ErrorReason.GATEWAY_UNREACHABLE, message);
  }

  /** A channel's state does not say; a call that fails does. */
  private static String why(ManagedChannel channel, long deadline) {
    long nanos = Math.max(1, Math.min(deadline - System.nanoTime(), TimeUnit.SECONDS.toNanos(1)));
    try {
      ClientCalls.blockingUnaryCall(channel, HEALTH,
          CallOptions.DEFAULT.withDeadlineAfter(nanos, TimeUnit.NANOSECONDS), Empty.getDefaultInstance());
      return "";
    } catch (StatusRuntimeException error) {
      if (error.getStatus().getCode() != Status.Code.UNAVAILABLE) {
        return "";
      }
      Throwable cause = error.getCause();
      return ": " + error.getStatus().getDescription() + (cause == null ? "" : " (" + cause.getMessage() + ")");
    }
  }
}
