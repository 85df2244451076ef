#include "server/tls/tls_material.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <ctime>
#include <string_view>
#include <utility>
#include <vector>

#include "server/tls/openssl_handles.h"

namespace enos::gateway {
namespace {

using openssl::Certificate;
using openssl::Key;
using In = TlsProblem::In;

// gRPC takes C strings.
bool IsText(const Secret& text) { return text.Reveal().find('\0') == std::string_view::npos; }

// Reads all certificates; a problem if there is none, or if one cannot be read.
std::optional<std::string> ReadCertificates(const Secret& pem, std::vector<Certificate>* all) {
  if (pem.empty()) return "it is empty";
  if (!IsText(pem)) return "it is not PEM";
  const openssl::Bio reader = openssl::Reader(pem.Reveal());
  ERR_clear_error();
  while (X509* certificate = PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr))
    all->emplace_back(certificate);
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_end) return "a certificate in it is damaged";
  if (all->empty()) return "it has no certificate";
  return std::nullopt;
}

// Without it OpenSSL would prompt on the terminal.
int NoPassphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

std::optional<std::string> ReadKey(const Secret& pem, Key* key) {
  if (pem.empty()) return "it is empty";
  if (!IsText(pem)) return "it is not PEM";
  if (pem.Reveal().find("PRIVATE KEY-----") == std::string_view::npos)
    return "it has no private key";
  const openssl::Bio reader = openssl::Reader(pem.Reveal());
  bool encrypted = false;
  key->reset(PEM_read_bio_PrivateKey(reader.get(), nullptr, &NoPassphrase, &encrypted));
  ERR_clear_error();
  if (*key != nullptr) return std::nullopt;
  return encrypted ? "it is encrypted" : "the private key in it is damaged";
}

std::string LastReason() {
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason == nullptr ? "OpenSSL does not accept it" : reason;
}

// Combines them as a handshake does.
std::optional<TlsProblem> Try(const std::vector<Certificate>& chain, EVP_PKEY* key) {
  const openssl::Context context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr) return TlsProblem{In::kCertificate, LastReason()};
  if (SSL_CTX_use_certificate(context.get(), chain.front().get()) != 1)
    return TlsProblem{In::kCertificate, LastReason()};
  for (size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context.get(), chain[i].get()) != 1)
      return TlsProblem{In::kCertificate, LastReason()};
  }
  if (X509_check_private_key(chain.front().get(), key) != 1) {
    ERR_clear_error();
    return TlsProblem{In::kKey, "it does not belong to the first certificate of the other file"};
  }
  if (SSL_CTX_use_PrivateKey(context.get(), key) != 1) return TlsProblem{In::kKey, LastReason()};
  return std::nullopt;
}

WallTime ToTime(const ASN1_TIME* time) {
  std::tm parts{};
  ASN1_TIME_to_tm(time, &parts);
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

}  // namespace

std::vector<std::string> TlsFiles::Paths() const {
  std::vector<std::string> paths = {certificate, key};
  if (!client_ca.empty()) paths.push_back(client_ca);
  return paths;
}

TlsMaterial MaterialOf(FileContents contents) {
  TlsMaterial material{std::move(contents.at(0)), std::move(contents.at(1)), std::nullopt};
  if (contents.size() > 2) material.client_ca = std::move(contents.at(2));
  return material;
}

FileContents ContentsOf(const TlsMaterial& material) {
  FileContents contents;
  contents.emplace_back(material.certificate.Reveal());
  contents.emplace_back(material.key.Reveal());
  if (material.client_ca) contents.emplace_back(material.client_ca->Reveal());
  return contents;
}

std::optional<TlsProblem> FindTlsProblem(const TlsMaterial& material) {
  std::vector<Certificate> chain;
  if (auto why = ReadCertificates(material.certificate, &chain))
    return TlsProblem{In::kCertificate, *std::move(why)};
  Key key;
  if (auto why = ReadKey(material.key, &key)) return TlsProblem{In::kKey, *std::move(why)};
  if (auto problem = Try(chain, key.get())) return problem;
  if (!material.client_ca) return std::nullopt;
  std::vector<Certificate> authorities;
  if (auto why = ReadCertificates(*material.client_ca, &authorities))
    return TlsProblem{In::kClientCa, *std::move(why)};
  return std::nullopt;
}

TlsValidity ValidityOf(const TlsMaterial& material) {
  std::vector<Certificate> chain;
  ReadCertificates(material.certificate, &chain);
  TlsValidity validity{WallTime::min(), WallTime::max()};
  for (const Certificate& certificate : chain) {
    validity.from = std::max(validity.from, ToTime(X509_get0_notBefore(certificate.get())));
    validity.until = std::min(validity.until, ToTime(X509_get0_notAfter(certificate.get())));
  }
  return validity;
}

}  // namespace enos::gateway
