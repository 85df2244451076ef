#include "server/tls/certificate_names.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "server/tls/openssl_handles.h"

namespace enos::gateway {
namespace {

using openssl::Certificate;

// Null if there is none, or if anything but white space follows it.
Certificate OnlyCertificate(std::string_view pem) {
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
  constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
  const size_t end = pem.find(kEnd);
  if (pem.substr(0, kBegin.size()) != kBegin || end == std::string_view::npos) return nullptr;
  if (pem.find_first_not_of("\r\n ", end + kEnd.size()) != std::string_view::npos) return nullptr;
  const openssl::Bio reader = openssl::Reader(pem);
  return Certificate(PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr));
}

// As gRPC reads them, so that a name is the same whoever verified it.
bool Append(const ASN1_STRING* name, std::vector<std::string>* names) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, name);
  if (size < 0) return false;
  names->emplace_back(reinterpret_cast<const char*>(utf8), static_cast<size_t>(size));
  OPENSSL_free(utf8);
  return true;
}

bool ReadNames(const Certificate& certificate, CertificateNames* names) {
  const openssl::Names all(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(all.get(), i);
    // The union is OpenSSL's.
    // NOLINTBEGIN(cppcoreguidelines-pro-type-union-access)
    if (name->type == GEN_URI && !Append(name->d.uniformResourceIdentifier, &names->uris))
      return false;
    if (name->type == GEN_DNS && !Append(name->d.dNSName, &names->dns_names)) return false;
    // NOLINTEND(cppcoreguidelines-pro-type-union-access)
  }
  return true;
}

}  // namespace

CertificateNames NamesOfCertificate(std::string_view pem) {
  CertificateNames names;
  const Certificate certificate = OnlyCertificate(pem);
  if (certificate != nullptr && !ReadNames(certificate, &names)) names = {};
  ERR_clear_error();  // libcurl and gRPC, on this thread, would take them for their own
  return names;
}

}  // namespace enos::gateway
