#include "tests/wire/support/hpack.h"

namespace enos::gateway::testing {
namespace {

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
  std::string message(1, flag);
  for (const int shift : {24, 16, 8, 0}) message += static_cast<char>((length >> shift) & 0xff);
  return message.append(bytes);
}

}  // namespace

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

}  // namespace enos::gateway::testing
