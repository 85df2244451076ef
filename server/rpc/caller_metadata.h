#ifndef ENOS_SERVER_RPC_CALLER_METADATA_H_
#define ENOS_SERVER_RPC_CALLER_METADATA_H_

#include <grpcpp/support/string_ref.h>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace enos::gateway {

// What a caller's metadata says, read before the caller is known. A few kilobytes on the wire may
// be tens of thousands of entries of some kilobytes each (HPACK can refer to a previous one with a
// single byte), so nothing here copies or counts more than it can use.

// In the form of grpc::ServerContext::client_metadata(). Returned views point into it.
using CallerMetadata = std::multimap<grpc::string_ref, grpc::string_ref>;

// The value of a key that may appear once; empty if there is none, or several.
std::string_view OnlyValue(const CallerMetadata& metadata, const char* key);

// The first values of a key, no more than `most`.
std::vector<std::string_view> FirstValues(const CallerMetadata& metadata, const char* key,
                                          size_t most);

// Values of `tracestate`, joined as W3C Trace Context requires: with commas, in their order. Empty
// if there are more than 32, or if they would be longer than 512 bytes: longer values need not be
// passed on.
std::string JoinedTraceState(const CallerMetadata& metadata);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_CALLER_METADATA_H_
