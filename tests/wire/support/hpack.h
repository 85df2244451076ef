#ifndef ENOS_TESTS_WIRE_SUPPORT_HPACK_H_
#define ENOS_TESTS_WIRE_SUPPORT_HPACK_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace enos::gateway::testing {

// Pieces of a header block (RFC 7541), without Huffman codes.

// The first index of the dynamic table: what was indexed last.
inline constexpr uint64_t kNewestEntry = 62;

enum class Indexed { kNo, kYes };
std::string HeaderLiteral(std::string_view name, std::string_view value,
                          Indexed indexed = Indexed::kNo);
// An entry of a table.
std::string HeaderReference(uint64_t index);

// What a gRPC call begins with, of the flow service's only method where no other path is named.
std::string CallHeaders(std::string_view more = {}, std::string_view path = {});

// A gRPC message: its flag, its length, as announced, and `bytes`.
std::string GrpcMessage(std::string_view bytes, bool compressed = false);
std::string GrpcMessageAnnounced(uint32_t length, std::string_view bytes);

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_HPACK_H_
