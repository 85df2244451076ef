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

// What is the same for every transfer of a client.
struct CurlTransferOptions {
  std::string ca_file;  // PEM; empty: the system's certificate authorities
  std::chrono::milliseconds connect_timeout{5000};  // name, connection and TLS handshake together
  std::chrono::seconds idle_timeout{30};  // a connection that was idle for longer is not reused
  std::chrono::seconds max_connection_age{300};  // nor is an older one; 0: any age
  // Of the body, after decompression; headers are limited to 64 KiB.
  std::size_t max_answer_bytes = std::size_t{1} << 20;
  bool use_proxy = true;  // the one that the environment names, if any
};

// One libcurl easy handle with the buffers of the request and the answer that use it; meant to be
// reused. Belongs to one thread.
//
// At most one request is written per transfer. libcurl resends by itself in several cases (a reused
// connection that dies before the answer, a restart for authentication, a redirect). It calls
// CURLOPT_PREREQFUNCTION whenever it has a connection and is about to write the request; the second
// call is answered with "abort". Nor is a second connection made, which could only be thrown away
// (MayConnect).
//
// An answer is accepted only if it can belong to the request: the connection must be quiet when the
// request is about to be written (CurlMulti::Claim), and an answer read before the peer's kernel
// has acknowledged the last byte of the request is rejected. One that crosses these last bytes on
// the wire, and is read after their acknowledgement, cannot be told from the right one. A
// connection that delivered more than the answer is not reused; nor is any that leads through a
// proxy reached over TLS, because such a connection cannot be inspected.
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

  // Releases request, answer and callback, after the handle was removed from the multi handle.
  void Clear();

  // See HttpClient::MaybeSent. True as soon as libcurl may write: it does not report how much of a
  // TLS record was sent.
  bool MaybeSent() const { return requests_allowed_ > 0; }

  // Whether a connection may be made for it: not once a request was written.
  bool MayConnect() const { return requests_allowed_ == 0; }

  // Whether its connections may lead through a proxy reached over TLS: see above.
  bool never_kept() const { return never_kept_; }

  // It ended because the kept-alive connection that libcurl had chosen cannot be used
  // (CurlMulti::Claim refused it). Nothing was written: it may start again, and gets another
  // connection.
  bool NeedsOtherConnection() const { return connection_refused_ && !opened_connection; }

  // Makes a transfer that NeedsOtherConnection ready to be added to the multi handle again.
  void Rewind();

  // Whether a byte of an answer has arrived, including interim responses (1xx).
  bool AnswerBegan() const { return header_bytes_ > 0; }

  // The result of the transfer, after libcurl reported it done.
  HttpResult TakeResult(CURLcode code);
  HttpClient::Callback TakeCallback() { return std::move(done_); }

  TransferId id = 0;                       // the client's name for it, while it runs
  CurlMulti* multi = nullptr;              // the owner of the transfer
  bool opened_connection = false;          // instead of using an existing one
  curl_socket_t socket = CURL_SOCKET_BAD;  // of its connection, once it has claimed one
  SteadyTime sent_at;                      // when it was allowed to write its request

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
  std::shared_ptr<curl_slist> resolved_;  // what this handle has already passed to libcurl

  bool connection_refused_ = false;
  int requests_allowed_ = 0;  // how often libcurl was allowed to write a request: 0 or 1
  bool over_tls_ = false;     // to EnOS, or to a proxy
  curl_off_t written_before_ =
      0;                   // what setting up the connection had written by then (a proxy's CONNECT)
  bool is_final_ = false;  // reading the final answer, not an interim one (1xx)
  bool headers_complete_ =
      false;  // the empty line after the headers of a final (not 1xx) answer arrived
  std::size_t header_bytes_ = 0;
  bool too_early_ = false;  // the answer began before the request had been acknowledged
  bool traced_ = false;
  bool reuse_forbidden_ = false;
  bool too_large_ = false;
  std::string body_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_HTTP_CURL_TRANSFER_H_
