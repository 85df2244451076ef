#include "server/check/run_check.h"

#include <utility>

#include "server/access/access_control.h"
#include "server/base/text.h"
#include "server/check/checks.h"
#include "server/check/loop_access.h"
#include "server/check/report.h"
#include "server/component_options.h"
#include "server/http/proxy_variables.h"
#include "server/keystore/open_key_store.h"
#include "server/reload/access_files.h"

namespace enos::gateway {
namespace {

// The files that ParseSettings does not read.
absl::Status LoadFiles(const Settings& settings) {
  AccessControl access;
  AccessFiles files(access, AccessOptions(settings), [](AccessFile, bool) {});
  const auto error = files.Load();
  return error ? absl::InvalidArgumentError(*error) : absl::OkStatus();
}

void ReportSettings(const Settings& settings, const Report& report) {
  for (const Settings::Removed& removed : settings.removed) {
    report({CheckResult::kInfo, "settings",
            Concat(removed.name, " is gone and has no effect: ", removed.because), ""});
  }
  const auto on_off = [](bool on) { return on ? "on" : "off"; };
  report({CheckResult::kOk, "settings",
          Concat("Settings and files are valid; the port would have tls=", on_off(!!settings.tls),
                 " mtls=", on_off(settings.tls && settings.tls->client_ca),
                 " policy=", on_off(!settings.policy_file.empty()),
                 " tokens=", on_off(!settings.jwt_keys_file.empty())),
          ""});
}

// False: calls with a key would be refused, or the gateway would not start.
bool ReportStore(const Settings& settings, const Report& report) {
  constexpr std::string_view kCheck = "idempotency";
  const std::string_view store = settings.idempotency_store.Reveal();
  if (store.empty()) return true;
  const auto text = DescribeStore(store, settings.enos_url.ToString());
  if (text.ok()) {
    report({CheckResult::kOk, std::string(kCheck), Concat("The store is ", *text), ""});
    return true;
  }
  report({CheckResult::kFailed, std::string(kCheck),
          Concat("No use of the store (", StoreKind(store),
                 "): ", std::string(text.status().message()), "."),
          "Check ENOS_GATEWAY_IDEMPOTENCY_STORE, or the file that "
          "ENOS_GATEWAY_IDEMPOTENCY_STORE_FILE names, and the way to that database."});
  return false;
}

CheckOptions OptionsOf(const Settings& settings) {
  CheckOptions options;
  options.enos_url = settings.enos_url;
  options.through_proxy = HttpOptions(settings).transfer.use_proxy && ProxyIsConfigured();
  options.api_version = settings.enos_api_version;
  options.parameters_as = settings.parameters_as;
  options.probe_flow = static_cast<int32_t>(settings.probe_flow);
  options.probe_user = settings.probe_user;
  options.probe_org = settings.probe_org;
  return options;
}

}  // namespace

absl::StatusOr<bool> RunCheck(Settings settings, const RandomSource& random,
                              const std::function<void(std::string_view line)>& write) {
  if (absl::Status files = LoadFiles(settings); !files.ok()) return files;
  const Report report = [&write, format = settings.log_format](const CheckLine& line) {
    write(FormatCheckLine(line, format));
  };
  ReportSettings(settings, report);
  const bool store = ReportStore(settings, report);
  const CheckOptions options = OptionsOf(settings);
  LoopAccess enos(settings, random);
  return RunChecks(options, enos, report) && store;
}

}  // namespace enos::gateway
