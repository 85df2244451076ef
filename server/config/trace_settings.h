#ifndef ENOS_SERVER_CONFIG_TRACE_SETTINGS_H_
#define ENOS_SERVER_CONFIG_TRACE_SETTINGS_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace enos::gateway {

enum class TraceProtocol { kHttpProtobuf, kGrpc };

// How traces are made and where they go, as OpenTelemetry's own variables (OTEL_*) say:
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
struct TraceSettings {
  std::string endpoint;  // the whole URL; empty: no traces
  TraceProtocol protocol = TraceProtocol::kHttpProtobuf;
  std::multimap<std::string, std::string> headers;  // of each export; they may hold a password
  std::string ca_file;                              // empty: the system's
  std::string client_certificate_file;              // both or neither, not with gRPC
  std::string client_key_file;
  bool gzip = false;
  std::chrono::milliseconds timeout{10000};  // of an export

  // What a root is sampled by: 1 is always, 0 never; a call with a caller's span by that one's
  // flag, where `parent_based`.
  double ratio = 1;
  bool parent_based = true;

  std::map<std::string, std::string> resource;  // attributes

  std::chrono::milliseconds delay{5000};  // between exports
  int64_t max_queue = 2048;               // spans that wait for their export
  int64_t max_batch = 512;                // spans in one export
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CONFIG_TRACE_SETTINGS_H_
