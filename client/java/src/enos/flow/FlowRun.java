package enos.flow;

import java.util.Objects;

/** Names a run, and who asks about it. */
public final class FlowRun {
  final String userId;
  final String orgId;
  final String flowInstanceId;

  public FlowRun(String userId, String orgId, String flowInstanceId) {
    this.userId = Objects.requireNonNull(userId, "userId");
    this.orgId = Objects.requireNonNull(orgId, "orgId");
    this.flowInstanceId = Objects.requireNonNull(flowInstanceId, "flowInstanceId");
  }
}
