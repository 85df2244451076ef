#include "tests/hostile/kinds.h"

#include <zlib.h>

#include "tests/wire/support/hpack.h"

namespace enos::hostile {
namespace {

using gateway::testing::CallHeaders;
using gateway::testing::GrpcMessage;
using gateway::testing::GrpcMessageAnnounced;
using gateway::testing::HeaderLiteral;
using gateway::testing::HeaderReference;
using gateway::testing::Indexed;
using gateway::testing::kNewestEntry;
using GoesOn = std::function<bool()>;
using std::chrono::milliseconds;

constexpr uint32_t kMib = 1 << 20;
constexpr size_t kFrameBytes = 16384;
constexpr uint32_t kLastStream = 0x7ffffff0;

std::string Call(uint32_t stream, std::string_view more = {}) {
  return Frame(kHeaders, kEndHeaders, stream, CallHeaders(more));
}

// Waits for the server to close, keeping what it has.
void Stay(Connection& connection, const GoesOn& goes_on) {
  while (goes_on() && connection.Read(milliseconds(200))) {
  }
}

// The same bytes again and again, ignoring what arrives.
void Repeat(Connection& connection, const GoesOn& goes_on, const std::string& bytes) {
  while (goes_on() && connection.Send(bytes)) {
  }
}

void Silent(Connection& connection, const GoesOn& goes_on) { Stay(connection, goes_on); }

void Unfinished(Connection& connection, const GoesOn& goes_on) {
  const std::string message = GrpcMessageAnnounced(kMib - 8, std::string(kMib - 9, 'x'));
  for (uint32_t stream = 1; goes_on() && stream < 2000; stream += 2) {
    if (!connection.Send(Call(stream)) || !connection.SendData(stream, message)) return;
  }
  Stay(connection, goes_on);
}

void Announced(Connection& connection, const GoesOn& goes_on) {
  const std::string more(kMib, 'x');
  if (!connection.Send(Call(1)) || !connection.SendData(1, GrpcMessageAnnounced(0xfffffff0, "")))
    return;
  while (goes_on() && connection.SendData(1, more)) {
  }
}

// Unfinished messages hidden behind refused calls, each of which accounts for more than its size.
void HiddenByCalls(Connection& connection, const GoesOn& goes_on) {
  const std::string message = GrpcMessageAnnounced(kMib - 8, std::string(4096, 'x'));
  const std::string empty = GrpcMessage("");
  for (uint32_t stream = 1; goes_on() && stream < kLastStream; stream += 4) {
    if (!connection.Send(Call(stream)) || !connection.SendData(stream, message) ||
        !connection.Send(Call(stream + 2) + Frame(kData, kEndStream, stream + 2, empty)) ||
        !connection.Read(milliseconds(0)))
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
void LargeHeaders(Connection& connection, const GoesOn& goes_on) {
  static const std::string* const headers = new std::string(CallHeaders(Literals(15 * kMib)));
  for (uint32_t stream = 1; goes_on() && stream < kLastStream; stream += 2) {
    if (!connection.Send(Frame(kHeaders, kEndHeaders, stream, *headers))) return;
  }
}

void EndlessHeaders(Connection& connection, const GoesOn& goes_on) {
  if (!connection.Send(Frame(kHeaders, 0, 1, CallHeaders()))) return;
  Repeat(connection, goes_on, Frame(kContinuation, 0, 1, Literals(kFrameBytes - 200)));
}

// One endless value.
void EndlessValue(Connection& connection, const GoesOn& goes_on) {
  // A literal whose value has 512 MiB.
  const std::string begin = CallHeaders() + std::string("\0\1x", 3) + "\x7f\x81\xff\xff\xff\x01";
  if (!connection.Send(Frame(kHeaders, 0, 1, begin))) return;
  Repeat(connection, goes_on, Frame(kContinuation, 0, 1, std::string(kFrameBytes, 'v')));
}

// References of one byte to a short entry: much memory for each byte.
void References(Connection& connection, const GoesOn& goes_on) {
  const std::string entry = HeaderLiteral("x-request-id", "r", Indexed::kYes);
  if (!connection.Send(Frame(kHeaders, 0, 1, CallHeaders(entry)))) return;
  std::string references;
  while (references.size() < kFrameBytes) references += HeaderReference(kNewestEntry);
  Repeat(connection, goes_on, Frame(kContinuation, 0, 1, references));
}

// The same, with each call complete except for its message.
void ReferencesOfStreams(Connection& connection, const GoesOn& goes_on) {
  std::string references;
  while (references.size() < 4000) references += HeaderReference(kNewestEntry);
  const std::string first = HeaderLiteral("x-request-id", std::string(3900, 'r'), Indexed::kYes);
  if (!connection.Send(Call(1, first))) return;
  for (uint32_t stream = 3; goes_on() && stream < kLastStream; stream += 2) {
    if (!connection.Send(Call(stream, references))) return;
  }
}

void OpenStreams(Connection& connection, const GoesOn& goes_on) {
  for (uint32_t stream = 1; goes_on() && stream < kLastStream; stream += 2) {
    if (!connection.Send(Call(stream))) return;
  }
}

void OpenedAndReset(Connection& connection, const GoesOn& goes_on) {
  const std::string cancel("\0\0\0\x08", 4);
  for (uint32_t stream = 1; goes_on() && stream < kLastStream; stream += 2) {
    if (!connection.Send(Call(stream) + Frame(kRstStream, 0, stream, cancel))) return;
  }
}

std::string Many(const std::string& frame) {
  std::string many;
  while (many.size() < kFrameBytes) many += frame;
  return many;
}

void SettingsFlood(Connection& connection, const GoesOn& goes_on) {
  Repeat(connection, goes_on, Many(Frame(kSettings, 0, 0, "")));
}

void PingFlood(Connection& connection, const GoesOn& goes_on) {
  Repeat(connection, goes_on, Many(Frame(kPing, 0, 0, "12345678")));
}

void ResetFlood(Connection& connection, const GoesOn& goes_on) {
  Repeat(connection, goes_on, Many(Frame(kRstStream, 0, 1, std::string("\0\0\0\x08", 4))));
}

void Trickle(Connection& connection, const GoesOn& goes_on) {
  const std::string bytes = Call(1) + Frame(kData, 0, 1, GrpcMessageAnnounced(kMib, "xxxxx"));
  for (size_t i = 0; goes_on(); ++i) {
    if (!connection.Send(bytes.substr(i % bytes.size(), 1))) return;
    if (!connection.Read(milliseconds(20))) return;
    if (i + 1 == bytes.size()) return Stay(connection, goes_on);
  }
}

std::string PackedBomb() {
  std::string bytes(64 * kMib, 'a');
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

void GzipBombs(Connection& connection, const GoesOn& goes_on) {
  static const std::string* const message = new std::string(GrpcMessage(PackedBomb(), true));
  for (uint32_t stream = 1; goes_on() && stream < kLastStream; stream += 2) {
    if (!connection.Send(Call(stream, HeaderLiteral("grpc-encoding", "gzip"))) ||
        !connection.SendData(stream, *message))
      return;
  }
}

void BadBase64(Connection& connection, const GoesOn& goes_on) {
  if (connection.Send(Call(1, HeaderLiteral("x-bin", "no base64!")))) Stay(connection, goes_on);
}

// Health watches, whose answers are not read.
void Watches(Connection& connection, const GoesOn& goes_on) {
  const std::string watch = CallHeaders({}, "/grpc.health.v1.Health/Watch");
  for (uint32_t stream = 1; goes_on() && stream < kLastStream; stream += 2) {
    if (!connection.Send(Frame(kHeaders, kEndHeaders, stream, watch) +
                         Frame(kData, kEndStream, stream, GrpcMessage(""))))
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
