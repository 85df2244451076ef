#include "tests/hostile/kinds.h"

#include "tests/support/gzip.h"

namespace enos::hostile {
namespace {

using GoesOn = std::function<bool()>;
using std::chrono::milliseconds;

constexpr uint32_t kMib = 1 << 20;
constexpr size_t kFrameBytes = 16384;
constexpr uint32_t kLastStream = 0x7ffffff0;

std::string Call(uint32_t stream, std::string_view more = {}) {
  return FrameBytes(Frame::kHeaders, Frame::kEndHeaders, stream, CallHeaders(more));
}

// Within the windows; goes on where none is opened.
bool SendData(RawHttp2& connection, uint32_t stream, std::string_view data) {
  return connection.SendWithinWindow(stream, data, /*whole=*/false) ||
         (connection.IsOpen() && !connection.told_to_go());
}

// Waits for the server to close, keeping what it has.
void Stay(RawHttp2& connection, const GoesOn& goes_on) {
  while (goes_on() && connection.Discard(milliseconds(200))) {
  }
}

// The same bytes again and again, ignoring what arrives.
void Repeat(RawHttp2& connection, const GoesOn& goes_on, const std::string& bytes) {
  while (goes_on() && connection.SendBytes(bytes)) {
  }
}

void Silent(RawHttp2& connection, const GoesOn& goes_on) { Stay(connection, goes_on); }

void Unfinished(RawHttp2& connection, const GoesOn& goes_on) {
  const std::string message = GrpcMessageAnnounced(kMib - 8, std::string(kMib - 9, 'x'));
  for (uint32_t stream = 1; goes_on() && stream < 2000; stream += 2) {
    if (!connection.SendBytes(Call(stream)) || !SendData(connection, stream, message)) return;
  }
  Stay(connection, goes_on);
}

void Announced(RawHttp2& connection, const GoesOn& goes_on) {
  const std::string more(kMib, 'x');
  if (!connection.SendBytes(Call(1)) ||
      !SendData(connection, 1, GrpcMessageAnnounced(0xfffffff0, "")))
    return;
  while (goes_on() && SendData(connection, 1, more)) {
  }
}

// Unfinished messages hidden behind refused calls, each of which accounts for more than its size.
void HiddenByCalls(RawHttp2& connection, const GoesOn& goes_on) {
  const std::string message = GrpcMessageAnnounced(kMib - 8, std::string(4096, 'x'));
  const std::string empty = GrpcMessage("");
  for (uint32_t stream = 1; goes_on() && stream < kLastStream; stream += 4) {
    if (!connection.SendBytes(Call(stream)) || !SendData(connection, stream, message) ||
        !connection.SendBytes(Call(stream + 2) +
                              FrameBytes(Frame::kData, Frame::kEndStream, stream + 2, empty)) ||
        !connection.Discard(milliseconds(0)))
      return;
  }
}

std::string Literals(size_t bytes) {
  std::string headers;
  for (int i = 0; headers.size() < bytes; ++i)
    headers += HeaderLiteral("x-" + std::to_string(i), std::string(100, 'v'));
  return headers;
}

// More than the allowed 16 KiB, before the settings that say so are acknowledged.
void LargeHeaders(RawHttp2& connection, const GoesOn& goes_on) {
  static const std::string* const headers = new std::string(CallHeaders(Literals(15 * kMib)));
  for (uint32_t stream = 1; goes_on() && stream < kLastStream; stream += 2) {
    if (!connection.SendBytes(FrameBytes(Frame::kHeaders, Frame::kEndHeaders, stream, *headers)))
      return;
  }
}

void EndlessHeaders(RawHttp2& connection, const GoesOn& goes_on) {
  if (!connection.SendBytes(FrameBytes(Frame::kHeaders, 0, 1, CallHeaders()))) return;
  Repeat(connection, goes_on, FrameBytes(Frame::kContinuation, 0, 1, Literals(kFrameBytes - 200)));
}

// One endless value.
void EndlessValue(RawHttp2& connection, const GoesOn& goes_on) {
  // A literal whose value has 512 MiB.
  const std::string begin = CallHeaders() + std::string("\0\1x", 3) + "\x7f\x81\xff\xff\xff\x01";
  if (!connection.SendBytes(FrameBytes(Frame::kHeaders, 0, 1, begin))) return;
  Repeat(connection, goes_on,
         FrameBytes(Frame::kContinuation, 0, 1, std::string(kFrameBytes, 'v')));
}

// References of one byte to a short entry: much memory for each byte.
void References(RawHttp2& connection, const GoesOn& goes_on) {
  const std::string entry = HeaderLiteral("x-request-id", "r", Indexed::kYes);
  if (!connection.SendBytes(FrameBytes(Frame::kHeaders, 0, 1, CallHeaders(entry)))) return;
  std::string references;
  while (references.size() < kFrameBytes) references += HeaderReference(kNewestEntry);
  Repeat(connection, goes_on, FrameBytes(Frame::kContinuation, 0, 1, references));
}

// The same, with each call complete except for its message.
void ReferencesOfStreams(RawHttp2& connection, const GoesOn& goes_on) {
  std::string references;
  while (references.size() < 4000) references += HeaderReference(kNewestEntry);
  const std::string first = HeaderLiteral("x-request-id", std::string(3900, 'r'), Indexed::kYes);
  if (!connection.SendBytes(Call(1, first))) return;
  for (uint32_t stream = 3; goes_on() && stream < kLastStream; stream += 2) {
    if (!connection.SendBytes(Call(stream, references))) return;
  }
}

void OpenStreams(RawHttp2& connection, const GoesOn& goes_on) {
  for (uint32_t stream = 1; goes_on() && stream < kLastStream; stream += 2) {
    if (!connection.SendBytes(Call(stream))) return;
  }
}

void OpenedAndReset(RawHttp2& connection, const GoesOn& goes_on) {
  const std::string cancel("\0\0\0\x08", 4);
  for (uint32_t stream = 1; goes_on() && stream < kLastStream; stream += 2) {
    if (!connection.SendBytes(Call(stream) + FrameBytes(Frame::kRstStream, 0, stream, cancel)))
      return;
  }
}

std::string Many(const std::string& frame) {
  std::string many;
  while (many.size() < kFrameBytes) many += frame;
  return many;
}

void SettingsFlood(RawHttp2& connection, const GoesOn& goes_on) {
  Repeat(connection, goes_on, Many(FrameBytes(Frame::kSettings, 0, 0, "")));
}

void PingFlood(RawHttp2& connection, const GoesOn& goes_on) {
  Repeat(connection, goes_on, Many(FrameBytes(Frame::kPing, 0, 0, "12345678")));
}

void ResetFlood(RawHttp2& connection, const GoesOn& goes_on) {
  Repeat(connection, goes_on,
         Many(FrameBytes(Frame::kRstStream, 0, 1, std::string("\0\0\0\x08", 4))));
}

void Trickle(RawHttp2& connection, const GoesOn& goes_on) {
  const std::string bytes =
      Call(1) + FrameBytes(Frame::kData, 0, 1, GrpcMessageAnnounced(kMib, "xxxxx"));
  for (size_t i = 0; goes_on(); ++i) {
    if (!connection.SendBytes(bytes.substr(i % bytes.size(), 1))) return;
    if (!connection.Discard(milliseconds(20))) return;
    if (i + 1 == bytes.size()) return Stay(connection, goes_on);
  }
}

void GzipBombs(RawHttp2& connection, const GoesOn& goes_on) {
  static const std::string* const message =
      new std::string(GrpcMessage(Packed(std::string(64 * kMib, 'a')), true));
  for (uint32_t stream = 1; goes_on() && stream < kLastStream; stream += 2) {
    if (!connection.SendBytes(Call(stream, HeaderLiteral("grpc-encoding", "gzip"))) ||
        !SendData(connection, stream, *message))
      return;
  }
}

void BadBase64(RawHttp2& connection, const GoesOn& goes_on) {
  if (connection.SendBytes(Call(1, HeaderLiteral("x-bin", "no base64!"))))
    Stay(connection, goes_on);
}

// Health watches, whose answers are not read.
void Watches(RawHttp2& connection, const GoesOn& goes_on) {
  const std::string watch = CallHeaders({}, "/grpc.health.v1.Health/Watch");
  for (uint32_t stream = 1; goes_on() && stream < kLastStream; stream += 2) {
    if (!connection.SendBytes(FrameBytes(Frame::kHeaders, Frame::kEndHeaders, stream, watch) +
                              FrameBytes(Frame::kData, Frame::kEndStream, stream, GrpcMessage(""))))
      return;
  }
}

}  // namespace

const std::vector<Kind>& Kinds() {
  static const auto& kinds = *new std::vector<Kind>{
      {"silent", "connects and says no more than hello", &Silent},
      {"trickle", "a byte every 20 ms", &Trickle},
      {"unfinished", "messages of 1 MiB, less a byte", &Unfinished},
      {"announced", "a message of 4 GiB", &Announced},
      {"hidden", "unfinished messages behind small calls", &HiddenByCalls},
      {"large-headers", "15 MiB of headers in one frame", &LargeHeaders},
      {"endless-headers", "CONTINUATION without end", &EndlessHeaders},
      {"endless-value", "one header of 512 MiB", &EndlessValue},
      {"references", "headers that are one byte each", &References},
      {"reference-calls", "calls with thousands of them, open", &ReferencesOfStreams},
      {"streams", "calls without a message, open", &OpenStreams},
      {"resets", "calls that are reset at once", &OpenedAndReset},
      {"reset-frames", "RST_STREAM and nothing else", &ResetFlood},
      {"settings", "SETTINGS and nothing else", &SettingsFlood},
      {"pings", "PING and nothing else", &PingFlood},
      {"gzip", "64 MiB that are 64 KiB", &GzipBombs},
      {"base64", "a -bin header that is none", &BadBase64},
      {"watches", "health watches that are not read", &Watches},
  };
  return kinds;
}

}  // namespace enos::hostile
