#ifndef ENOS_SERVER_LOG_GRPC_LOG_H_
#define ENOS_SERVER_LOG_GRPC_LOG_H_

namespace enos::gateway {

// Sends gRPC's own log lines through the gateway's log, at debug level whatever gRPC calls them
// (their severity is a field), because gRPC 1.51 logs errors about harmless things that clients do.
// GRPC_VERBOSITY still controls what gRPC writes at all (default: errors). GRPC_TRACE does not: its
// traces contain callers' metadata, including bearer tokens, and the bytes of connections. Call
// once, before gRPC is used and before the first thread.
void InstallGrpcLog();

}  // namespace enos::gateway

#endif  // ENOS_SERVER_LOG_GRPC_LOG_H_
