#ifndef ENOS_FLOW_TESTING_SCRIPTED_HTTP2_SERVER_H_
#define ENOS_FLOW_TESTING_SCRIPTED_HTTP2_SERVER_H_

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace enos::flow::testing {

// A server on 127.0.0.1, a free port, that speaks just enough HTTP/2 (RFC 9113) to do to a call
// what gRPC's own server does only by chance. One connection at a time.
class ScriptedHttp2Server {
 public:
  // What becomes of a call, once all of it has arrived.
  enum class Fate {
    kAnswered,          // OK, with the instance id "answered"
    kRefused,           // RST_STREAM with REFUSED_STREAM: "not processed"
    kGoAwayBefore,      // GOAWAY that names no stream: none was processed; then the connection ends
    kGoAwayAfter,       // GOAWAY that names this stream: it may have been; then the connection ends
    kCancelled,         // RST_STREAM with CANCEL
    kConnectionClosed,  // without a word
    kHeadersOnly,       // the initial metadata; then the connection ends
    kHeadersWithKeys,   // the same, with "enos-idempotency: 1"; then RST_STREAM with CANCEL
    kTrailersOnly       // an error with no initial metadata: UNAVAILABLE
  };

  // The fates of the calls in the order of their arrival; kAnswered after the last.
  explicit ScriptedHttp2Server(std::vector<Fate> fates);
  ~ScriptedHttp2Server();

  std::string address() const;
  // That arrived so far.
  int calls() const { return calls_; }

 private:
  void Serve();
  void ServeConnection(int connection);
  // False: the connection ends.
  bool Decide(int connection, unsigned stream, std::string* input);

  const std::vector<Fate> fates_;
  const int listener_;
  std::atomic<int> calls_{0};
  std::mutex mutex_;
  int connection_ = -1;  // guarded by mutex_
  bool ending_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace enos::flow::testing

#endif  // ENOS_FLOW_TESTING_SCRIPTED_HTTP2_SERVER_H_
