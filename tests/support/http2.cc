#include "tests/support/http2.h"

namespace enos {
namespace {

// A frame's head: 24 bits of length, type, flags, stream.
constexpr size_t kHeadBytes = 9;
constexpr std::string_view kFlowPath = "/enos.dataflow.v1.FlowService/UpdateAndTriggerFlow";

std::string Number(uint64_t value, int bits, uint8_t first) {
  const uint64_t most = (uint64_t{1} << bits) - 1;
  std::string bytes;
  if (value < most) return bytes += static_cast<char>(first | value);
  bytes += static_cast<char>(first | most);
  for (value -= most; value >= 128; value >>= 7) bytes += static_cast<char>((value & 127U) | 128U);
  return bytes += static_cast<char>(value);
}

std::string Text(std::string_view text) { return Number(text.size(), 7, 0).append(text); }

std::string Message(char flag, uint32_t length, std::string_view bytes) {
  return flag + BigEndian(length).append(bytes);
}

}  // namespace

std::string BigEndian(uint32_t number, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    text += static_cast<char>((number >> static_cast<unsigned>(shift)) & 0xff);
  return text;
}

uint32_t NumberIn(std::string_view bytes) {
  uint32_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<uint8_t>(byte);
  return number;
}

std::string FrameBytes(Frame::Type type, uint8_t flags, uint32_t stream, std::string_view payload) {
  std::string frame = BigEndian(static_cast<uint32_t>(payload.size()), 3);
  frame += static_cast<char>(type);
  frame += static_cast<char>(flags);
  return frame.append(BigEndian(stream)).append(payload);
}

std::optional<Frame> TakeFrame(std::string* input) {
  const std::string_view all = *input;
  if (all.size() < kHeadBytes) return std::nullopt;
  const size_t length = NumberIn(all.substr(0, 3));
  if (all.size() < kHeadBytes + length) return std::nullopt;
  Frame frame{static_cast<uint8_t>(all[3]), static_cast<uint8_t>(all[4]),
              NumberIn(all.substr(5, 4)) & 0x7fffffffU,
              std::string(all.substr(kHeadBytes, length))};
  input->erase(0, kHeadBytes + length);
  return frame;
}

std::string HeaderLiteral(std::string_view name, std::string_view value, Indexed indexed) {
  return std::string(1, indexed == Indexed::kYes ? '\x40' : '\0').append(Text(name) + Text(value));
}

std::string HeaderReference(uint64_t index) { return Number(index, 7, 0x80); }

std::string CallHeaders(std::string_view more, std::string_view path) {
  std::string headers = HeaderLiteral(":method", "POST") + HeaderLiteral(":scheme", "http") +
                        HeaderLiteral(":path", path.empty() ? kFlowPath : path) +
                        HeaderLiteral(":authority", "x") + HeaderLiteral("te", "trailers") +
                        HeaderLiteral("content-type", "application/grpc");
  return headers.append(more);
}

std::string GrpcMessage(std::string_view bytes, bool compressed) {
  return Message(compressed ? '\1' : '\0', static_cast<uint32_t>(bytes.size()), bytes);
}

std::string GrpcMessageAnnounced(uint32_t length, std::string_view bytes) {
  return Message('\0', length, bytes);
}

}  // namespace enos
