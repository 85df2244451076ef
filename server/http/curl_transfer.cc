#include "server/http/curl_transfer.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <cstdint>
#include <utility>

#include "absl/strings/numbers.h"
#include "server/http/curl_check.h"
#include "server/http/curl_multi.h"
#include "server/http/proxy_variables.h"

namespace enos::gateway {
namespace {

constexpr std::size_t kMaxHeaderBytes = std::size_t{64} << 10;
constexpr auto kTooLargeForCurl = static_cast<CURLcode>(100);  // CURLE_TOO_LARGE, since 8.6

// Errors that occur before there is a connection to write to.
bool IsBeforeRequest(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
      return true;
    default:
      return false;
  }
}

}  // namespace

CurlTransfer::CurlTransfer(const CurlTransferOptions& options)
    : handle_(curl_easy_init()),
      max_answer_bytes_(options.max_answer_bytes),
      names_whole_url_(options.use_proxy && ProxyIsConfigured()),
      never_kept_(options.use_proxy && TlsProxyIsConfigured()) {
  CURL* easy = handle_.get();
  Require(easy != nullptr, "curl_easy_init");
  SetOption(easy, CURLOPT_NOSIGNAL, 1L);
  SetOption(easy, CURLOPT_PRIVATE, this);
  SetOption(easy, CURLOPT_ERRORBUFFER, error_text_.data());
  SetOption(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  // HTTP/1.1 only: each request then has its own connection, and no stream layer refuses or repeats
  // it.
  SetOption(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  SetOption(easy, CURLOPT_FOLLOWLOCATION, 0L);
  SetOption(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  SetOption(easy, CURLOPT_PATH_AS_IS, 1L);
  SetOption(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  SetOption(easy, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  SetOption(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  SetOption(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options.ca_file.empty()) SetOption(easy, CURLOPT_CAINFO, options.ca_file.c_str());
  if (!options.use_proxy) SetOption(easy, CURLOPT_NOPROXY, "*");
  SetOption(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  SetOption(easy, CURLOPT_MAXAGE_CONN, static_cast<long>(options.idle_timeout.count()));
  SetOption(easy, CURLOPT_MAXLIFETIME_CONN, static_cast<long>(options.max_connection_age.count()));
  // Accept every encoding that libcurl knows, for proxies that compress unasked; ListHeaders
  // removes the header that would ask for it.
  SetOption(easy, CURLOPT_ACCEPT_ENCODING, "");
  SetOption(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  SetOption(easy, CURLOPT_PREREQFUNCTION, &CurlTransfer::OnBeforeRequest);
  SetOption(easy, CURLOPT_PREREQDATA, this);
  SetOption(easy, CURLOPT_DEBUGFUNCTION, &CurlTransfer::OnTrace);
  SetOption(easy, CURLOPT_DEBUGDATA, this);
  SetOption(easy, CURLOPT_HEADERFUNCTION, &CurlTransfer::OnHeader);
  SetOption(easy, CURLOPT_HEADERDATA, this);
  SetOption(easy, CURLOPT_WRITEFUNCTION, &CurlTransfer::OnBody);
  SetOption(easy, CURLOPT_WRITEDATA, this);
  if (never_kept_) ForbidReuse(true);
}

void CurlTransfer::Prepare(const std::string& base_url, HttpRequest request,
                           HttpClient::Callback done, std::shared_ptr<curl_slist> resolve) {
  request_ = std::move(request);
  resolve_ = std::move(resolve);
  done_ = std::move(done);
  requests_allowed_ = 0;
  over_tls_ = never_kept_ || base_url.rfind("https:", 0) == 0;
  written_before_ = 0;
  headers_complete_ = false;
  header_bytes_ = 0;
  too_early_ = false;
  too_large_ = false;
  is_final_ = false;
  if (traced_) Trace(false);
  if (reuse_forbidden_ && !never_kept_) ForbidReuse(false);
  Rewind();

  CURL* easy = handle();
  SetUrl(base_url);
  SetOption(easy, CURLOPT_HTTPHEADER, ListHeaders());
  if (request_.body == nullptr) {
    SetOption(easy, CURLOPT_HTTPGET, 1L);
  } else {
    SetOption(easy, CURLOPT_POST, 1L);
    SetOption(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body->size()));
    SetOption(easy, CURLOPT_POSTFIELDS, request_.body->data());  // not copied by libcurl
  }
  // libcurl reads the list for every transfer that has it, and keeps the result.
  SetOption(easy, CURLOPT_RESOLVE, resolve_ == resolved_ ? nullptr : resolve_.get());
}

// The target is sent exactly as signed. libcurl would take it apart, and write the query byte by
// byte. A proxy without a tunnel must be asked for the whole URL, which libcurl does by itself.
void CurlTransfer::SetUrl(const std::string& base_url) {
  if (names_whole_url_) {
    SetOption(handle(), CURLOPT_URL, (base_url + request_.path_and_query).c_str());
    return;
  }
  if (!has_url_) SetOption(handle(), CURLOPT_URL, base_url.c_str());
  has_url_ = true;
  SetOption(handle(), CURLOPT_REQUEST_TARGET, request_.path_and_query.c_str());
}

void CurlTransfer::Rewind() {
  connection_refused_ = false;
  opened_connection = false;
  socket = CURL_SOCKET_BAD;
  error_text_[0] = '\0';
}

// libcurl only reads the list: nothing that request_ holds anyway is copied.
curl_slist* CurlTransfer::ListHeaders() {
  static std::string no_expect = "Expect:";  // no 100-continue: the body follows at once
  static std::string no_accept_encoding = "Accept-Encoding:";
  headers_.clear();
  headers_.push_back({no_expect.data(), nullptr});
  headers_.push_back({no_accept_encoding.data(), nullptr});
  for (std::string& header : request_.headers) headers_.push_back({header.data(), nullptr});
  for (size_t i = 1; i < headers_.size(); ++i) headers_[i - 1].next = &headers_[i];
  return headers_.data();
}

void CurlTransfer::Clear() {
  request_ = {};
  done_ = nullptr;
  resolve_.reset();
  body_ = std::string();  // release its memory too: there are many handles
}

// The types of the parameters are libcurl's.
// NOLINTNEXTLINE(readability-non-const-parameter)
int CurlTransfer::OnBeforeRequest(void* self, char* peer_ip, char*, int, int local_port) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  if (transfer.requests_allowed_ > 0) return CURL_PREREQFUNC_ABORT;
  if (!transfer.multi->Claim(transfer, {peer_ip, local_port})) {
    transfer.connection_refused_ = true;
    return CURL_PREREQFUNC_ABORT;
  }
  transfer.requests_allowed_ = 1;
  transfer.resolved_ = transfer.resolve_;
  transfer.written_before_ = transfer.BytesWritten();
  return CURL_PREREQFUNC_OK;
}

curl_off_t CurlTransfer::BytesWritten() const {
  long bytes = 0;
  Require(curl_easy_getinfo(handle(), CURLINFO_REQUEST_SIZE, &bytes) == CURLE_OK,
          "CURLINFO_REQUEST_SIZE");
  return bytes;
}

std::size_t CurlTransfer::OnHeader(char* data, std::size_t size, std::size_t count, void* self) {
  const std::size_t bytes = size * count;
  return static_cast<CurlTransfer*>(self)->TakeHeaderLine({data, bytes}) ? bytes : 0;
}

bool CurlTransfer::TakeHeaderLine(std::string_view line) {
  header_bytes_ += line.size();
  too_large_ = header_bytes_ > kMaxHeaderBytes;
  if (!is_final_) {
    is_final_ = Status() >= 200;
    too_early_ = is_final_ && !RequestHasArrived();
  }
  if (is_final_ && !headers_complete_ && (line == "\r\n" || line == "\n")) {
    headers_complete_ = true;
    WatchForExcess();
  }
  return !too_large_ && !too_early_;
}

// A peer that answers the request has read all of it, so its kernel acknowledged the last byte
// before, or with, the answer.
bool CurlTransfer::RequestHasArrived() const {
  if (request_.body != nullptr) {
    curl_off_t written = 0;
    Require(curl_easy_getinfo(handle(), CURLINFO_SIZE_UPLOAD_T, &written) == CURLE_OK,
            "CURLINFO_SIZE_UPLOAD_T");
    if (written < static_cast<curl_off_t>(request_.body->size())) return false;
  }
  int unacknowledged = 0;
  return ::ioctl(socket, SIOCOUTQ, &unacknowledged) != 0 || unacknowledged == 0;
}

// What follows an answer of known length stays in the socket, where Claim finds it, or makes
// libcurl close the connection. What it read together with the end of a chunked or empty answer it
// discards, and reports only in its trace. An answer may have a length and be chunked, or have no
// body at all (204, 304).
void CurlTransfer::WatchForExcess() {
  int64_t length = 0;
  const bool counted = absl::SimpleAtoi(HeaderValue("Content-Length"), &length) && length > 0 &&
                       HeaderValue("Transfer-Encoding").empty() && Status() != 204 &&
                       Status() != 304;
  if (!counted) Trace(true);
}

void CurlTransfer::Trace(bool on) {
  traced_ = on;
  SetOption(handle(), CURLOPT_VERBOSE, long{on});
}

int CurlTransfer::OnTrace(CURL*, curl_infotype type, char* text, std::size_t size, void* self) {
  const std::string_view line(text, size);
  if (type == CURLINFO_TEXT && (line.rfind("Excess", 0) == 0 || line.rfind("Leftovers", 0) == 0)) {
    static_cast<CurlTransfer*>(self)->ForbidReuse(true);
  }
  return 0;
}

void CurlTransfer::ForbidReuse(bool forbid) {
  reuse_forbidden_ = forbid;
  SetOption(handle(), CURLOPT_FORBID_REUSE, long{forbid});
}

int CurlTransfer::Status() const {
  long status = 0;
  Require(curl_easy_getinfo(handle(), CURLINFO_RESPONSE_CODE, &status) == CURLE_OK,
          "CURLINFO_RESPONSE_CODE");
  return static_cast<int>(status);
}

std::string CurlTransfer::HeaderValue(const char* name) const {
  curl_header* header = nullptr;
  const CURLHcode found = curl_easy_header(handle(), name, 0, CURLH_HEADER, -1, &header);
  return found == CURLHE_OK ? header->value : "";
}

std::size_t CurlTransfer::OnBody(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const std::size_t bytes = size * count;
  transfer.too_large_ = transfer.body_.size() + bytes > transfer.max_answer_bytes_;
  if (transfer.too_large_) return 0;
  transfer.body_.append(data, bytes);
  return bytes;
}

HttpResult CurlTransfer::TakeResult(CURLcode code) {
  HttpResult result;
  // Over TLS libcurl 8 writes several records at once, and reports none of them if a later one
  // fails.
  result.maybe_sent = requests_allowed_ > 0 && (over_tls_ || BytesWritten() > written_before_);
  result.end = EndFor(code, result.maybe_sent);
  result.status = headers_complete_ ? Status() : 0;
  if (result.end == TransferEnd::kAnswered) {
    result.body = std::move(body_);
    result.retry_after = HeaderValue("Retry-After");  // also with HTTP 200: result code 429
    result.date = HeaderValue("Date");
  } else {
    result.detail = Describe(code);
  }
  return result;
}

std::string CurlTransfer::Describe(CURLcode code) const {
  if (connection_refused_) return "the server sent something before it was asked";
  if (too_early_) return "an answer came before the whole request had arrived";
  if (code == CURLE_OK) return "the answer ended inside its headers";
  // Caused by us, see the class comment; libcurl's text would name the callback.
  if (requests_allowed_ > 0 && (code == CURLE_ABORTED_BY_CALLBACK || code == CURLE_COULDNT_CONNECT))
    return "the connection broke before an answer came";
  if (too_large_ || code == CURLE_OUT_OF_MEMORY || code == kTooLargeForCurl)
    return "the answer is too large";
  return error_text_[0] != '\0' ? error_text_.data() : curl_easy_strerror(code);
}

TransferEnd CurlTransfer::EndFor(CURLcode code, bool maybe_sent) const {
  // Once a request was allowed, anything else that libcurl tried and failed at was a resend.
  const TransferEnd no_answer =
      maybe_sent ? TransferEnd::kConnectionLost : TransferEnd::kConnectFailed;
  if (code != CURLE_OK && !MayConnect() && IsBeforeRequest(code)) return no_answer;
  switch (code) {
    case CURLE_OK:
      // An answer that ends inside its headers is reported as CURLE_OK with a status and no body.
      return headers_complete_ ? TransferEnd::kAnswered : TransferEnd::kConnectionLost;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return TransferEnd::kNameNotResolved;
    case CURLE_OPERATION_TIMEDOUT:  // CURLOPT_CONNECTTIMEOUT_MS is the only limit that is set
      return TransferEnd::kConnectTimeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
      return TransferEnd::kTlsFailed;
    case CURLE_WRITE_ERROR:  // our callbacks refused more
      if (too_early_) return TransferEnd::kMalformed;
      return too_large_ ? TransferEnd::kTooLarge : no_answer;
    case CURLE_OUT_OF_MEMORY:  // one header line above libcurl's own limit, 100 KB, before 8.6
    case kTooLargeForCurl:
      return maybe_sent ? TransferEnd::kTooLarge : no_answer;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return maybe_sent ? TransferEnd::kMalformed : no_answer;
    default:
      return no_answer;
  }
}

}  // namespace enos::gateway
