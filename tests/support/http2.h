#ifndef ENOS_TESTS_SUPPORT_HTTP2_H_
#define ENOS_TESTS_SUPPORT_HTTP2_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace enos {

// A number in so many bytes, as HTTP/2 writes it, and read again.
std::string BigEndian(uint32_t number, int bytes = 4);
uint32_t NumberIn(std::string_view bytes);

// A frame (RFC 9113).
struct Frame {
  enum Type : uint8_t {
    kData = 0,
    kHeaders = 1,
    kRstStream = 3,
    kSettings = 4,
    kPing = 6,
    kGoAway = 7,
    kWindowUpdate = 8,
    kContinuation = 9
  };
  // Flags.
  static constexpr uint8_t kAck = 1;
  static constexpr uint8_t kEndStream = 1;
  static constexpr uint8_t kEndHeaders = 4;

  uint8_t type = 0;
  uint8_t flags = 0;
  uint32_t stream = 0;
  std::string payload;
};
std::string FrameBytes(Frame::Type type, uint8_t flags, uint32_t stream, std::string_view payload);
// Takes the first frame out of `input`; nothing where it is not whole yet.
std::optional<Frame> TakeFrame(std::string* input);

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

}  // namespace enos

#endif  // ENOS_TESTS_SUPPORT_HTTP2_H_
