// What a handler orders the server to send: a proper HTTP answer, or one of the many ways to get it
// wrong.
#ifndef ENOS_SANDBOX_HTTP_ANSWER_H_
#define ENOS_SANDBOX_HTTP_ANSWER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace enos::sandbox {

// In the order of the wire; names keep their case, and may repeat.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// The first header of that name (compared without regard to case), or nothing.
std::optional<std::string_view> FindHeader(const HttpHeaders& headers, std::string_view name);

// What becomes of a connection.
enum class Ending {
  kServeNext,  // keep-alive: read the next request; or a clean close where the answer announced one
  kClose,      // FIN, not announced (over TLS: without close_notify, as when a process dies)
  kReset,      // RST (SO_LINGER 0)
  kHold,       // stays open and silent until the peer goes or the server stops
};

// An answer is a run of bytes (what), a pace (how) and an ending (then); the three combine freely.
// The default is a well-formed "200 OK" without a body on a connection that stays open.
struct Answer {
  // What: status, headers and body make an HTTP/1.1 answer with Content-Length and Connection
  // supplied...
  int status = 200;
  HttpHeaders headers;
  std::string body;
  bool keep_alive = true;  // false sends "Connection: close" and closes cleanly
  // ...with this Content-Length instead of the true one (beside a Content-Length in `headers` none
  // is supplied);
  std::optional<std::uint64_t> content_length;
  // ...or exactly these bytes, which may be empty, instead of all of the above;
  std::optional<std::string> raw;
  // ...cut off after so many bytes, counted from the first byte of the status line.
  std::optional<std::size_t> truncate_after;

  // How: after a delay, all at once or `trickle_bytes` each `trickle_interval`. The times run on
  // timers, not threads.
  std::chrono::milliseconds delay{0};
  std::size_t trickle_bytes = 0;
  std::chrono::milliseconds trickle_interval{0};

  // Then. After a truncated, raw or wrongly counted answer this is nearly always not kServeNext.
  Ending ending = Ending::kServeNext;

  static Answer Json(int status, std::string body);
  static Answer Text(int status, std::string body);
  static Answer Raw(std::string bytes, Ending ending);
  // Not a byte, then the ending: close, reset, or never answer (kHold).
  static Answer Nothing(Ending ending);
  // A complete answer, of which only the first `bytes` bytes are sent.
  static Answer Truncated(Answer whole, std::size_t bytes, Ending ending);
};

// The bytes of the answer as they go on the wire. `head_only` leaves out the body, as for a HEAD
// request; `keep_alive` is what the request permits.
std::string AnswerBytes(const Answer& answer, bool head_only, bool keep_alive);

// The number of bytes up to and including the empty line, to cut an answer before, at or behind it.
std::size_t HeadSize(const Answer& answer);

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_HTTP_ANSWER_H_
