#ifndef ENOS_SERVER_HTTP_CURL_TRANSFER_H_
#define ENOS_SERVER_HTTP_CURL_TRANSFER_H_

#include <curl/curl.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/http_client.h"

namespace enos::gateway {

class CurlMulti;

// What holds for every transfer of a client.
struct CurlTransferOptions {
  std::string ca_file;  // PEM; empty: the system's certificate authorities
  std::chrono::milliseconds connect_timeout{5000};  // name, connection and TLS handshake together
  std::chrono::seconds idle_timeout{30};  // a connection that was idle for longer is not used again
  std::size_t max_answer_bytes = std::size_t{1} << 20;  // body; headers are bounded at 64 KiB
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
class CurlTransfer {
 public:
  explicit CurlTransfer(const CurlTransferOptions& options);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  CURL* handle() const { return handle_.get(); }

  // Makes the handle ready to be added to a multi handle. `resolve` (may be null) is a
  // CURLOPT_RESOLVE list.
  void Prepare(const std::string& base_url, HttpRequest request, HttpClient::Callback done,
               std::shared_ptr<curl_slist> resolve);

  // Lets go of request, answer and callback, after the handle was removed from the multi handle.
  void Clear();

  // See HttpClient::MaybeSent. From the moment that libcurl may write: it cannot tell how much of a
  // TLS record left.
  bool MaybeSent() const { return requests_allowed_ > 0; }

  // Whether a connection may be made for it: not once a request was written.
  bool MayConnect() const { return requests_allowed_ == 0; }

  // What the transfer came to, after libcurl reported it done.
  HttpResult TakeResult(CURLcode code);
  HttpClient::Callback TakeCallback() { return std::move(done_); }

  TransferId id = 0;               // the client's name for it, while it runs
  CurlMulti* multi = nullptr;      // whom it belongs to
  bool opened_connection = false;  // rather than to use one that was there

 private:
  static int OnBeforeRequest(void* self, char*, char*, int, int);
  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* self);

  curl_slist* ListHeaders();
  bool TakeHeaderLine(std::string_view line);
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
  std::array<char, CURL_ERROR_SIZE> error_text_{};

  HttpRequest request_;
  HttpClient::Callback done_;
  std::vector<curl_slist> headers_;  // a list of libcurl's over request_.headers
  std::shared_ptr<curl_slist> resolve_;
  std::shared_ptr<curl_slist> resolved_;  // what this handle has told libcurl already

  int requests_allowed_ = 0;  // how often libcurl was let write a request: 0 or 1
  curl_off_t written_before_ =
      0;  // what the connection's set-up had written by then (a proxy's CONNECT)
  bool headers_complete_ =
      false;  // the empty line after the headers of a final (not 1xx) answer came
  std::size_t header_bytes_ = 0;
  bool too_large_ = false;
  std::string body_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_HTTP_CURL_TRANSFER_H_
