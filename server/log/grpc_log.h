#ifndef ENOS_SERVER_LOG_GRPC_LOG_H_
#define ENOS_SERVER_LOG_GRPC_LOG_H_

namespace enos::gateway {

// Sends gRPC's own log lines through the gateway's log, at debug level whatever gRPC calls them
// (their severity is a field): gRPC 1.51 writes errors about things that clients do and that are
// none. What gRPC writes at all is still set by GRPC_VERBOSITY (default: errors). GRPC_TRACE is
// not: its traces have callers' metadata, bearer tokens not least, and the bytes of connections.
// Call once, before gRPC is used and before the first thread.
void InstallGrpcLog();

}  // namespace enos::gateway

#endif  // ENOS_SERVER_LOG_GRPC_LOG_H_
