#ifndef ENOS_SERVER_HTTP_CURL_TRANSFER_H_
#define ENOS_SERVER_HTTP_CURL_TRANSFER_H_

#include <curl/curl.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/scheduler.h"
#include "server/http/http_client.h"

namespace enos::gateway {

class CurlMulti;

// What holds for every transfer of a client.
struct CurlTransferOptions {
  std::string ca_file;  // PEM; empty: the system's certificate authorities
  std::chrono::milliseconds connect_timeout{5000};  // name, connection and TLS handshake together
  std::chrono::seconds idle_timeout{30};  // a connection that was idle for longer is not used again
  std::chrono::seconds max_connection_age{300};  // nor one that is older; 0: any age
  // Of the body, unpacked where it comes compressed; headers are bounded at 64 KiB.
  std::size_t max_answer_bytes = std::size_t{1} << 20;
  bool use_proxy = true;  // the one that the environment names, if any
};

// One libcurl easy handle with the buffers of the request and the answer that use it; meant to be
// used again and again. Belongs to one thread.
//
// At most one request is written per transfer. libcurl resends by itself in several cases (a reused
// connection that dies before the answer, a restart for authentication, a redirect); it asks
// CURLOPT_PREREQFUNCTION each time a connection is there and the request is about to be written,
// and the second question is answered with "abort". Nor is a second connection made, which could
// only be thrown away (MayConnect).
//
// An answer counts only if it can be that of the request: the connection must be quiet when the
// request is about to be written (CurlMulti::Claim), and an answer that is read before the peer's
// system has acknowledged the last byte of the request is nobody's. One that crosses these last
// bytes on the wire, and is read after their acknowledgement, cannot be told from the right one. A
// connection that brought more than the answer is not used again; nor is any that leads through a
// proxy that is spoken to by TLS itself, for nobody can look into it.
class CurlTransfer {
 public:
  explicit CurlTransfer(const CurlTransferOptions& options);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  CURL* handle() const { return handle_.get(); }

  // Makes the handle ready to be added to a multi handle. `base_url` is always the same. `resolve`
  // (may be null) is a CURLOPT_RESOLVE list.
  void Prepare(const std::string& base_url, HttpRequest request, HttpClient::Callback done,
               std::shared_ptr<curl_slist> resolve);

  // Lets go of request, answer and callback, after the handle was removed from the multi handle.
  void Clear();

  // See HttpClient::MaybeSent. From the moment that libcurl may write: it cannot tell how much of a
  // TLS record left.
  bool MaybeSent() const { return requests_allowed_ > 0; }

  // Whether a connection may be made for it: not once a request was written.
  bool MayConnect() const { return requests_allowed_ == 0; }

  // Whether its connections may lead through a proxy that is spoken to by TLS itself: see above.
  bool never_kept() const { return never_kept_; }

  // It ended because the kept connection that libcurl had chosen cannot be used (CurlMulti::Claim
  // refused it). Nothing was written: it may start again, and gets another connection.
  bool NeedsOtherConnection() const { return connection_refused_ && !opened_connection; }

  // Makes a transfer that NeedsOtherConnection ready to be added to the multi handle again.
  void Rewind();

  // Whether a byte of an answer has come, interim ones (1xx) included.
  bool AnswerBegan() const { return header_bytes_ > 0; }

  // What the transfer came to, after libcurl reported it done.
  HttpResult TakeResult(CURLcode code);
  HttpClient::Callback TakeCallback() { return std::move(done_); }

  TransferId id = 0;                       // the client's name for it, while it runs
  CurlMulti* multi = nullptr;              // whom it belongs to
  bool opened_connection = false;          // rather than to use one that was there
  curl_socket_t socket = CURL_SOCKET_BAD;  // of its connection, once it has claimed one
  SteadyTime sent_at;                      // when it was let write its request

 private:
  static int OnBeforeRequest(void* self, char* peer_ip, char* local_ip, int peer_port,
                             int local_port);
  static int OnTrace(CURL* easy, curl_infotype type, char* text, std::size_t size, void* self);
  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* self);

  void SetUrl(const std::string& base_url);
  curl_slist* ListHeaders();
  bool TakeHeaderLine(std::string_view line);
  bool RequestHasArrived() const;
  void WatchForExcess();
  void Trace(bool on);
  void ForbidReuse(bool forbid);
  curl_off_t BytesWritten() const;
  int Status() const;
  std::string HeaderValue(const char* name) const;
  std::string Describe(CURLcode code) const;
  TransferEnd EndFor(CURLcode code, bool maybe_sent) const;

  struct EasyDeleter {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };

  std::unique_ptr<CURL, EasyDeleter> handle_;
  std::size_t max_answer_bytes_;
  const bool names_whole_url_;  // to libcurl, for a proxy
  const bool never_kept_;       // its connections
  bool has_url_ = false;
  std::array<char, CURL_ERROR_SIZE> error_text_{};

  HttpRequest request_;
  HttpClient::Callback done_;
  std::vector<curl_slist> headers_;  // a list of libcurl's over request_.headers
  std::shared_ptr<curl_slist> resolve_;
  std::shared_ptr<curl_slist> resolved_;  // what this handle has told libcurl already

  bool connection_refused_ = false;
  int requests_allowed_ = 0;  // how often libcurl was let write a request: 0 or 1
  curl_off_t written_before_ =
      0;                   // what the connection's set-up had written by then (a proxy's CONNECT)
  bool is_final_ = false;  // the answer that is read, rather than an interim one (1xx)
  bool headers_complete_ =
      false;  // the empty line after the headers of a final (not 1xx) answer came
  std::size_t header_bytes_ = 0;
  bool too_early_ = false;  // the answer began before the request had arrived
  bool traced_ = false;
  bool reuse_forbidden_ = false;
  bool too_large_ = false;
  std::string body_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_HTTP_CURL_TRANSFER_H_
