#include "server/check/checks.h"

#include <chrono>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "server/base/text.h"
#include "server/check/probe.h"
#include "server/http/http_date.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;

// What EnOS permits is not known. A machine that keeps its time by NTP is far below it.
constexpr milliseconds kMostClockDifference{5000};

constexpr std::string_view kCheckUrl =
    "Check --enos_url (ENOS_API_URL), firewalls, network policies and the variables for proxies.";

std::string TransferText(const HttpResult& result) {
  return result.detail.empty() ? "" : Concat(" (", result.detail, ")");
}

int64_t Milliseconds(WallTime time) {
  return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
}

ApiVersion Other(ApiVersion version) {
  return version == ApiVersion::kV20 ? ApiVersion::kV21 : ApiVersion::kV20;
}

// One run of all checks.
class Checks {
 public:
  Checks(const CheckOptions& options, EnosAccess& enos, const Report& report)
      : options_(options), enos_(enos), report_(report), version_(options.api_version) {}

  bool Run() {
    if (!CheckName() || !CheckConnection()) return false;
    if (!CheckToken()) {
      CheckClockByDate();  // a clock that is far off may be why
      return false;
    }
    const bool paths = CheckPaths();
    CheckClock();
    if (paths || version_ != options_.api_version) {
      CheckZone();
      if (options_.probe_flow != 0) Probe();
    }
    return !failed_;
  }

 private:
  bool CheckName() {
    if (options_.through_proxy) {
      return Ok("name", Concat(options_.enos_url.host, " is looked up by the proxy"));
    }
    const auto addresses = enos_.Resolve();
    if (!addresses.ok()) {
      return Failed("name",
                    Concat(options_.enos_url.host,
                           " is not known: ", std::string(addresses.status().message()), "."),
                    "Check --enos_url (ENOS_API_URL) and this machine's DNS.");
    }
    std::string list;
    for (const std::string& address : *addresses) list += Concat(list.empty() ? "" : ", ", address);
    return Ok("name", Concat(options_.enos_url.host, ": ", list));
  }

  bool CheckConnection() {
    const HttpResult result = enos_.Reach();
    date_ = ParseHttpDate(result.date);
    date_read_ = enos_.WallNow();
    const std::string url = options_.enos_url.ToString();
    switch (result.end) {
      case TransferEnd::kAnswered:
      case TransferEnd::kTooLarge:
        return Ok("connection", Concat(url, " answers",
                                       options_.enos_url.tls ? ", and its certificate is valid"
                                                             : ", in plaintext"));
      case TransferEnd::kTlsFailed:
        return Failed("connection", Concat("No TLS with ", url, TransferText(result), "."),
                      "If a private authority signed EnOS's certificate, name it by "
                      "--enos_ca_file (ENOS_GATEWAY_ENOS_CA_FILE); the host of --enos_url must be "
                      "in the certificate; a proxy that decrypts needs its own authority there.");
      case TransferEnd::kNameNotResolved:
      case TransferEnd::kConnectFailed:
      case TransferEnd::kConnectTimeout:
        return Failed("connection", Concat("No connection to ", url, TransferText(result), "."),
                      kCheckUrl);
      case TransferEnd::kConnectionLost:
      case TransferEnd::kMalformed:
        break;
    }
    return Failed("connection", Concat(url, " does not answer HTTP", TransferText(result), "."),
                  "Check scheme (http or https) and port of --enos_url (ENOS_API_URL).");
  }

  bool CheckToken() {
    const auto error = enos_.FetchToken();
    if (!error) return Ok("token", "EnOS takes the keys and gives an access token");
    const bool keys = error->reason == Reason::ENOS_CREDENTIALS_REFUSED;
    return Failed("token", error->message,
                  keys ? "Check ENOS_ACCESS_KEY and ENOS_SECRET_KEY, or the files that "
                         "ENOS_ACCESS_KEY_FILE and ENOS_SECRET_KEY_FILE name, and this machine's "
                         "clock."
                       : "Check that --enos_url (ENOS_API_URL) is EnOS's API gateway.");
  }

  bool AnswersTime(ApiVersion version, std::string& why_not) {
    const WallTime before = enos_.WallNow();
    const auto result = enos_.CurrentTime(version);
    const WallTime after = enos_.WallNow();
    if (const auto* error = std::get_if<CallError>(&result)) {
      why_not = error->message;
      return false;
    }
    clock_ahead_ = milliseconds(Milliseconds(std::get<WallTime>(result)) -
                                (Milliseconds(before) + Milliseconds(after)) / 2);
    return true;
  }

  bool CheckPaths() {
    const ApiVersion other = Other(options_.api_version);
    std::string why_not;
    std::string other_why_not;
    const bool works = AnswersTime(options_.api_version, why_not);
    const bool other_works = AnswersTime(other, other_why_not);
    const std::string_view name = ApiVersionName(options_.api_version);
    const std::string_view other_name = ApiVersionName(other);
    if (works) {
      return Ok("api_version", Concat(name, " answers a signed call",
                                      other_works ? Concat(", and so does ", other_name)
                                                  : Concat("; ", other_name, " does not")));
    }
    if (other_works) {
      version_ = other;
      return Failed("api_version",
                    Concat(other_name, " answers a signed call, ", name, " does not: ", why_not),
                    Concat("Set --enos_api_version=", other_name, " (ENOS_API_VERSION)."));
    }
    return Failed(
        "api_version",
        Concat("Neither generation answers. ", name, ": ", why_not, " ", other_name, ": ",
               other_why_not),
        "Check that --enos_url (ENOS_API_URL) is EnOS's API gateway, and that the application may "
        "use the API of the batch processing service.");
  }

  // To whole seconds.
  void CheckClockByDate() {
    if (date_) clock_ahead_ = milliseconds(*date_ * 1000 - Milliseconds(date_read_) / 1000 * 1000);
    CheckClock();
  }

  void CheckClock() {
    if (!clock_ahead_) {
      Say(CheckResult::kInfo, "clock", "EnOS does not tell its time");
      return;
    }
    const milliseconds off(std::abs(clock_ahead_->count()));
    const std::string text = absl::StrFormat("EnOS's clock is %.1f s %s this machine's",
                                             static_cast<double>(off.count()) / 1000,
                                             clock_ahead_->count() < 0 ? "behind" : "ahead of");
    if (off <= kMostClockDifference) {
      Ok("clock", text);
    } else {
      Failed("clock", text + ".",
             "Set this machine's clock right, by NTP: EnOS checks timestamps.");
    }
  }

  void CheckZone() {
    const auto result = enos_.TimeZone(version_);
    if (const auto* error = std::get_if<CallError>(&result)) {
      Failed(
          "time_zone", error->message,
          "Ask EnOS's support. Until then times of runs are left out of answers; starting flows is "
          "not affected.");
      return;
    }
    const std::string offset = absl::FormatTime("%Ez", absl::FromChrono(enos_.WallNow()),
                                                std::get<absl::TimeZone>(result));
    Ok("time_zone", Concat("EnOS tells times in UTC", offset));
  }

  void Probe() {
    ProbeOptions probe;
    probe.api_version = version_;
    probe.parameters_as = options_.parameters_as;
    probe.flow_id = options_.probe_flow;
    probe.user_id = options_.probe_user;
    probe.org_id = options_.probe_org;
    if (!RunProbe(probe, enos_, report_)) failed_ = true;
  }

  bool Ok(std::string_view check, std::string text) {
    Say(CheckResult::kOk, check, std::move(text));
    return true;
  }

  bool Failed(std::string_view check, std::string text, std::string_view advice) {
    failed_ = true;
    Say(CheckResult::kFailed, check, std::move(text), advice);
    return false;
  }

  void Say(CheckResult result, std::string_view check, std::string text,
           std::string_view advice = "") {
    report_({result, std::string(check), std::move(text), std::string(advice)});
  }

  const CheckOptions& options_;
  EnosAccess& enos_;
  const Report& report_;
  bool failed_ = false;
  ApiVersion version_;  // the one that answers
  std::optional<int64_t> date_;
  WallTime date_read_;
  std::optional<milliseconds> clock_ahead_;  // EnOS's
};

}  // namespace

std::string_view ApiVersionName(ApiVersion version) {
  return version == ApiVersion::kV20 ? "v2.0" : "v2.1";
}

bool RunChecks(const CheckOptions& options, EnosAccess& enos, const Report& report) {
  return Checks(options, enos, report).Run();
}

}  // namespace enos::gateway
