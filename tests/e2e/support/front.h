#ifndef ENOS_TESTS_E2E_SUPPORT_FRONT_H_
#define ENOS_TESTS_E2E_SUPPORT_FRONT_H_

#include <grpcpp/channel.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/http/test_certificates.h"
#include "tests/e2e/support/access.h"
#include "tests/e2e/support/calls.h"
#include "tests/support/files.h"
#include "tests/support/nginx.h"
#include "tests/support/programs.h"
#include "tests/support/raw_http2.h"

namespace enos::e2e {

// For a RawHttp2 to the front.
inline constexpr RawHttp2Options kTls{/*tls=*/true};

// A gateway behind the nginx of deploy/kubernetes/components/front, with an EnOS. It knows tokens,
// and its policy lets sub:alice and uri:spiffe://test/batch/* call.
class FrontTest : public AccessTest {
 protected:
  using Metadata = std::multimap<std::string, std::string>;
  void SetUp() override;
  void TearDown() override;

  void Start(std::vector<std::string> flags = {}, const NginxProcess::Changes& changes = {});
  void StartGateway(std::vector<std::string> flags);

  // A connection of its own, with a client certificate of that name where there is one.
  std::shared_ptr<grpc::Channel> Channel(
      const std::optional<sandbox::TestClientName>& name = std::nullopt) const;
  // What a call comes to: "OK", or the code's number, a space, and the reason where there is one.
  static std::string CallWith(const std::shared_ptr<grpc::Channel>& channel,
                              const Metadata& metadata);
  static Metadata Alice() { return {{"authorization", "Bearer " + TokenOf("alice")}}; }
  std::string address() const { return "127.0.0.1" + nginx_->address().substr(9); }

  TempFolder folder_;
  std::unique_ptr<GatewayProcess> gateway_;
  std::unique_ptr<NginxProcess> nginx_;
};

}  // namespace enos::e2e

#endif  // ENOS_TESTS_E2E_SUPPORT_FRONT_H_
