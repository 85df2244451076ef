#include "server/config/parse_settings.h"

#include <absl/time/time.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>
#include <vector>

#include "server/base/descriptors.h"
#include "server/base/secret_mask.h"
#include "server/base/text.h"
#include "server/config/command_line.h"
#include "server/config/error_line.h"
#include "server/config/help.h"
#include "server/config/keys.h"
#include "server/config/setting_table.h"
#include "server/config/unknown_variable.h"

namespace enos::gateway {
namespace {

using Error = std::optional<std::string>;

constexpr std::string_view kCertificateFlag = "--tls_cert_file";
constexpr std::string_view kKeyFlag = "--tls_key_file";
constexpr std::string_view kClientCaFlag = "--tls_client_ca_file";

std::string_view FlagOf(TlsProblem::In in) {
  if (in == TlsProblem::In::kCertificate) return kCertificateFlag;
  return in == TlsProblem::In::kKey ? kKeyFlag : kClientCaFlag;
}

// A setting's text in effect, and where it came from.
struct Given {
  std::string text;
  Origin origin = Origin::kDefault;
};

ExitNow WrongSetting(std::string_view line) { return {2, Concat(kProgramName, ": ", line, "\n")}; }

std::string AsText(std::chrono::milliseconds duration) {
  return absl::FormatDuration(absl::FromChrono(duration));
}

// One run of ParseSettings.
class Parser {
 public:
  Parser(const EnvLookup& environment, const FileReader& read_file)
      : environment_(environment), read_file_(read_file) {
    RegisterKeyVariables(environment_, &keys_);
  }

  std::variant<Settings, ExitNow> Run(const std::vector<std::string>& arguments,
                                      const std::vector<std::string>& variables) {
    const auto line = ReadCommandLine(arguments, keys_);
    if (!line.ok()) return WrongSetting(std::string(line.status().message()));
    if (line->help) return ExitNow{0, HelpText()};
    if (line->version) return ExitNow{0, VersionText()};
    if (Error error = FindUnknownVariable(variables, keys_)) return WrongSetting(*error);
    if (Error error = ReadAll(*line)) return WrongSetting(*error);
    return std::move(settings_);
  }

 private:
  Error ReadAll(const CommandLine& line) {
    for (const SettingInfo& setting : SettingTable()) {
      if (Error error = ReadOne(setting, line)) return error;
    }
    for (const KeyInfo& key : KeyTable()) {
      if (Error error = ReadKey(key, environment_, read_file_, &settings_)) return error;
    }
    FindRemoved(line);
    if (Error error = ReadTls()) return error;
    for (const auto check :
         {&Parser::CheckListen, &Parser::CheckCallers, &Parser::CheckEnosUrl, &Parser::CheckCaFile,
          &Parser::CheckDrainTimeout, &Parser::CheckProbe}) {
      if (Error error = (this->*check)()) return error;
    }
    return std::nullopt;
  }

  void FindRemoved(const CommandLine& line) {
    for (const RemovedSetting& removed : RemovedSettings()) {
      const bool by_flag = line.removed.count(removed.flag) != 0;
      if (!by_flag && !environment_(removed.variable)) continue;
      settings_.removed.push_back({by_flag ? removed.flag : removed.variable, removed.because});
    }
  }

  Error ReadOne(const SettingInfo& setting, const CommandLine& line) {
    Given given{std::string(setting.default_text), Origin::kDefault};
    if (const auto flag = line.values.find(setting.flag); flag != line.values.end()) {
      given = {flag->second, Origin::kFlag};
    } else if (auto variable = VariableOf(setting)) {
      given = {std::move(*variable), Origin::kVariable};
    }
    if (given.origin == Origin::kDefault && setting.required) {
      return Concat(NameOf(setting, given.origin), ": missing, expected ", setting.expected);
    }
    const bool valid = setting.set(given.text, &settings_);
    given_[setting.flag] = std::move(given);
    return valid ? std::nullopt : NotValid(setting.flag, setting.expected);
  }

  std::optional<std::string> VariableOf(const SettingInfo& setting) const {
    return setting.variable.empty() ? std::nullopt : environment_(setting.variable);
  }

  Error NotValid(std::string_view flag, std::string_view expected) const {
    const Given& given = given_.at(flag);
    return Concat(NameOf(SettingNamed(flag), given.origin), ": ", Quoted(given.text, keys_),
                  given.origin == Origin::kDefault ? " (the default)" : "",
                  " is not valid, expected ", expected);
  }

  // The three TLS files: which of them are given, whether they can be read, whether they match.
  Error ReadTls() {
    const TlsFiles& files = settings_.tls_files;
    const bool any = !(files.certificate + files.key + files.client_ca).empty();
    if (!any) return std::nullopt;
    for (const std::string_view flag : {kCertificateFlag, kKeyFlag}) {
      if (!given_.at(flag).text.empty()) continue;
      return Concat(NameOf(SettingNamed(flag), Origin::kFlag),
                    ": missing although another --tls_ setting is set, expected ",
                    SettingNamed(flag).expected);
    }
    FileContents contents;
    for (const std::string_view flag : {kCertificateFlag, kKeyFlag, kClientCaFlag}) {
      if (given_.at(flag).text.empty()) continue;
      if (Error error = ReadTlsFile(flag, &contents)) return error;
    }
    TlsMaterial material = MaterialOf(std::move(contents));
    if (const auto problem = FindTlsProblem(material)) {
      const std::string_view flag = FlagOf(problem->in);
      return NotValid(flag, Concat(SettingNamed(flag).expected, " (", problem->why, ")"));
    }
    settings_.tls = std::move(material);
    return std::nullopt;
  }

  Error ReadTlsFile(std::string_view flag, FileContents* contents) const {
    absl::StatusOr<Secret> content = read_file_(given_.at(flag).text, kMaxTlsFileBytes);
    if (!content.ok()) return Unreadable(flag, content.status());
    contents->push_back(*std::move(content));
    return std::nullopt;
  }

  Error Unreadable(std::string_view flag, const absl::Status& why) const {
    return NotValid(flag,
                    Concat(SettingNamed(flag).expected, " (", std::string(why.message()), ")"));
  }

  Error CheckListen() const {
    if (settings_.listen.IsLoopback() || settings_.tls || settings_.allow_plaintext)
      return std::nullopt;
    return NotValid("--listen",
                    "a loopback address like 127.0.0.1:50051, or TLS (--tls_cert_file and "
                    "--tls_key_file), or --allow_plaintext (ENOS_GATEWAY_ALLOW_PLAINTEXT) as well, "
                    "because nothing would be encrypted");
  }

  // What would admit more callers than intended, or nobody, because something was forgotten.
  Error CheckCallers() const {
    const bool tokens = !settings_.jwt_keys_file.empty() || !settings_.jwt_issuer.empty() ||
                        !settings_.jwt_audience.empty();
    if (tokens) {
      constexpr std::string_view kTogether =
          "--jwt_keys_file, --jwt_issuer, --jwt_audience and --policy_file are set together";
      if (settings_.jwt_keys_file.empty()) return Missing("--jwt_keys_file", kTogether);
      if (settings_.jwt_issuer.empty()) return Missing("--jwt_issuer", kTogether);
      if (settings_.jwt_audience.empty()) return Missing("--jwt_audience", kTogether);
      if (settings_.policy_file.empty()) return Missing("--policy_file", kTogether);
    }
    // A proxy at the front socket passes certificates on, too.
    const bool certificates =
        !settings_.tls_files.client_ca.empty() || !settings_.front_socket.empty();
    if (settings_.policy_file.empty() || tokens || certificates) return std::nullopt;
    return Missing("--jwt_keys_file",
                   "with --policy_file callers need an identity, from a bearer token or "
                   "(--tls_client_ca_file) a client certificate");
  }

  Error Missing(std::string_view flag, std::string_view why) const {
    return Concat(NameOf(SettingNamed(flag), Origin::kFlag), ": missing, expected ",
                  SettingNamed(flag).expected.substr(0, SettingNamed(flag).expected.rfind(", or")),
                  ": ", why);
  }

  Error CheckEnosUrl() const {
    const BaseUrl& url = settings_.enos_url;
    if (url.tls || url.IsLoopback() || settings_.allow_plaintext_upstream) return std::nullopt;
    return NotValid(
        "--enos_url",
        "https://, or --allow_plaintext_upstream "
        "(ENOS_GATEWAY_ALLOW_PLAINTEXT_UPSTREAM) as well, because nothing would be encrypted");
  }

  Error CheckCaFile() const {
    constexpr std::string_view kFlag = "--enos_ca_file";
    constexpr size_t kMaxBytes = 4 << 20;  // a system's whole store is a tenth of it
    if (settings_.enos_ca_file.empty()) return std::nullopt;
    const auto content = read_file_(settings_.enos_ca_file, kMaxBytes);
    if (!content.ok()) return Unreadable(kFlag, content.status());
    if (Contains(content->Reveal(), "-----BEGIN ")) return std::nullopt;
    return NotValid(kFlag, Concat(SettingNamed(kFlag).expected, " (it has no -----BEGIN line)"));
  }

  Error CheckDrainTimeout() const {
    const auto needed = settings_.upstream_timeout + kTokenWait;
    if (settings_.drain_timeout > needed) return std::nullopt;
    const Given& upstream = given_.at("--upstream_timeout");
    return NotValid("--drain_timeout",
                    Concat("more than ", AsText(needed), ": ",
                           NameOf(SettingNamed("--upstream_timeout"), upstream.origin), " is ",
                           Quoted(upstream.text, keys_), ", and a call may wait ",
                           AsText(kTokenWait), " for an access token before"));
  }

  Error CheckProbe() const {
    const bool flow = settings_.probe_flow != 0;
    const bool user = !settings_.probe_user.empty();
    const bool org = !settings_.probe_org.empty();
    if (!flow && !user && !org) return std::nullopt;
    constexpr std::string_view kTogether =
        "--check, --probe_flow, --probe_user and --probe_org are set together";
    if (!settings_.check) return Concat("--check: missing, expected ", kTogether);
    if (!flow) return Missing("--probe_flow", kTogether);
    if (!user) return Missing("--probe_user", kTogether);
    if (!org) return Missing("--probe_org", kTogether);
    return std::nullopt;
  }

  const EnvLookup& environment_;
  const FileReader& read_file_;
  SecretMask keys_;
  Settings settings_;
  std::map<std::string_view, Given> given_;
};

const KeyInfo& StoreKey() {
  for (const KeyInfo& key : KeyTable()) {
    if (key.field == &Settings::idempotency_store) return key;
  }
  std::abort();  // not in the table
}

uint64_t DescriptorsFor(uint64_t in_flight, uint64_t polls) {
  return in_flight + polls + std::min(in_flight, kInboundConnections) + kOtherDescriptors;
}

}  // namespace

std::variant<Settings, ExitNow> ParseSettings(int argc, const char* const* argv,
                                              const EnvLookup& environment,
                                              const FileReader& read_file,
                                              const std::vector<std::string>& variables) {
  const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  return Parser(environment, read_file).Run(arguments, variables);
}

std::string_view StoreVariable(const Settings& settings) { return SourceOf(StoreKey(), settings); }

ExitNow WrongStore(const Settings& settings, std::string_view expected) {
  const std::string_view value = settings.idempotency_store.Reveal();
  const bool is_path = StartsWith(value, "sqlite:");
  return WrongSetting(
      NotAKey(StoreKey(), settings, is_path ? Quoted(value, SecretMask()) : "", expected));
}

uint64_t PollConnections(const Settings& settings) {
  return static_cast<uint64_t>(std::min(settings.max_watches, kMostPolls));
}

std::optional<ExitNow> CheckDescriptors(const Settings& settings, uint64_t hard_limit) {
  const auto in_flight = static_cast<uint64_t>(settings.max_in_flight);
  const uint64_t polls = PollConnections(settings);
  const uint64_t needed = DescriptorsFor(in_flight, polls);
  if (needed <= hard_limit) return std::nullopt;

  uint64_t fits = in_flight;
  while (fits > 0 && DescriptorsFor(fits, polls) > hard_limit) {
    const uint64_t excess = DescriptorsFor(fits, polls) - hard_limit;
    fits -= std::min(fits, std::max<uint64_t>(excess / 2, 1));  // a call takes one or two
  }
  return WrongSetting(Concat(NameOf(SettingNamed("--max_in_flight"), Origin::kFlag), ": \"",
                             std::to_string(in_flight), "\" needs ", std::to_string(needed),
                             " descriptors and the process may open ", std::to_string(hard_limit),
                             ", expected at most ", std::to_string(fits),
                             ", or a higher limit (ulimit -Hn)"));
}

}  // namespace enos::gateway
