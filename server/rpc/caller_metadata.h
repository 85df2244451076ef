#ifndef ENOS_SERVER_RPC_CALLER_METADATA_H_
#define ENOS_SERVER_RPC_CALLER_METADATA_H_

#include <grpcpp/support/string_ref.h>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace enos::gateway {

// What a caller's metadata says, read before anybody knows who calls. A few kilobytes on the wire
// may be tens of thousands of entries of some kilobytes each (HPACK refers to one that was sent
// before by a single byte), so that nothing here copies or counts more than it can use.

// As grpc::ServerContext::client_metadata() has it. What is returned as a view points into it.
using CallerMetadata = std::multimap<grpc::string_ref, grpc::string_ref>;

// The value of a key that may be there once; empty where there is none, or several.
std::string_view OnlyValue(const CallerMetadata& metadata, const char* key);

// The first values of a key, no more than `most`.
std::vector<std::string_view> FirstValues(const CallerMetadata& metadata, const char* key,
                                          size_t most);

// Values of `tracestate` as W3C Trace Context wants several joined: by commas, in their order.
// Empty where there are more than 32, or where they would be longer than 512 bytes: what is longer
// need not be passed on.
std::string JoinedTraceState(const CallerMetadata& metadata);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_CALLER_METADATA_H_
