#include "sandbox/http/test_certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"

namespace enos::sandbox {
namespace {

template <typename T, void (*kFree)(T*)>
struct Freer {
  void operator()(T* object) const { kFree(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509, X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION, X509_EXTENSION_free>>;
struct BioFreer {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, BioFreer>;

void Require(bool done, absl::string_view what) {
  if (done) return;
  std::fputs(absl::StrCat("test certificate: ", what, " failed\n").c_str(), stderr);
  std::abort();
}

std::string Text(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_ctrl(bio, BIO_CTRL_INFO, 0, static_cast<void*>(&data));
  return std::string(data, static_cast<std::size_t>(size));
}

std::string ToPem(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  Require(PEM_write_bio_X509(bio.get(), certificate) == 1, "writing the certificate");
  return Text(bio.get());
}

std::string ToPem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  Require(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
          "writing the key");
  return Text(bio.get());
}

Bio Reader(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  Require(extension != nullptr, "an extension");
  Require(X509_add_ext(certificate, extension.get(), -1) == 1, "adding an extension");
}

void SetName(X509* certificate, const std::string& common_name) {
  const auto* text = reinterpret_cast<const unsigned char*>(common_name.c_str());
  Require(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, text,
                                     -1, -1, 0) == 1,
          "the name");
}

Certificate NewCertificate(const std::string& common_name, EVP_PKEY* key, absl::Duration from,
                           absl::Duration until) {
  Certificate certificate(X509_new());
  Require(certificate != nullptr && X509_set_version(certificate.get(), 2) == 1, "X509_new");
  std::uint32_t serial = 0;
  Require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial)) == 1, "random");
  Require(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial) == 1,
          "the serial number");
  const absl::Time now = absl::Now();
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), absl::ToTimeT(now + from));
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), absl::ToTimeT(now + until));
  Require(X509_set_pubkey(certificate.get(), key) == 1, "the public key");
  SetName(certificate.get(), common_name);
  return certificate;
}

// The names of one kind, "DNS:localhost".
void AddNames(const char* kind, const std::vector<std::string>& names,
              std::vector<std::string>* all) {
  for (const auto& name : names) all->push_back(absl::StrCat(kind, ":", name));
}

struct Signed {
  const char* common_name;
  const char* use;  // extended key usage
  std::vector<std::string> names;
  absl::Duration from;
  absl::Duration until;
};

TestCertificate MakeSigned(const TestCertificate& authority, const Signed& about) {
  const Bio issuer_text = Reader(authority.certificate_pem);
  const Certificate issuer(PEM_read_bio_X509(issuer_text.get(), nullptr, nullptr, nullptr));
  Require(issuer != nullptr, "reading the authority");
  const Bio key_text = Reader(authority.private_key_pem);
  const Key issuer_key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
  Require(issuer_key != nullptr, "reading the authority's key");

  const Key key(EVP_EC_gen("P-256"));
  Require(key != nullptr, "a key");
  const Certificate certificate =
      NewCertificate(about.common_name, key.get(), about.from, about.until);
  X509* const self = certificate.get();
  X509_set_issuer_name(self, X509_get_subject_name(issuer.get()));
  AddExtension(self, issuer.get(), NID_basic_constraints, "critical,CA:FALSE");
  AddExtension(self, issuer.get(), NID_ext_key_usage, about.use);
  if (!about.names.empty())
    AddExtension(self, issuer.get(), NID_subject_alt_name, absl::StrJoin(about.names, ","));
  Require(X509_sign(self, issuer_key.get(), EVP_sha256()) > 0, "signing");
  return {ToPem(self), ToPem(key.get())};
}

}  // namespace

TestCertificate MakeTestAuthority(const std::string& common_name) {
  const Key key(EVP_EC_gen("P-256"));
  Require(key != nullptr, "a key");
  const Certificate certificate =
      NewCertificate(common_name, key.get(), -absl::Hours(1), absl::Hours(24));
  X509* const self = certificate.get();
  X509_set_issuer_name(self, X509_get_subject_name(self));
  AddExtension(self, self, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(self, self, NID_key_usage, "critical,keyCertSign,cRLSign");
  AddExtension(self, self, NID_subject_key_identifier, "hash");
  Require(X509_sign(self, key.get(), EVP_sha256()) > 0, "signing");
  return {ToPem(self), ToPem(key.get())};
}

TestCertificate MakeTestServerCertificate(const TestCertificate& authority,
                                          const TestServerName& name) {
  Signed about{"enos test server", "serverAuth", {}, name.valid_from, name.valid_until};
  AddNames("DNS", name.dns_names, &about.names);
  AddNames("IP", name.ip_addresses, &about.names);
  return MakeSigned(authority, about);
}

TestCertificate MakeTestClientCertificate(const TestCertificate& authority,
                                          const TestClientName& name) {
  Signed about{"enos test client", "clientAuth", {}, name.valid_from, name.valid_until};
  AddNames("DNS", name.dns_names, &about.names);
  AddNames("URI", name.uris, &about.names);
  return MakeSigned(authority, about);
}

}  // namespace enos::sandbox
